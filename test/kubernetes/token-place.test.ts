import type { Container } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, test } from 'vitest';
import type { AppError } from '../../scripts/core/errors.ts';
import type { OwnerFacts } from '../../scripts/core/result.ts';
import type { SecretSource, Sources } from '../../scripts/kubernetes/sources.ts';
import { choosePlace } from '../../scripts/kubernetes/token-place.ts';
import { thrownBy } from '../support/builders.ts';
import { secretSource, sourcesOf, workloadOf } from './secrets-cluster.ts';

type Mode = 'auto' | 'secret' | 'own-secret';
type Secrets = NonNullable<Parameters<typeof sourcesOf>[0]['secrets']>;

const VALUE = 'test-only-iat-0001';
const whole = (name: string, prefix = '') => ({ envFrom: [{ prefix, secretRef: { name } }] });
const keyRef = (name: string, key: string, optional?: boolean) => ({
  name: 'DCR_IAT',
  valueFrom: { secretKeyRef: { name, key, ...(optional === undefined ? {} : { optional }) } },
});
const literal = (value: string) => ({ name: 'DCR_IAT', value });

interface Case {
  readonly container: Partial<Container>;
  readonly sources?: Parameters<typeof sourcesOf>[0];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owner?: OwnerFacts;
  readonly change?: Partial<SecretSource>;
}

const choose = (write: Mode, { container, sources = {}, annotations = {}, owner, change = {} }: Case) => {
  const read = sourcesOf(sources);
  const secrets = new Map(
    [...read.secrets].map(([name, each]) => [name, typeof each === 'object' ? { ...each, ...change } : each]),
  );
  return choosePlace({
    workload: workloadOf(container),
    annotations,
    variable: 'DCR_IAT',
    write,
    sources: { ...read, secrets } as Sources,
    ownerOf: () => owner ?? null,
  });
};

const S: { readonly secrets: Secrets } = { secrets: { s: { DCR_IAT: VALUE, iat: VALUE } } };

const KEPT: readonly (readonly [what: string, write: Mode, Case, place: string])[] = [
  ['a key by envFrom', 'auto', { container: whole('s'), sources: S }, 'secret s DCR_IAT'],
  [
    'behind a prefix',
    'auto',
    { container: whole('s', 'DCR_'), sources: { secrets: { s: { IAT: VALUE } } } },
    'secret s IAT',
  ],
  ['a key of another name', 'auto', { container: { env: [keyRef('s', 'iat')] }, sources: S }, 'secret s iat'],
  ['a key that is absent yet', 'auto', { container: { env: [keyRef('s', 'new')] }, sources: S }, 'secret s new'],
  ['nothing yet', 'auto', { container: {} }, 'own-secret bff-dcr-iat DCR_IAT'],
  [
    'nothing in the Secret yet',
    'auto',
    { container: whole('s'), sources: { secrets: { s: {} } } },
    'own-secret bff-dcr-iat DCR_IAT',
  ],
  ['nothing yet, forced', 'secret', { container: whole('s', 'DCR_'), sources: { secrets: { s: {} } } }, 'secret s IAT'],
  ['an empty entry', 'auto', { container: { env: [literal('')] } }, 'own-secret bff-dcr-iat DCR_IAT'],
  ['a key, forced away', 'own-secret', { container: whole('s'), sources: S }, 'own-secret bff-dcr-iat DCR_IAT'],
  ['a literal, forced away', 'own-secret', { container: { env: [literal(VALUE)] } }, 'own-secret bff-dcr-iat DCR_IAT'],
  [
    'its own Secret of before',
    'secret',
    { container: { env: [keyRef('bff-dcr-iat', 'DCR_IAT', true)] } },
    'own-secret bff-dcr-iat DCR_IAT',
  ],
  [
    'an immutable Secret',
    'auto',
    { container: whole('s'), sources: S, change: { isImmutable: true } },
    'own-secret bff-dcr-iat DCR_IAT',
  ],
  [
    'an optional key of a Secret that is missing',
    'auto',
    { container: { env: [keyRef('s', 'iat', true)] }, sources: { secrets: { s: 'missing' } } },
    'own-secret bff-dcr-iat DCR_IAT',
  ],
  [
    'a Secret of somebody, forced',
    'secret',
    { container: whole('s'), sources: S, owner: { kind: 'ExternalSecret', name: 'e', reverts: 'at-once' } },
    'secret s DCR_IAT',
  ],
];

