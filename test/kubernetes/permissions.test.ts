import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createKubectl } from '../../scripts/kubernetes/kubectl.ts';
import {
  checkRights,
  describeRight,
  judgeRights,
  type Right,
  type RightsOptions,
  renderRole,
  rightsFor,
} from '../../scripts/kubernetes/permissions.ts';
import { createProcesses } from '../../scripts/platform/processes.ts';
import { sendJson, serve } from '../support/server.ts';

const NEVER = new AbortController().signal;
const BASE: RightsOptions = {
  kind: 'deployment',
  name: 'bff',
  write: 'secret',
  secret: 'bff-secrets',
  purpose: 'write',
};

const LOOKING = ['get pods', 'list pods', 'get pods/log', 'list events'];
const CHANGING = [...LOOKING, 'watch pods'];
const FORWARD = ['get pods/portforward', 'create pods/portforward'];
const DEPLOYMENT = ['get', 'patch'].map((verb) => `${verb} deployments.apps bff`);
const ALL_DEPLOYMENTS = ['list deployments.apps', 'watch deployments.apps'];
const REPLICA_SETS = ['list replicasets.apps', 'watch replicasets.apps'];

describe('what a run does with the cluster', () => {
  test.each<[string, Partial<RightsOptions>, string[]]>([
    [
      'writes into a Secret',
      {},
      [
        ...[...DEPLOYMENT, ...ALL_DEPLOYMENTS, ...REPLICA_SETS, ...CHANGING, ...FORWARD],
        ...['get secrets bff-secrets', 'patch secrets bff-secrets'],
      ],
    ],
    [
      'makes a Secret of its own, and takes it away where the run is broken off',
      { write: 'own-secret', secret: 'bff-dcr-iat' },
      [
        ...[...DEPLOYMENT, ...ALL_DEPLOYMENTS, ...REPLICA_SETS, ...CHANGING, ...FORWARD],
        ...['create secrets', 'get secrets bff-dcr-iat', 'patch secrets bff-dcr-iat', 'delete secrets bff-dcr-iat'],
      ],
    ],
    [
      'takes its own Secret away',
      { write: 'own-secret', secret: 'bff-dcr-iat', purpose: 'clear' },
      [
        ...[...DEPLOYMENT, ...ALL_DEPLOYMENTS, ...REPLICA_SETS, ...CHANGING, ...FORWARD],
        ...['get secrets bff-dcr-iat', 'patch secrets bff-dcr-iat', 'delete secrets bff-dcr-iat'],
      ],
    ],
    [
      'only looks',
      { purpose: 'look' },
      ['get deployments.apps bff', 'list replicasets.apps', ...LOOKING, ...FORWARD, 'get secrets bff-secrets'],
    ],
    [
      'only looks, at a URL that was given',
      { purpose: 'look', hasBffUrl: true },
      ['get deployments.apps bff', 'list replicasets.apps', ...LOOKING, 'get secrets bff-secrets'],
    ],
    [
      'reads other objects, too',
      {
        purpose: 'look',
        hasBffUrl: true,
        kind: 'statefulset',
        sources: [
          { kind: 'configmap', name: 'bff-config' },
          { kind: 'secret', name: 'bff-secrets' },
          { kind: 'secret', name: 'other' },
        ],
      },
      [
        ...['get statefulsets.apps bff', 'list controllerrevisions.apps', ...LOOKING, 'get secrets bff-secrets'],
        ...['get configmaps bff-config', 'get secrets other'],
      ],
    ],
  ])('%s', (_, options, rights) => {
    expect(
      rightsFor({ ...BASE, ...options })
        .map(describeRight)
        .sort(),
    ).toEqual(rights.sort());
  });

  test('a change cannot do without port-forward, a look can, and neither needs events', () => {
    const optional = (purpose: RightsOptions['purpose']) =>
      rightsFor({ ...BASE, purpose }).filter(({ without }) => without !== undefined);
    expect(optional('write').map(describeRight)).toEqual(['list events']);
    expect(optional('look').map(describeRight)).toEqual(['get secrets bff-secrets', ...FORWARD, 'list events']);
  });
});

/** A real kubectl on an API server that knows nothing but reviews. Those that `isAllowed` says no to are refused. */
async function cluster({ isAllowed = (_: string): boolean => true, status = 201, reason = 'Forbidden' } = {}) {
  const asked: string[] = [];
  const API = 'authorization.k8s.io/v1';
  const url = await serve((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/api') return sendJson(response, 200, { kind: 'APIVersions', versions: ['v1'] });
    if (path === '/api/v1')
      return sendJson(response, 200, { kind: 'APIResourceList', groupVersion: 'v1', resources: [] });
    if (path === '/apis') {
      const version = { groupVersion: API, version: 'v1' };
      const groups = [{ name: 'authorization.k8s.io', versions: [version], preferredVersion: version }];
      return sendJson(response, 200, { kind: 'APIGroupList', apiVersion: 'v1', groups });
    }
    if (path === `/apis/${API}`) {
      const kind = 'SelfSubjectAccessReview';
      const resources = [
        { name: 'selfsubjectaccessreviews', singularName: '', namespaced: false, kind, verbs: ['create'] },
      ];
      return sendJson(response, 200, { kind: 'APIResourceList', groupVersion: API, resources });
    }
    if (path !== `/apis/${API}/selfsubjectaccessreviews` || status !== 201) {
      return sendJson(response, status === 201 ? 404 : status, {
        kind: 'Status',
        status: 'Failure',
        reason,
        code: status,
      });
    }
    const review = JSON.parse(request.text);
    const { namespace, ...right } = review.spec.resourceAttributes;
    asked.push(`${describeRight(right)} in ${namespace}`);
    return sendJson(response, 201, { ...review, status: { allowed: isAllowed(describeRight(right)) } });
  });
  const home = await mkdtemp(join(tmpdir(), 'iat-rights-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: { server: url } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
    users: [{ name: 'me', user: {} }],
  };
  await writeFile(join(home, 'config'), JSON.stringify(config));
  const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'config') };
  const calls: string[] = [];
  const real = createProcesses(env);
  const counted = {
    ...real,
    run: (...args: Parameters<typeof real.run>) => {
      calls.push(args[0].args.join(' '));
      return real.run(...args);
    },
  };
  const kubectl = createKubectl(counted, 'kubectl', ['--context', 'here', '--namespace', 'crud'], process.platform);
  return { kubectl, asked, calls };
}

