import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  checkRights,
  describeRight,
  judgeRights,
  type Right,
  type RightsOptions,
  renderRole,
  rightsFor,
} from '../../scripts/kubernetes/permissions.ts';
import { type Answer, realKubectl, refusal } from './real-kubectl.ts';

const NEVER = new AbortController().signal;
const BASE: RightsOptions = {
  kind: 'deployment',
  name: 'bff',
  write: 'secret',
  secret: 'bff-secrets',
  purpose: 'write',
};

const NEIGHBOURS = [
  'list persistentvolumeclaims',
  'list services',
  'list resourcequotas',
  'list horizontalpodautoscalers.autoscaling',
];
const EVENTS = ['list events', 'watch events'];
const LOOKING = ['get pods', 'list pods', 'watch pods', 'get pods/log', ...EVENTS, ...NEIGHBOURS];
const FORWARD = ['get pods/portforward', 'create pods/portforward'];
const DEPLOYMENT = ['get', 'patch'].map((verb) => `${verb} deployments.apps bff`);
const ALL_DEPLOYMENTS = ['list deployments.apps', 'watch deployments.apps'];
const REPLICA_SETS = ['list replicasets.apps'];

describe('what a run does with the cluster', () => {
  test.each<[string, Partial<RightsOptions>, string[]]>([
    [
      'writes into a Secret',
      {},
      [
        ...[...DEPLOYMENT, ...ALL_DEPLOYMENTS, ...REPLICA_SETS, ...LOOKING, ...FORWARD],
        ...['get secrets bff-secrets', 'patch secrets bff-secrets'],
      ],
    ],
    [
      'makes a Secret of its own, and takes it away where the run is broken off',
      { write: 'own-secret', secret: 'bff-dcr-iat' },
      [
        ...[...DEPLOYMENT, ...ALL_DEPLOYMENTS, ...REPLICA_SETS, ...LOOKING, ...FORWARD],
        ...['create secrets', 'get secrets bff-dcr-iat', 'patch secrets bff-dcr-iat', 'delete secrets bff-dcr-iat'],
      ],
    ],
    [
      'takes its own Secret away',
      { write: 'own-secret', secret: 'bff-dcr-iat', purpose: 'clear' },
      [
        ...[...DEPLOYMENT, ...ALL_DEPLOYMENTS, ...REPLICA_SETS, ...LOOKING, ...FORWARD],
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
    expect(optional('write').map(describeRight)).toEqual([...EVENTS, ...NEIGHBOURS]);
    expect(optional('look').map(describeRight)).toEqual([
      'get secrets bff-secrets',
      ...FORWARD,
      ...EVENTS,
      ...NEIGHBOURS,
    ]);
  });
});

const REVIEWS = {
  groupVersion: 'authorization.k8s.io/v1',
  name: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
};

/** A cluster that knows nothing but reviews, and what it was asked. */
async function cluster({ isAllowed = (_: string): boolean => true, refused = null as Answer | null } = {}) {
  const asked: string[] = [];
  const { kubectl, calls } = await realKubectl([REVIEWS], (path, body) => {
    if (refused !== null || path !== 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews')
      return refused ?? refusal(404, 'NotFound');
    const review = JSON.parse(body);
    const { namespace, ...right } = review.spec.resourceAttributes;
    asked.push(`${describeRight(right)} in ${namespace}`);
    return { status: 201, body: { ...review, status: { allowed: isAllowed(describeRight(right)) } } };
  });
  return { kubectl, asked, calls };
}

describe('which rights are missing', () => {
  const rights = rightsFor({ ...BASE, write: 'own-secret', secret: 'bff-dcr-iat' });

  test('all are asked for by one call, each in the namespace', async () => {
    const { kubectl, asked, calls } = await cluster({
      isAllowed: (right) => !/list events|create secrets/.test(right),
    });
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
    const { kubectl } = await cluster({ refused: refusal(status, reason) });
    expect(await checkRights(kubectl, 'crud', rights, NEVER)).toBeNull();
  });

  test('it is not known where the answer is none', async () => {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: {} };
    const { kubectl } = await cluster({ refused: { status: 201, body: review } });
    expect(await checkRights(kubectl, 'crud', rights, NEVER)).toBeNull();
  });

  test('a login that has expired is no missing right', async () => {
    const { kubectl } = await cluster({ refused: refusal(401, 'Unauthorized') });
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
        text: 'Ask those who run the cluster for a Role that grants them; the report has one to paste.',
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
