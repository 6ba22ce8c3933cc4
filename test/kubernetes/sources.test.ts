import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import type { Container, Secret } from 'kubernetes-types/core/v1.d.ts';
import { expect, test } from 'vitest';
import type { CommandResult, Processes } from '../../scripts/core/ports.ts';
import { createKubectl } from '../../scripts/kubernetes/kubectl.ts';
import { readKey } from '../../scripts/kubernetes/secret-key.ts';
import { readSources, secretKeysOf } from '../../scripts/kubernetes/sources.ts';
import { createHome } from '../support/stand-in.ts';
import { secretObject } from './secrets-cluster.ts';

const NEVER = new AbortController().signal;
const OTHER = 'test-only-password-of-another-key';
const OTHER_FORMS = [OTHER, Buffer.from(OTHER).toString('base64')];

/** The real kubectl without a cluster: what `get` would print of the objects that it names, and nothing else is made up. */
async function localKubectl(objects: readonly Secret[]) {
  const home = await createHome();
  const printed: string[] = [];
  const run = async (args: readonly string[]): Promise<CommandResult> => {
    const named = objects.filter(({ metadata }) => args.includes(`secret/${metadata?.name}`));
    const file = join(home, 'objects.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: named }));
    const output = args[args.indexOf('-o') + 1] ?? '';
    const local = ['patch', '--local', '-f', file, '--type=merge', '-p', '{}', '-o', output];
    const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'none') };
    const { stdout = '', exitCode = null } =
      named.length === 0
        ? { exitCode: 0 }
        : await execa('kubectl', local, { env, extendEnv: false, reject: false, stripFinalNewline: false });
    printed.push(stdout);
    return { exitCode, stdout, stderr: '', startError: null, timedOut: false };
  };
  const processes = { run: ({ args }) => run(args) } as Pick<Processes, 'run'> as Processes;
  return { kubectl: createKubectl(processes, 'kubectl', [], 'linux'), printed };
}

const CONTAINER: Container = {
  name: 'bff',
  envFrom: [{ secretRef: { name: 'whole' } }, { prefix: 'DCR_', secretRef: { name: 'prefixed' } }],
  env: [
    { name: 'IDP_BASE_URL', value: 'https://$(IDP_HOST)' },
    { name: 'IDP_HOST', valueFrom: { secretKeyRef: { name: 'hosts', key: 'idp' } } },
    { name: 'REDIS_PASSWORD', valueFrom: { secretKeyRef: { name: 'redis', key: 'password' } } },
  ],
};
const REQUEST = { containers: [CONTAINER], variable: 'DCR_IAT', ownSecret: 'bff-dcr-iat' };

test('only the keys that become one of the variables are asked for', () => {
  const keys = secretKeysOf(REQUEST);
  expect([...keys.keys()]).toEqual(['bff-dcr-iat', 'whole', 'prefixed', 'hosts']);
  expect([...(keys.get('prefixed')?.values ?? [])]).toEqual([
    'ENABLED',
    'FORCE_REPLACE',
    'CLIENT_ID',
    'REDIRECT_URIS',
    'IAT',
  ]);
  expect(keys.get('prefixed')?.token).toBe('IAT');
  expect(keys.get('hosts')).toEqual({ values: new Set(['idp']), token: null });
});

test('of a Secret the real kubectl prints the wanted values, and names of the rest', async () => {
  const lastApplied = JSON.stringify({ data: { DCR_IAT: 'x' }, stringData: { OTHER } });
  const { kubectl, printed } = await localKubectl([
    {
      ...secretObject('whole', { DCR_IAT: 'test-only-iat\n', OTHER, 'with.dot': '' }),
      immutable: true,
      metadata: {
        name: 'whole',
        namespace: 'crud',
        resourceVersion: '42',
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': lastApplied,
          'kapp.k14s.io/original': lastApplied,
          'meta.helm.sh/release-name': 'crud',
          'bff-iat/replaced-entry': '{"name":"DCR_IAT"}',
        },
        ownerReferences: [
          { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', name: 'e', uid: 'u', controller: true },
        ],
      },
    },
    {
      ...secretObject('prefixed', { IAT: '', DCR_IAT: OTHER }),
      metadata: {
        name: 'prefixed',
        resourceVersion: '43',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"DCR_IAT":"${OTHER}"}}` },
      },
    },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hosts', resourceVersion: '44' } },
  ]);
  const { secrets } = await readSources(kubectl, REQUEST, NEVER);
  expect(secrets.get('whole')).toEqual({
    name: 'whole',
    resourceVersion: '42',
    isImmutable: true,
    metadata: {
      name: 'whole',
      namespace: 'crud',
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': '',
        'kapp.k14s.io/original': '',
        'meta.helm.sh/release-name': 'crud',
        'bff-iat/replaced-entry': '{"name":"DCR_IAT"}',
      },
      ownerReferences: [
        { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', name: 'e', uid: '', controller: true },
      ],
    },
    keys: ['DCR_IAT', 'OTHER', 'with.dot'],
    values: { DCR_IAT: Buffer.from('test-only-iat\n').toString('base64') },
    isInLastApplied: true,
  });
  expect(secrets.get('prefixed')).toMatchObject({
    keys: ['DCR_IAT', 'IAT'],
    values: { IAT: '' },
    isInLastApplied: false,
  });
  expect(secrets.get('hosts')).toMatchObject({ isImmutable: false, keys: [], values: {} });
  expect(secrets.get('bff-dcr-iat')).toBe('missing');
  for (const form of OTHER_FORMS) expect(printed.join()).not.toContain(form);
});

test('one key, as the real kubectl prints it', async () => {
  const whole = { ...secretObject('whole', { DCR_IAT: 'test-only-iat', OTHER }) };
  const { kubectl, printed } = await localKubectl([
    { ...whole, metadata: { name: 'whole', resourceVersion: '7' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'empty', resourceVersion: '8' } },
  ]);
  const read = (secret: string, key: string) => readKey(kubectl, secret, key, NEVER);
  const value = Buffer.from('test-only-iat').toString('base64');
  expect(await read('whole', 'DCR_IAT')).toEqual({ resourceVersion: '7', value, isEmpty: false });
  expect(await read('whole', 'GONE')).toEqual({ resourceVersion: '7', value: null, isEmpty: false });
  expect(await read('empty', 'DCR_IAT')).toEqual({ resourceVersion: '8', value: null, isEmpty: true });
  expect(await read('gone', 'DCR_IAT')).toBeNull();
  for (const form of OTHER_FORMS) expect(printed.join()).not.toContain(form);
});

test.each([
  ['one Secret', { ...REQUEST, containers: [] }],
  ['several', REQUEST],
])('a Secret that is forbidden is no error, and neither is one that is missing: %s', async (_what, request) => {
  const processes: Pick<Processes, 'run'> = {
    async run({ args }) {
      const isForbidden = args.includes('secret/bff-dcr-iat');
      const stderr = isForbidden ? 'Error from server (Forbidden): secrets "x" is forbidden' : '';
      return { exitCode: isForbidden ? 1 : 0, stdout: '', stderr, startError: null, timedOut: false };
    },
  };
  const kubectl = createKubectl(processes as Processes, 'kubectl', [], 'linux');
  const { secrets } = await readSources(kubectl, request, NEVER);
  const others = [...secrets].filter(([name]) => name !== 'bff-dcr-iat').map(([, read]) => read);
  expect(secrets.get('bff-dcr-iat')).toBe('forbidden');
  expect(others.every((read) => read === 'missing')).toBe(true);
});