const REFUSED: readonly (readonly [what: string, write: Mode, Case, code: string, message: string])[] = [
  ['a literal', 'auto', { container: { env: [literal(VALUE)] } }, 'value-literal', 'env[0] of container bff'],
  ['a literal', 'secret', { container: { env: [literal(VALUE)] } }, 'value-literal', 'deployment/bff'],
  [
    'an empty entry before a key',
    'auto',
    { container: { ...whole('s'), env: [literal('')] }, sources: S },
    'value-hidden',
    'hides secret/s (key DCR_IAT)',
  ],
  ['an empty entry', 'secret', { container: { env: [literal('')] } }, 'value-hidden', 'to an empty text.'],
  [
    'a ConfigMap',
    'auto',
    { container: { envFrom: [{ configMapRef: { name: 'c' } }] }, sources: { configMaps: { c: { DCR_IAT: VALUE } } } },
    'value-in-configmap',
    'configmap/c (key DCR_IAT)',
  ],
  [
    'a file of Vault',
    'auto',
    {
      container: {},
      annotations: {
        'vault.hashicorp.com/agent-inject': 'true',
        'vault.hashicorp.com/agent-inject-template-env': 'export DCR_IAT={{ .Data.iat }}',
      },
    },
    'value-elsewhere',
    "a file of Vault's agent",
  ],
  ['no whole Secret', 'secret', { container: {} }, 'value-elsewhere', 'from nowhere'],
  [
    'an immutable Secret',
    'secret',
    { container: whole('s'), sources: S, change: { isImmutable: true } },
    'secret-immutable',
    'secret/s is immutable',
  ],
  [
    'a Secret of somebody',
    'auto',
    { container: whole('s'), sources: S, owner: { kind: 'ExternalSecret', name: 'e', reverts: 'at-once' } },
    'secret-owned',
    'belongs to ExternalSecret e, which would undo the change at once',
  ],
  [
    'a required key of a Secret that is missing',
    'auto',
    { container: { env: [keyRef('s', 'iat')] }, sources: { secrets: { s: 'missing' } } },
    'pod-config',
    'secret/s, which does not exist',
  ],
  [
    'a Secret that may not be read',
    'auto',
    { container: { env: [keyRef('s', 'iat')] }, sources: { secrets: { s: 'forbidden' } } },
    'rights-missing',
    'may not be read',
  ],
  [
    'a Secret of the name that was not made by this tool',
    'auto',
    { container: {}, sources: { secrets: { 'bff-dcr-iat': { DCR_IAT: VALUE } } } },
    'secret-owned',
    'was not made by this tool',
  ],
];

const NOTED: readonly (readonly [what: string, Case, note: string])[] = [
  ['two entries', { container: { env: [literal('a'), keyRef('s', 'iat')] }, sources: S }, 'env[0] and env[1]'],
  [
    'a line break',
    { container: whole('s'), sources: { secrets: { s: { DCR_IAT: `${VALUE}\n` } } } },
    'ends with a line break',
  ],
  [
    'a byte order mark',
    { container: whole('s'), sources: { secrets: { s: { DCR_IAT: `\ufeff${VALUE}` } } } },
    'byte order mark',
  ],
  [
    'a copy of kubectl apply',
    { container: whole('s'), sources: S, change: { isInLastApplied: true } },
    'keeps a copy of DCR_IAT',
  ],
  [
    'a copy too long to search',
    { container: whole('s'), sources: S, change: { isInLastApplied: null } },
    'may keep a copy',
  ],
  [
    'files of Vault',
    { container: {}, annotations: { 'vault.hashicorp.com/agent-inject': 'true' } },
    "Vault's agent puts files",
  ],
  [
    'an immutable Secret',
    { container: whole('s'), sources: S, change: { isImmutable: true } },
    'secret/s is immutable',
  ],
];

describe('the place of the token', () => {
  test.each(KEPT)('%s (%s)', (_what, write, given, expected) => {
    const { wrote, secret, key } = choose(write, given);
    expect(`${wrote} ${secret} ${key}`).toBe(expected);
  });

  test.each(REFUSED)('%s is refused (%s)', (_what, write, given, code, message) => {
    const error = thrownBy(() => choose(write, given)) as AppError;
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    expect(error.hint?.text).toMatch(/\w/);
    expect(JSON.stringify([error.message, error.hint])).not.toContain(VALUE);
  });

  test.each(NOTED)('%s is said', (_what, given, note) => {
    expect(choose('auto', given).notes.join('\n')).toContain(note);
    expect(choose('auto', given).notes.join('\n')).not.toContain(VALUE);
  });

  test('nothing is said of an ordinary one', () => {
    expect(choose('auto', { container: whole('s'), sources: S }).notes).toEqual([]);
  });

  test('an own Secret of before is known by its label', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'bff-iat' };
    const own = { ...secretSource('bff-dcr-iat', { DCR_IAT: VALUE }), metadata: { name: 'bff-dcr-iat', labels } };
    const sources: Sources = { secrets: new Map([['bff-dcr-iat', own]]), configMaps: new Map() };
    const place = choosePlace({
      workload: workloadOf(),
      annotations: {},
      variable: 'DCR_IAT',
      write: 'auto',
      sources,
      ownerOf: () => null,
    });
    expect(place.secret).toBe('bff-dcr-iat');
  });
});
