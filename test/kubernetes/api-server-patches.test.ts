import { describe, expect, test } from 'vitest';
import { signChanges } from '../../scripts/sandbox/cluster/api-managed-fields.ts';
import { PATCHES } from '../../scripts/sandbox/cluster/api-patch.ts';
import { secret } from './api-server-cluster.ts';

const apply = (type: string, object: unknown, patch: unknown) =>
  PATCHES[`application/${type}-patch+json`]?.(object, patch);

describe('JSON Patch', () => {
  const object = { data: { A: '1' }, list: ['a', 'b'], 'x/y~z': 0 };

  test.each([
    ['add to the end', [{ op: 'add', path: '/list/-', value: 'c' }], { ...object, list: ['a', 'b', 'c'] }],
    ['add in between', [{ op: 'add', path: '/list/1', value: 'c' }], { ...object, list: ['a', 'c', 'b'] }],
    ['add over a value', [{ op: 'add', path: '/data/A', value: '2' }], { ...object, data: { A: '2' } }],
    ['replace in a list', [{ op: 'replace', path: '/list/0', value: 'c' }], { ...object, list: ['c', 'b'] }],
    ['remove', [{ op: 'remove', path: '/data/A' }], { ...object, data: {} }],
    ['remove from a list', [{ op: 'remove', path: '/list/0' }], { ...object, list: ['b'] }],
    ['an escaped name', [{ op: 'replace', path: '/x~1y~0z', value: 1 }], { ...object, 'x/y~z': 1 }],
    ['move', [{ op: 'move', from: '/data/A', path: '/data/B' }], { ...object, data: { B: '1' } }],
    ['copy', [{ op: 'copy', from: '/data/A', path: '/data/B' }], { ...object, data: { A: '1', B: '1' } }],
    ['a test that holds', [{ op: 'test', path: '/list', value: ['a', 'b'] }], object],
    ['null is what is not there', [{ op: 'test', path: '/data/B', value: null }], object],
  ])('%s', (_, patch, wanted) => {
    expect(apply('json', object, patch)).toEqual(wanted);
    expect(object.list).toEqual(['a', 'b']);
  });

  test.each([
    ['a test that fails', { op: 'test', path: '/data/A', value: '2' }],
    ['a path that is not there', { op: 'remove', path: '/data/B' }],
    ['nothing to replace', { op: 'replace', path: '/data/B', value: 'x' }],
    ['a parent that is not there', { op: 'add', path: '/gone/B', value: 'x' }],
    ['past the end of a list', { op: 'add', path: '/list/3', value: 'x' }],
    ['no index', { op: 'add', path: '/list/one', value: 'x' }],
  ])('%s refuses all of it', (_, operation) => {
    const patch = [{ op: 'add', path: '/data/C', value: 'x' }, operation];
    expect(() => apply('json', object, patch)).toThrow(
      'the server rejected our request due to an error in our request',
    );
    expect(object.data).toEqual({ A: '1' });
  });
});

test('a merge patch replaces lists and removes what is null', () => {
  expect(apply('merge', { a: { b: 1, c: 2 }, list: [1, 2] }, { a: { b: null, d: { e: null } }, list: [3] })).toEqual({
    a: { c: 2, d: {} },
    list: [3],
  });
});

describe('Strategic merge patch', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ];
  const object = { containers: [{ name: 'bff', env, envFrom: [{ secretRef: { name: 's' } }] }, { name: 'proxy' }] };
  const inBff = (members: object) => ({ containers: [{ ...object.containers[0], ...members }, { name: 'proxy' }] });

  test.each([
    [
      'an entry by its name',
      { env: [{ name: 'B', value: null, valueFrom: {} }] },
      inBff({ env: [env[0], { name: 'B', valueFrom: {} }] }),
    ],
    [
      'a new entry goes first',
      { env: [{ name: 'C', value: '3' }] },
      inBff({ env: [{ name: 'C', value: '3' }, ...env] }),
    ],
    ['an entry is deleted', { env: [{ name: 'A', $patch: 'delete' }] }, inBff({ env: [env[1]] })],
    ['all entries are replaced', { env: [{ name: 'C' }, { $patch: 'replace' }] }, inBff({ env: [{ name: 'C' }] })],
    [
      'the order is given',
      { env: [{ name: 'C' }], '$setElementOrder/env': [{ name: 'B' }, { name: 'C' }, { name: 'A' }] },
      inBff({ env: [env[1], { name: 'C' }, env[0]] }),
    ],
    [
      'envFrom is replaced whole',
      { envFrom: [{ configMapRef: { name: 'c' } }] },
      inBff({ envFrom: [{ configMapRef: { name: 'c' } }] }),
    ],
    [
      'mounts and ports have keys of their own',
      { volumeMounts: [{ mountPath: '/a', name: 'v' }], ports: [{ containerPort: 1 }] },
      inBff({ volumeMounts: [{ mountPath: '/a', name: 'v' }], ports: [{ containerPort: 1 }] }),
    ],
  ])('%s', (_, members, wanted) => {
    expect(apply('strategic-merge', object, { containers: [{ name: 'bff', ...members }] })).toEqual(wanted);
  });

  test('a whole container is deleted, and a patched one keeps its place', () => {
    const patch = {
      containers: [
        { name: 'proxy', image: 'p' },
        { name: 'bff', $patch: 'delete' },
      ],
    };
    expect(apply('strategic-merge', object, patch)).toEqual({ containers: [{ name: 'proxy', image: 'p' }] });
    const second = { containers: [{ name: 'proxy', image: 'p' }] };
    expect(apply('strategic-merge', object, second)).toEqual({
      containers: [object.containers[0], { name: 'proxy', image: 'p' }],
    });
  });

  test('only the named members are kept', () => {
    const patch = { strategy: { $retainKeys: ['type'], type: 'Recreate' } };
    expect(apply('strategic-merge', { strategy: { type: 'RollingUpdate', rollingUpdate: {} } }, patch)).toEqual({
      strategy: { type: 'Recreate' },
    });
  });

  test('an item without its key is refused', () => {
    expect(() => apply('strategic-merge', object, { containers: [{ image: 'x' }] })).toThrow('merge key: name');
  });
});

test('who changes a field takes it from who had it, and a field that is gone is nobody’s', () => {
  const now = new Date('2026-03-01T10:00:00Z');
  const first = signChanges(null, secret('s', { A: '1', B: '2' }), 'chart', now);
  const second = signChanges(first, { ...first, data: { A: 'x', B: 'Mg==', C: 'y' } }, 'bff-iat', now);
  const fields = ({ metadata }: typeof first) =>
    metadata.managedFields?.map((entry) => {
      const { manager, fieldsV1 } = entry as { manager: string; fieldsV1: { 'f:data': object } };
      return [manager, Object.keys(fieldsV1['f:data'])];
    });
  expect(fields(first)).toEqual([['chart', ['f:A', 'f:B']]]);
  expect(fields(second)).toEqual([
    ['chart', ['f:B']],
    ['bff-iat', ['f:A', 'f:C']],
  ]);
  const third = signChanges(second, { ...second, data: { B: 'Mg==' } }, 'bff-iat', now);
  expect(fields(third)).toEqual([['chart', ['f:B']]]);
  expect(signChanges(third, third, 'nobody', now)).toBe(third);
});
