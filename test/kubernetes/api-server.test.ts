import { expect, test } from 'vitest';
import type { Review } from '../../scripts/sandbox/cluster/api-types.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { deployment, pod, secret, startCluster } from './api-server-cluster.ts';

const FAILED = 1;

describeWithKubectl('The API server of the sandbox, as kubectl sees it', () => {
  test('version, kinds by short name and the objects of one or all namespaces', async () => {
    const { store, api, call } = await startCluster();
    store.create('pods', pod('bff-2'));
    store.create('pods', pod('bff-1'));
    store.create('deployments', deployment('bff'));
    const version = JSON.parse((await call(['version', '-o', 'json'])).stdout);
    expect(version.serverVersion.gitVersion).toBe('v1.36.2');
    expect((await call(['get', 'po', '-o', 'name'])).stdout).toBe('pod/bff-1\npod/bff-2');
    expect((await call(['get', 'deploy,ns', '-A', '-o', 'name'])).stdout.split('\n')).toEqual([
      'deployment.apps/bff',
      'namespace/crud',
    ]);
    const { stdout } = await call(['get', 'pod/bff-1', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Pod', spec: { containers: [{ name: 'bff' }] } });
    expect(api.requests.at(-1)).toMatchObject({ method: 'GET', path: '/api/v1/namespaces/crud/pods/bff-1' });
    expect(api.requests.at(-1)?.userAgent).toMatch(/^kubectl/);
  });

  test('a wrong namespace looks like an empty one, and nothing can be created in it', async () => {
    const { call } = await startCluster();
    const [list, create] = await Promise.all([
      call(['get', 'pods', '-n', 'crudd']),
      call(
        ['create', '-f', '-', '-n', 'crudd'],
        JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }),
      ),
    ]);
    expect(list).toMatchObject({ exitCode: 0, stdout: '' });
    expect(create.stderr).toMatch(/^Error from server \(NotFound\): .*namespaces "crudd" not found$/);
  });

  test('a Secret is created from standard input once, with its text in base64 and the name of who wrote it', async () => {
    const { store, call } = await startCluster();
    const input = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      stringData: { A: 'test-only-a' },
    });
    const create = ['create', '-f', '-', '--field-manager=bff-iat', '-o', 'name'];
    expect(await call([...create, '--dry-run=server'], input)).toMatchObject({ exitCode: 0 });
    expect(store.get('secrets', 'crud', 's')).toBeUndefined();
    expect(await call(create, input)).toMatchObject({ exitCode: 0, stdout: 'secret/s' });
    expect(store.get('secrets', 'crud', 's')).toMatchObject({
      data: { A: 'dGVzdC1vbmx5LWE=' },
      type: 'Opaque',
      metadata: { managedFields: [{ manager: 'bff-iat', fieldsV1: { 'f:data': { 'f:A': {} } } }] },
    });
    expect(store.get('secrets', 'crud', 's')).not.toHaveProperty('stringData');
    const again = await call(create, input);
    expect(again.exitCode).toBe(FAILED);
    expect(again.stderr).toContain('Error from server (AlreadyExists)');
    expect((await call(['get', 'secret', 's', '-o', 'go-template={{index .data "A"}}'])).stdout).toBe(
      'dGVzdC1vbmx5LWE=',
    );
    expect(await call(['delete', 'secret', 's'])).toMatchObject({ exitCode: 0 });
    expect((await call(['get', 'secret', 's'])).stderr).toBe('Error from server (NotFound): secrets "s" not found');
  });

  test('a JSON patch with its tests is taken, or refused without a word about which test failed', async () => {
    const { store, call } = await startCluster();
    const version = store.create('secrets', secret('s', { OTHER: 'test-only-other' }))?.metadata.resourceVersion;
    const patch = (version: string | undefined) =>
      JSON.stringify([
        { op: 'test', path: '/metadata/resourceVersion', value: version },
        { op: 'add', path: '/data/DCR_IAT', value: 'eA==' },
      ]);
    const args = ['patch', 'secret', 's', '--type=json', '--field-manager=bff-iat', '-p', patch(version)];
    const dry = await call([...args, '--dry-run=server', '-o', 'json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ data: { DCR_IAT: 'eA==' } });
    expect(store.get('secrets', 'crud', 's')).not.toHaveProperty('data.DCR_IAT');

    expect(await call(args)).toMatchObject({ exitCode: 0, stdout: 'secret/s patched' });
    expect(store.get('secrets', 'crud', 's')).toMatchObject({ data: { DCR_IAT: 'eA==', OTHER: expect.any(String) } });
    expect(await call(args)).toMatchObject({
      exitCode: FAILED,
      stderr: 'The request is invalid: the server rejected our request due to an error in our request',
    });
  });

  test('the claim to a field is given back by a patch of the managed fields', async () => {
    const { store, call } = await startCluster();
    store.create('secrets', secret('s', { K: 'before' }));
    const patch = (operations: unknown, ...more: string[]) =>
      call(['patch', 'secret', 's', '--type=json', '-p', JSON.stringify(operations), ...more]);
    await patch([{ op: 'replace', path: '/data/K', value: 'eA==' }], '--field-manager=bff-iat');
    expect(store.get('secrets', 'crud', 's')?.metadata.managedFields).toMatchObject([{ manager: 'bff-iat' }]);
    const given = await patch([
      { op: 'test', path: '/metadata/managedFields/0/manager', value: 'bff-iat' },
      { op: 'remove', path: '/metadata/managedFields/0' },
    ]);
    expect(given.exitCode).toBe(0);
    expect(store.get('secrets', 'crud', 's')?.metadata.managedFields).toEqual([]);
    expect(store.get('secrets', 'crud', 's')).toHaveProperty('data.K', 'eA==');
  });

  test.each([
    [
      'a value that is no base64: the whole Secret comes back',
      ['patch', 'secret', 's', '--type=merge', '-p', '{"data":{"K":"?"}}'],
      /^The request is invalid: patch: Invalid value: ".*dGVzdC1vbmx5LW90aGVy.*": illegal base64 data at input byte 0$/,
    ],
    [
      'an old version',
      ['patch', 'secret', 's', '--type=merge', '-p', '{"metadata":{"resourceVersion":"1"}}'],
      /^Error from server \(Conflict\): Operation cannot be fulfilled on secrets "s": the object has been modified; /,
    ],
    [
      'an immutable Secret',
      ['patch', 'secret', 'fixed', '--type=merge', '-p', '{"data":{"K":"eA=="}}'],
      /^The Secret "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set$/,
    ],
    [
      'a literal and a reference at once',
      [
        'patch',
        'deployment',
        'bff',
        '-p',
        '{"spec":{"template":{"spec":{"containers":[{"name":"bff","env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"K"}}}]}]}}}}',
      ],
      /^The Deployment "bff" is invalid: spec\.template\.spec\.containers\[0\]\.env\[0\]\.valueFrom: Invalid value: "": may not be specified when `value` is not empty$/,
    ],
    [
      'an admission webhook',
      [
        'patch',
        'deployment',
        'bff',
        '--type=merge',
        '-p',
        '{"metadata":{"labels":{"denied":"yes"}}}',
        '--dry-run=server',
      ],
      /^Error from server \(Forbidden\): admission webhook ".+" denied the request: no such label$/,
    ],
    [
      'a kind that is not there',
      ['get', 'rollouts.argoproj.io', 'bff'],
      /the server doesn't have a resource type "rollouts"/,
    ],
  ])('%s', async (_, args, sentence) => {
    const { store, call } = await startCluster({
      admit: (_, { metadata }) => (metadata.labels?.['denied'] === undefined ? null : 'no such label'),
    });
    store.create('secrets', secret('s', { OTHER: 'test-only-other' }));
    store.create('secrets', secret('fixed', { K: 'test-only-k' }, { immutable: true }));
    store.create('deployments', deployment('bff', { env: [{ name: 'A', value: 'x' }] }));
    const { exitCode, stderr } = await call(args);
    expect(stderr).toMatch(sentence);
    expect(exitCode).toBe(FAILED);
  });

  test('rights decide what reviews say and what requests may do', async () => {
    const asked: Review[] = [];
    const rights = (review: Review) => {
      asked.push(review);
      return !(review.resource === 'secrets' && review.verb === 'patch') && review.subresource !== 'log';
    };
    const { store, call } = await startCluster({ rights });
    store.create('secrets', secret('s', {}));
    store.create('pods', pod('bff-1'));
    const [get, patch, log, denied, unread, list] = await Promise.all([
      call(['auth', 'can-i', 'get', 'secret/s']),
      call(['auth', 'can-i', 'patch', 'secret/s']),
      call(['auth', 'can-i', 'get', 'pods', '--subresource=log']),
      call(['patch', 'secret', 's', '--type=merge', '-p', '{}']),
      call(['logs', 'bff-1']),
      call(['get', 'deployments', '--field-selector=metadata.name=bff', '-o', 'name']),
    ]);
    expect([get.stdout, patch.stdout, log.stdout]).toEqual(['yes', 'no', 'no']);
    expect(patch.exitCode).toBe(FAILED);
    expect(denied.stderr).toBe(
      'Error from server (Forbidden): secrets "s" is forbidden: User "sandbox" cannot patch resource "secrets" in API group "" in the namespace "crud"',
    );
    expect(unread.stderr).toContain('cannot get resource "pods/log" in API group ""');
    expect(list.exitCode).toBe(0);
    expect(asked).toContainEqual(
      expect.objectContaining({ verb: 'list', group: 'apps', resource: 'deployments', name: 'bff' }),
    );
  });

  test('many reviews are one call', async () => {
    const { call } = await startCluster({ rights: ({ verb }) => verb === 'get' });
    const review = (verb: string) => ({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, resource: 'secrets', name: 's', namespace: 'crud' } },
    });
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [review('get'), review('patch')] });
    // One document each, without a list around them.
    const { stdout } = await call(['create', '--validate=false', '-f', '-', '-o', 'jsonpath={.status}'], input);
    expect(stdout).toBe('{"allowed":true}{"allowed":false}');
  });

  test('without a login nothing is answered', async () => {
    const { call } = await startCluster({ isLoggedIn: () => false });
    const { exitCode, stderr } = await call(['get', 'pods']);
    expect(exitCode).toBe(FAILED);
    expect(stderr).toContain('error: You must be logged in to the server');
  });

  test('a restart is an annotation of the template, which makes a new generation', async () => {
    const { store, call } = await startCluster();
    store.create('deployments', deployment('bff'));
    expect(await call(['rollout', 'restart', 'deployment/bff'])).toMatchObject({ exitCode: 0 });
    const path = ['spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'];
    expect(store.get('deployments', 'crud', 'bff')).toHaveProperty(path);
    expect(store.get('deployments', 'crud', 'bff')?.metadata.generation).toBe(2);
  });
});
