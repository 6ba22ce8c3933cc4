import type { Container, PodSpec, Service } from 'kubernetes-types/core/v1.d.ts';
import { expect, test } from 'vitest';
import { resolveEnvironment } from '../../scripts/sandbox/cluster/pod-environment.ts';
import { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { createIn } from '../../scripts/sandbox/cluster/typed-store.ts';

const NAMESPACE = 'crud';

const base64 = (text: string) => Buffer.from(text).toString('base64');

function resolve(container: Partial<Container>, spec: Partial<PodSpec> = {}, services: readonly Service[] = []) {
  const store = new ObjectStore(() => new Date(0));
  const metadata = (name: string) => ({ name, namespace: NAMESPACE });
  createIn(store, 'configmaps', { metadata: metadata('config'), data: { A: 'config-a', B: 'config-b' } });
  createIn(store, 'secrets', {
    metadata: metadata('secret'),
    data: { A: base64('secret-a'), C: base64('secret-c\n') },
  });
  for (const service of services) createIn(store, 'services', service);
  const pod = { ...createIn(store, 'pods', { metadata: metadata('bff-1'), spec: { containers: [], ...spec } }) };
  return resolveEnvironment(store, { ...pod, metadata: { ...metadata('bff-1'), uid: 'uid' } }, container);
}

const CONFIG = { configMapRef: { name: 'config' } };
const SECRET = { secretRef: { name: 'secret' } };
const secretKey = (key: string, optional?: boolean) => ({
  valueFrom: { secretKeyRef: { name: 'secret', key, ...(optional === undefined ? {} : { optional }) } },
});

test.for<[string, Partial<Container>, Record<string, string>]>([
  ['a later envFrom wins', { envFrom: [CONFIG, SECRET] }, { A: 'secret-a', B: 'config-b', C: 'secret-c\n' }],
  ['the order of envFrom decides', { envFrom: [SECRET, CONFIG] }, { A: 'config-a', B: 'config-b', C: 'secret-c\n' }],
  ['a prefix stands before each key', { envFrom: [{ ...CONFIG, prefix: 'X_' }] }, { X_A: 'config-a', X_B: 'config-b' }],
  ['a missing object may be optional', { envFrom: [{ secretRef: { name: 'gone', optional: true } }] }, {}],
  ['env beats envFrom', { envFrom: [CONFIG], env: [{ name: 'A', value: 'own' }] }, { A: 'own', B: 'config-b' }],
  ['so does an empty text', { envFrom: [CONFIG], env: [{ name: 'A', value: '' }] }, { A: '', B: 'config-b' }],
  ['and an entry without a value', { envFrom: [CONFIG], env: [{ name: 'A' }] }, { A: '', B: 'config-b' }],
  [
    'the last entry of a name wins',
    {
      env: [
        { name: 'A', value: '1' },
        { name: 'A', ...secretKey('A') },
      ],
    },
    { A: 'secret-a' },
  ],
  [
    'an optional reference that leads nowhere leaves what was there',
    { envFrom: [CONFIG], env: [{ name: 'A', ...secretKey('GONE', true) }] },
    { A: 'config-a', B: 'config-b' },
  ],
  [
    'a key of a ConfigMap',
    { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'config', key: 'B' } } }] },
    { X: 'config-b' },
  ],
  [
    'a field of the pod',
    { env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    { POD: 'bff-1' },
  ],
  [
    '$(NAME) is what came before it, and $$ is $',
    {
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', value: '$(A)-$(LATER)-$$(A)' },
        { name: 'LATER', value: 'x' },
      ],
    },
    { A: 'a', B: 'a-$(LATER)-$(A)', LATER: 'x' },
  ],
])('the environment of a container: %s', ([, container, expected]) => {
  expect(resolve(container)).toEqual(expected);
});

test.for<[Partial<Container>, string]>([
  [{ envFrom: [{ secretRef: { name: 'gone' } }] }, 'secret "gone" not found'],
  [{ envFrom: [{ configMapRef: { name: 'gone' } }] }, 'configmap "gone" not found'],
  [{ env: [{ name: 'A', ...secretKey('DCR_IAT') }] }, "couldn't find key DCR_IAT in Secret crud/secret"],
  [{ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'gone', key: 'A' } } }] }, 'configmap "gone" not found'],
])('a container cannot be made: %#', ([container, message]) => {
  expect(() => resolve(container)).toThrow(message);
});

test('Services of the namespace are variables, but where the pod says no, and they beat nothing', () => {
  const service = {
    metadata: { name: 'bff', namespace: NAMESPACE },
    spec: { clusterIP: '10.96.0.10', ports: [{ port: 80 }] },
  };
  const { BFF_PORT, BFF_SERVICE_HOST } = resolve({}, {}, [service]);
  expect([BFF_PORT, BFF_SERVICE_HOST]).toEqual(['tcp://10.96.0.10:80', '10.96.0.10']);
  expect(resolve({ env: [{ name: 'BFF_PORT', value: '8000' }] }, {}, [service])['BFF_PORT']).toBe('8000');
  expect(resolve({}, { enableServiceLinks: false }, [service])).toEqual({});
});
