import { expect, test } from 'vitest';
import { createKubectlThere, describeWithKubectl, type KubectlHere, REAL_KUBECONFIG } from '../support/kubectl.ts';
import { deployment, secret, startCluster } from './api-server-cluster.ts';

/** What the stand-in promises is what a real API server does: the same tests run on both. */
const SERVERS: readonly (readonly [string, () => Promise<KubectlHere>])[] = [
  ['the stand-in', startCluster],
  ...(REAL_KUBECONFIG === null
    ? []
    : [[`the cluster of ${REAL_KUBECONFIG}`, () => createKubectlThere(REAL_KUBECONFIG ?? '')] as const]),
];

const FAILED = 1;
const PATCH_REFUSED = 'The request is invalid: the server rejected our request due to an error in our request';

for (const [name, start] of SERVERS) {
  describeWithKubectl(`Secrets and templates through kubectl: ${name}`, () => {
    /** Objects for a test; their namespace is the call's. */
    const startWith = async (...objects: readonly { readonly metadata: object }[]) => {
      const kubectl = await start();
      const items = objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: undefined } }));
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
      expect(await kubectl.call(['create', '--validate=false', '-f', '-'], list)).toMatchObject({ exitCode: 0 });
      const get = async (what: string) =>
        JSON.parse((await kubectl.call(['get', what, '-o', 'json', '--show-managed-fields'])).stdout);
      const patch = (what: string, type: 'json' | 'merge' | 'strategic', body: unknown, ...more: string[]) =>
        kubectl.call(['patch', what, `--type=${type}`, '-p', JSON.stringify(body), ...more]);
      return { ...kubectl, get, patch };
    };

    test('a wrong namespace looks like an empty one, and nothing can be created in it', async () => {
      const { call } = await start();
      const input = JSON.stringify(secret('s', {}));
      const [list, create] = await Promise.all([
        call(['get', 'pods', '-n', 'iat-test-nowhere']),
        call(['create', '-f', '-', '-n', 'iat-test-nowhere'], input.replace('"crud"', '"iat-test-nowhere"')),
      ]);
      expect(list).toMatchObject({ exitCode: 0, stdout: '' });
      expect(create.stderr).toMatch(/^Error from server \(NotFound\): .*namespaces "iat-test-nowhere" not found$/);
    });

    test('a Secret is created from standard input once, with its text in base64', async () => {
      const { call } = await start();
      const input = JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's' },
        stringData: { A: 'test-only-a' },
      });
      const create = ['create', '-f', '-', '--field-manager=bff-iat', '-o', 'name'];
      const read = () => call(['get', 'secret', 's', '-o', 'json', '--show-managed-fields']);
      expect(await call([...create, '--dry-run=server'], input)).toMatchObject({ exitCode: 0 });
      expect(await read()).toMatchObject({
        exitCode: FAILED,
        stderr: 'Error from server (NotFound): secrets "s" not found',
      });
      expect(await call(create, input)).toMatchObject({ exitCode: 0, stdout: 'secret/s' });
      const made = JSON.parse((await read()).stdout);
      expect(made).toMatchObject({
        data: { A: 'dGVzdC1vbmx5LWE=' },
        type: 'Opaque',
        metadata: { managedFields: [{ manager: 'bff-iat', fieldsV1: { 'f:data': { 'f:A': {} } } }] },
      });
      expect(made).not.toHaveProperty('stringData');
      const again = await call(create, input);
      expect(again.exitCode).toBe(FAILED);
      expect(again.stderr).toContain('Error from server (AlreadyExists)');
      expect((await call(['get', 'secret', 's', '-o', 'go-template={{index .data "A"}}'])).stdout).toBe(made.data.A);
      expect(await call(['delete', 'secret', 's'])).toMatchObject({ exitCode: 0 });
      expect(await read()).toMatchObject({ exitCode: FAILED });
    });

    test('a JSON patch with its tests is taken, or refused without a word about which test failed', async () => {
      const { get, patch } = await startWith(secret('s', { OTHER: 'test-only-other' }));
      const { resourceVersion } = (await get('secret/s')).metadata;
      const body = [
        { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
        { op: 'add', path: '/data/DCR_IAT', value: 'eA==' },
      ];
      const dry = await patch('secret/s', 'json', body, '--dry-run=server', '-o', 'json');
      expect(JSON.parse(dry.stdout)).toMatchObject({ data: { DCR_IAT: 'eA==' } });
      expect(await get('secret/s')).not.toHaveProperty('data.DCR_IAT');
      expect(await patch('secret/s', 'json', body)).toMatchObject({ exitCode: 0, stdout: 'secret/s patched' });
      expect(await get('secret/s')).toMatchObject({ data: { DCR_IAT: 'eA==', OTHER: 'dGVzdC1vbmx5LW90aGVy' } });
      expect(await patch('secret/s', 'json', body)).toMatchObject({ exitCode: FAILED, stderr: PATCH_REFUSED });
    });

    test('the claim to a field is given back by a patch of the managed fields', async () => {
      const { get, patch } = await startWith(secret('s', { K: 'before' }));
      await patch('secret/s', 'json', [{ op: 'replace', path: '/data/K', value: 'eA==' }], '--field-manager=bff-iat');
      const managers = async (): Promise<string[]> =>
        (await get('secret/s')).metadata.managedFields.map(({ manager }: { manager: string }) => manager);
      const index = (await managers()).indexOf('bff-iat');
      expect(index).toBeGreaterThanOrEqual(0);
      const given = await patch('secret/s', 'json', [
        { op: 'test', path: `/metadata/managedFields/${index}/manager`, value: 'bff-iat' },
        { op: 'remove', path: `/metadata/managedFields/${index}` },
      ]);
      expect(given).toMatchObject({ exitCode: 0 });
      expect(await managers()).not.toContain('bff-iat');
      expect(await get('secret/s')).toHaveProperty('data.K', 'eA==');
    });

    test.each([
      [
        'a value that is no base64: the whole Secret comes back',
        'secret/s',
        { data: { K: '?' } },
        /^The request is invalid: patch: Invalid value: ".*dGVzdC1vbmx5LW90aGVy.*illegal base64 data at input byte 0/s,
      ],
      [
        'an old version',
        'secret/s',
        { metadata: { resourceVersion: '1' } },
        /^Error from server \(Conflict\): Operation cannot be fulfilled on secrets "s": the object has been modified; /,
      ],
      [
        'an immutable Secret',
        'secret/fixed',
        { data: { K: 'eA==' } },
        /^The Secret "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set$/,
      ],
      [
        'a name that is no key',
        'secret/s',
        { data: { 'a b': 'eA==' } },
        /^The Secret "s" is invalid: data\[a b\]: Invalid value: "a b": a valid config key must consist of alphanumeric/,
      ],
    ])('a merge patch: %s', async (_, what, body, sentence) => {
      const { patch } = await startWith(
        secret('s', { OTHER: 'test-only-other' }),
        secret('fixed', { K: 'test-only-k' }, { immutable: true }),
      );
      const { exitCode, stderr } = await patch(what, 'merge', body);
      expect(stderr).toMatch(sentence);
      expect(exitCode).toBe(FAILED);
    });

    test('a literal becomes a reference only where it is taken away in the same patch', async () => {
      const env = [
        { name: 'A', value: 'x' },
        { name: 'B', value: 'y' },
      ];
      const { get, patch } = await startWith(deployment('bff', { env }, { replicas: 0 }));
      const valueFrom = { secretKeyRef: { name: 's', key: 'K', optional: true } };
      const entry = (members: object) => ({
        spec: { template: { spec: { containers: [{ name: 'bff', env: [{ name: 'A', ...members }] }] } } },
      });
      expect(await patch('deployment/bff', 'strategic', entry({ valueFrom }))).toMatchObject({
        exitCode: FAILED,
        stderr:
          'The Deployment "bff" is invalid: spec.template.spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      });
      expect(await patch('deployment/bff', 'strategic', entry({ value: null, valueFrom }))).toMatchObject({
        exitCode: 0,
      });
      expect((await get('deployment/bff')).spec.template.spec.containers[0].env).toEqual([
        { name: 'A', valueFrom },
        { name: 'B', value: 'y' },
      ]);
    });

    test('a restart is an annotation of the template, which makes a new generation; a paused one is refused', async () => {
      const { call, get, patch } = await startWith(deployment('bff', {}, { replicas: 0 }));
      const { generation } = (await get('deployment/bff')).metadata;
      expect(await call(['rollout', 'restart', 'deployment/bff'])).toMatchObject({ exitCode: 0 });
      const after = await get('deployment/bff');
      expect(after.spec.template.metadata.annotations).toHaveProperty(['kubectl.kubernetes.io/restartedAt']);
      expect(after.metadata.generation).toBe(generation + 1);
      await patch('deployment/bff', 'merge', { spec: { paused: true } });
      expect(await call(['rollout', 'restart', 'deployment/bff'])).toMatchObject({
        exitCode: FAILED,
        stderr: expect.stringContaining("can't restart paused deployment"),
      });
    });
  });
}
