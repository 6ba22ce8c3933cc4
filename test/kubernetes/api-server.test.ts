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

  test('an admission webhook denies the dry run, too', async () => {
    const { store, call } = await startCluster({
      admit: (_, { metadata }) => (metadata.labels?.['denied'] === undefined ? null : 'no such label'),
    });
    store.create('deployments', deployment('bff'));
    const patch = '{"metadata":{"labels":{"denied":"yes"}}}';
    const { exitCode, stderr } = await call([
      'patch',
      'deployment',
      'bff',
      '--type=merge',
      '-p',
      patch,
      '--dry-run=server',
    ]);
    expect(exitCode).toBe(FAILED);
    expect(stderr).toMatch(
      /^Error from server \(Forbidden\): admission webhook ".+" denied the request: no such label$/,
    );
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
});
