import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { expect, test } from 'vitest';
import type { AppError } from '../../scripts/core/errors.ts';
import { candidatesOf, chooseContainer } from '../../scripts/kubernetes/container.ts';
import { thrownBy } from '../support/builders.ts';
import { sourcesOf } from './secrets-cluster.ts';

const SOURCES = sourcesOf({ secrets: { s: { DCR_IAT: 'test-only' }, other: { A: 'b' } } });
const plain = (name: string): Container => ({ name });
const entry = (name: string): Container => ({ name, env: [{ name: 'DCR_IAT', value: '' }] });
const whole = (name: string, secret = 's'): Container => ({ name, envFrom: [{ secretRef: { name: secret } }] });
const native = (name: string) => ({ name, restartPolicy: 'Always' }) as Container;
const DEFAULT = { 'kubectl.kubernetes.io/default-container': 'b' };

interface Choice {
  readonly podSpec: PodSpec;
  readonly named?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
const choose = ({ podSpec, named, annotations = {} }: Choice) =>
  chooseContainer({ podSpec, annotations, variable: 'DCR_IAT', named: named ?? null, sources: SOURCES });

test.each<[what: string, Choice, path: string]>([
  ['the only one', { podSpec: { containers: [plain('a')] } }, 'containers/0'],
  [
    'beside sidecars',
    { podSpec: { containers: [plain('istio-proxy'), plain('a'), plain('vault-agent')] } },
    'containers/1',
  ],
  ['the one with an entry', { podSpec: { containers: [whole('a'), entry('b')] } }, 'containers/1'],
  [
    'the one that takes a Secret with it',
    { podSpec: { containers: [whole('a', 'other'), whole('b')] } },
    'containers/1',
  ],
  ['the one that is named', { podSpec: { containers: [entry('a'), plain('b')] }, named: 'b' }, 'containers/1'],
  ['the default one', { podSpec: { containers: [plain('a'), plain('b')] }, annotations: DEFAULT }, 'containers/1'],
  [
    'the default one of several with it',
    { podSpec: { containers: [whole('a'), whole('b')] }, annotations: DEFAULT },
    'containers/1',
  ],
  [
    'an entry before the default one',
    { podSpec: { containers: [entry('a'), plain('b')] }, annotations: DEFAULT },
    'containers/0',
  ],
  [
    'an init container with an entry',
    { podSpec: { containers: [plain('a')], initContainers: [plain('i'), entry('boot')] } },
    'initContainers/1',
  ],
  [
    'an init container that alone takes it',
    { podSpec: { containers: [plain('a')], initContainers: [whole('boot')] } },
    'initContainers/0',
  ],
  [
    'an init container that shares the Secret gives way',
    { podSpec: { containers: [whole('a')], initContainers: [whole('wait')] } },
    'containers/0',
  ],
])('%s', (_what, choice, path) => {
  expect(choose(choice).containerPath).toBe(`/spec/template/spec/${path}`);
});

test.each<[what: string, Choice, names: string]>([
  [
    'two without it',
    { podSpec: { containers: [plain('a'), plain('b'), plain('linkerd-proxy')] } },
    'The pod has several containers: a, b.',
  ],
  [
    'two with it',
    { podSpec: { containers: [entry('a'), entry('b')], initContainers: [plain('i')] } },
    'Several containers get DCR_IAT: a, b.',
  ],
  ['a name that is not there', { podSpec: { containers: [plain('a')] }, named: 'b' }, 'The pod has no container b.'],
])('%s is ambiguous', (_what, choice, message) => {
  expect(thrownBy(() => choose(choice)) as AppError).toMatchObject({ code: 'container-ambiguous', message });
});

test('an init container that goes on running is a sidecar', () => {
  const candidates = candidatesOf({ containers: [plain('a')], initContainers: [native('proxy'), plain('i')] });
  expect(candidates.map(({ container }) => container.name)).toEqual(['a', 'i']);
});
