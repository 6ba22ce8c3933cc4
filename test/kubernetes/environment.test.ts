import type { Container } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { fieldsOf, resolveEnvironment } from '../../scripts/kubernetes/environment.ts';
import { sourcesOf } from './secrets-cluster.ts';

const SOURCES = sourcesOf({
  secrets: {
    s: { DCR_IAT: 'in-s', EMPTY: '', OTHER: null, '1bad': 'x' },
    t: { DCR_IAT: 'in-t' },
    closed: 'forbidden',
    gone: 'missing',
  },
  configMaps: { c: { DCR_IAT: 'in-c', OTHER: 'from-c', HOST: 'idp', 'no name': 'x' }, gone: 'missing' },
});

type Case = readonly [what: string, container: Partial<Container>, value: string | undefined, origin: object];

const secretRef = (name: string, prefix?: string) => ({ secretRef: { name }, ...(prefix ? { prefix } : {}) });
const keyRef = (name: string, key: string, optional?: boolean) => ({
  name: 'DCR_IAT',
  valueFrom: { secretKeyRef: { name, key, ...(optional === undefined ? {} : { optional }) } },
});
const literal = (value?: string) => ({ name: 'DCR_IAT', ...(value === undefined ? {} : { value }) });

const CASES: readonly Case[] = [
  ['nothing', {}, undefined, { from: 'nowhere' }],
  ['envFrom', { envFrom: [secretRef('s')] }, 'in-s', { from: 'secret', object: 's', index: null, state: 'value' }],
  [
    'the later envFrom',
    { envFrom: [secretRef('s'), secretRef('t')] },
    'in-t',
    { object: 't', behind: { object: 's' } },
  ],
  [
    'a ConfigMap after a Secret',
    { envFrom: [secretRef('s'), { configMapRef: { name: 'c' } }] },
    'in-c',
    { from: 'config-map', object: 'c' },
  ],
  ['another prefix', { envFrom: [secretRef('s', 'X_')] }, undefined, { from: 'nowhere' }],
  ['an object that is missing', { envFrom: [secretRef('gone'), secretRef('s')] }, 'in-s', { object: 's' }],
  ['env over envFrom', { envFrom: [secretRef('s')], env: [literal('own')] }, 'own', { from: 'literal', index: 0 }],
  [
    'an empty text over envFrom',
    { envFrom: [secretRef('s')], env: [literal('')] },
    '',
    { from: 'literal', isEmpty: true, behind: { object: 's' } },
  ],
  ['no value at all is an empty text', { env: [literal()] }, '', { from: 'literal', isEmpty: true }],
  ['the last of two entries', { env: [literal('a'), keyRef('s', 'DCR_IAT')] }, 'in-s', { from: 'secret', index: 1 }],
  ['a key of another name', { env: [keyRef('s', 'EMPTY')] }, '', { key: 'EMPTY', state: 'empty' }],
  [
    'an optional key that is absent leaves what was there',
    { envFrom: [secretRef('t')], env: [keyRef('s', 'GONE', true)] },
    'in-t',
    { object: 's', state: 'absent', isOptional: true, behind: { object: 't' } },
  ],
  ['a required key that is absent', { env: [keyRef('s', 'GONE')] }, undefined, { state: 'absent', isOptional: false }],
  ['a Secret that is missing', { env: [keyRef('gone', 'K', true)] }, undefined, { state: 'no-object' }],
  ['a Secret that may not be read', { env: [keyRef('closed', 'K')] }, undefined, { state: 'unknown' }],
  [
    'a key of a ConfigMap',
    { env: [{ name: 'DCR_IAT', valueFrom: { configMapKeyRef: { name: 'c', key: 'HOST' } } }] },
    'idp',
    { from: 'config-map', key: 'HOST' },
  ],
  [
    'a file of a volume',
    { env: [{ name: 'DCR_IAT', valueFrom: { fileKeyRef: { key: 'k' } } as object }] },
    undefined,
    { from: 'elsewhere', what: 'a file of a volume (fileKeyRef)' },
  ],
  ['a reference of a webhook', { env: [literal('vault:secret/data/bff#iat')] }, undefined, { from: 'elsewhere' }],
  [
    'references in a text',
    { envFrom: [{ configMapRef: { name: 'c' } }], env: [literal('$(HOST)/$$(HOST)/$(NOT)/$x')] },
    'idp/$(HOST)/$(NOT)/$x',
    { from: 'literal' },
  ],
  ['a reference to what is not known', { env: [literal('$(REDIS_SERVICE_HOST)')] }, undefined, { from: 'literal' }],
];

describe('the environment of a container', () => {
  test.each(CASES)('%s', (_what, container, value, origin) => {
    const resolved = resolveEnvironment({ name: 'bff', ...container }, SOURCES);
    expect(resolved.environment['DCR_IAT']).toBe(value);
    expect(resolved.originOf('DCR_IAT')).toMatchObject(origin);
  });

  test('a key that was not read hides what came before it', () => {
    const envFrom = [{ configMapRef: { name: 'c' } }, secretRef('s')];
    expect(resolveEnvironment({ name: 'bff', envFrom }, SOURCES).environment).toEqual({
      DCR_IAT: 'in-s',
      EMPTY: '',
      HOST: 'idp',
    });
  });

  test('a prefix is a part of the name, and keys that are no names are skipped', () => {
    const { environment } = resolveEnvironment({ name: 'bff', envFrom: [secretRef('t', 'P_')] }, SOURCES);
    expect(environment).toEqual({ P_DCR_IAT: 'in-t' });
    expect(resolveEnvironment({ name: 'bff', envFrom: [secretRef('s')] }, SOURCES).environment).not.toHaveProperty(
      '1bad',
    );
  });

  test('fields of a pod', () => {
    const paths = ['metadata.name', "metadata.labels['app']", 'status.podIP'];
    const env = paths.map((fieldPath, index) => ({ name: `F${index}`, valueFrom: { fieldRef: { fieldPath } } }));
    const container = { name: 'bff', env };
    const pod = { metadata: { name: 'bff-1', labels: { app: 'bff' } } };
    expect(resolveEnvironment(container, SOURCES, fieldsOf(pod)).environment).toEqual({ F0: 'bff-1', F1: 'bff' });
    expect(resolveEnvironment(container, SOURCES).environment).toEqual({});
  });

  test('line breaks and byte order marks are a part of a value', () => {
    const sources = sourcesOf({ secrets: { s: { DCR_IAT: '\ufefftest-only\n' } } });
    expect(resolveEnvironment({ name: 'bff', envFrom: [secretRef('s')] }, sources).environment['DCR_IAT']).toBe(
      '\ufefftest-only\n',
    );
  });
});