describe('which rights are missing', () => {
  const rights = rightsFor({ ...BASE, write: 'own-secret', secret: 'bff-dcr-iat' });

  test('all are asked for by one call, each in the namespace', async () => {
    const { kubectl, asked, calls } = await cluster({ isAllowed: (right) => !/events|create secrets/.test(right) });
    const missing = await checkRights(kubectl, 'crud', rights, NEVER);
    expect(missing?.map(describeRight)).toEqual(['create secrets', 'list events']);
    expect(asked).toEqual(rights.map((right) => `${describeRight(right)} in crud`));
    expect(calls).toHaveLength(1);
  });

  test('none is missing', async () => {
    const { kubectl } = await cluster();
    expect(await checkRights(kubectl, 'crud', rights, NEVER)).toEqual([]);
  });

  test.each([
    ['forbids the question', 403, 'Forbidden'],
    ['does not know it', 404, 'NotFound'],
  ])('it is not known where the cluster %s', async (_, status, reason) => {
    const { kubectl } = await cluster({ status, reason });
    expect(await checkRights(kubectl, 'crud', rights, NEVER)).toBeNull();
  });

  test('a login that has expired is no missing right', async () => {
    const { kubectl } = await cluster({ status: 401, reason: 'Unauthorized' });
    await expect(checkRights(kubectl, 'crud', rights, NEVER)).rejects.toMatchObject({ code: 'cluster-unauthorized' });
  });
});

describe('what follows', () => {
  const WHO = { namespace: 'crud', name: 'bff' };
  const rights = rightsFor(BASE);
  const only = (...names: string[]) => rights.filter((right) => names.includes(describeRight(right)));

  test('nothing, where none is missing', () => {
    expect(judgeRights(rights, [], WHO)).toEqual({ error: null, notes: [], missing: [], role: null });
  });

  test('what is needed ends the run, and is listed', () => {
    const { error, notes, missing, role } = judgeRights(
      rights,
      only('patch secrets bff-secrets', 'create pods/portforward', 'list events'),
      WHO,
    );
    expect(error).toMatchObject({
      code: 'rights-missing',
      message: 'In namespace crud you may not: patch secrets bff-secrets, create pods/portforward.',
      hint: {
        text: 'Ask whoever runs the cluster for a Role that grants them; result.json has one to paste (kubernetes.role).',
      },
    });
    expect(notes).toEqual([
      'You may not list events. Without it only the objects say why a pod does not start, and not the events.',
    ]);
    expect(missing).toEqual(['patch secrets bff-secrets', 'create pods/portforward', 'list events']);
    expect(role).toBe(renderRole(rights, WHO));
  });

  test('what is only useful is a note, once for each reason', () => {
    const looking = rightsFor({ ...BASE, purpose: 'look' });
    const missing = looking.filter(({ subresource }) => subresource === 'portforward');
    const { error, notes } = judgeRights(looking, missing, WHO);
    expect(error).toBeNull();
    expect(notes).toEqual([
      'You may not get pods/portforward, create pods/portforward. Without it the pods are not asked for their health, unless --bff-url says where.',
    ]);
  });

  test('the Role is YAML that grants each right once, and by name where that is possible', () => {
    const [role, binding, ...others] = parseAllDocuments(renderRole(rights, WHO)).map((each) => each.toJS());
    expect(others).toEqual([]);
    expect(role.metadata).toEqual({ name: 'bff-iat', namespace: 'crud' });
    const granted = role.rules.flatMap(
      (rule: { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }) =>
        rule.verbs.map((verb) => {
          const [resource = '', subresource] = rule.resources[0]?.split('/') ?? [];
          const name = rule.resourceNames?.[0];
          return describeRight({
            verb,
            group: rule.apiGroups[0] as Right['group'],
            resource,
            ...(subresource === undefined ? {} : { subresource }),
            ...(name === undefined ? {} : { name }),
          });
        }),
    );
    expect(granted.sort()).toEqual(rights.map(describeRight).sort());
    expect(binding).toMatchObject({
      kind: 'RoleBinding',
      roleRef: { name: 'bff-iat' },
      subjects: [{ name: 'bff-iat' }],
    });
  });
});
