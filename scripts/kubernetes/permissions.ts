import type { SelfSubjectAccessReview } from 'kubernetes-types/authorization/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { groupBy } from '../core/group-by.ts';
import { PRIVATE_FILE } from '../core/ports.ts';
import type { Kubectl } from './kubectl.ts';
import type { WorkloadKind } from './model.ts';

/** One thing that somebody may do in a namespace. */
export interface Right {
  /** `get`, `patch` … */
  readonly verb: string;
  /** '' for Pods, Secrets and the like. */
  readonly group: '' | 'apps' | 'autoscaling';
  /** Plural: `pods`. */
  readonly resource: string;
  /** `log`, as in `pods/log`. */
  readonly subresource?: string;
  /** Only of the object with this name. */
  readonly name?: string;
  /** What cannot be said or done without it, as a sentence; absent: the run needs it. */
  readonly without?: string;
}

export interface RightsOptions {
  readonly kind: WorkloadKind;
  /** Of the workload. */
  readonly name: string;
  readonly write: 'secret' | 'own-secret';
  /** The Secret that is written. */
  readonly secret: string;
  /** Other objects that the container takes values from. */
  readonly sources?: readonly { readonly kind: 'secret' | 'configmap'; readonly name: string }[];
  readonly purpose: 'write' | 'clear' | 'look';
  /** The pods are reached by a URL that was given, and not by port-forward. */
  readonly hasBffUrl?: boolean;
}

/** What a run does with the cluster, and nothing else. */
export function rightsFor(options: RightsOptions): Right[] {
  const { kind, name, write, secret, sources = [], purpose, hasBffUrl = false } = options;
  const isChange = purpose !== 'look';
  const of = (verbs: string, right: Omit<Right, 'verb'>) => verbs.split(' ').map((verb) => ({ verb, ...right }));
  const others = sources.filter((source) => source.kind !== 'secret' || source.name !== secret);
  return [
    ...of('get', { group: 'apps', resource: `${kind}s`, name }),
    ...(isChange
      ? [
          ...of('patch', { group: 'apps', resource: `${kind}s`, name }),
          ...of('list watch', { group: 'apps', resource: `${kind}s` }),
        ]
      : []),
    ...of('get list watch', { group: '', resource: 'pods' }),
    ...of('get', { group: '', resource: 'pods', subresource: 'log' }),
    ...(kind === 'deployment'
      ? of('list', { group: 'apps', resource: 'replicasets' })
      : of('list', { group: 'apps', resource: 'controllerrevisions', without: NO_REVISIONS })),
    ...secretRights(),
    ...others.map((source) => ({ verb: 'get', group: '', resource: `${source.kind}s`, name: source.name }) as const),
    // From Kubernetes 1.35 on a WebSocket needs `create`, and before it `get`.
    ...(hasBffUrl
      ? []
      : of('get create', {
          group: '',
          resource: 'pods',
          subresource: 'portforward',
          ...(isChange ? {} : { without: NO_PORT_FORWARD }),
        })),
    ...of('list watch', { group: '', resource: 'events', without: NO_EVENTS }),
    ...['persistentvolumeclaims', 'services', 'resourcequotas'].flatMap((resource) =>
      of('list', { group: '', resource, without: NO_NEIGHBOURS }),
    ),
    ...of('list', { group: 'autoscaling', resource: 'horizontalpodautoscalers', without: NO_NEIGHBOURS }),
  ];

  function secretRights(): Right[] {
    const named = { group: '', resource: 'secrets', name: secret } as const;
    if (!isChange) return of('get', { ...named, without: NO_SECRET });
    // kubectl reads an object before it patches it.
    if (write === 'secret') return of('get patch', named);
    const own = of('get patch delete', named);
    // What is to be created has no name yet for the API server.
    return purpose === 'clear' ? own : [{ verb: 'create', group: '', resource: 'secrets' }, ...own];
  }
}

const NO_EVENTS = 'Without it only the objects say why a pod does not start, and not the events.';
const NO_NEIGHBOURS = 'Without it some warnings about the restart are left out.';
const NO_REVISIONS = 'Without it a pod of an older revision may be taken for a new one.';
const NO_SECRET = 'Without it this tool cannot say which value the next pod gets.';
const NO_PORT_FORWARD = 'Without it the pods are not asked for their health, unless --bff-url says where.';

/** `create pods/portforward`, `get secrets bff-secrets` */
export function describeRight({ verb, group, resource, subresource, name }: Right): string {
  const what = `${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}`;
}

/**
 * Which of the rights are missing, by one call: a review of each right is what `auth can-i` sends, and a List of them takes as
 * long as one.
 *
 * @returns null: the cluster does not say
 * @throws AppError what kept kubectl from an answer
 */
export async function checkRights(
  kubectl: Kubectl,
  namespace: string,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<Right[] | null> {
  const args = [
    ...['create', '-f', PRIVATE_FILE, '--dry-run=none', '--validate=false', '--save-config=false', '--edit=false'],
    // Of several objects it prints several documents, which are no JSON together.
    ...['-o', 'jsonpath={.status.allowed}{"\\n"}'],
  ];
  const items = rights.map((right) => reviewOf(right, namespace));
  const list = { apiVersion: 'v1', kind: 'List', items };
  const result = await kubectl.run(args, signal, { privateText: JSON.stringify(list) });
  const answers = result.stdout.split('\n').filter((line) => line !== '');
  if (result.exitCode === 0 && answers.length === rights.length) {
    return rights.filter((_, index) => answers[index] !== 'true');
  }
  const error = kubectl.failure(result, ['auth', 'can-i', '--list']);
  // Some clusters forbid the question, or do not know it. What is missing shows when it is needed.
  if (error.code === 'rights-missing' || error.code === 'kubectl-failed') return null;
  throw error;
}

function reviewOf({ verb, group, resource, subresource, name }: Right, namespace: string): SelfSubjectAccessReview {
  const of = { ...(subresource === undefined ? {} : { subresource }), ...(name === undefined ? {} : { name }) };
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { namespace, verb, group, resource, ...of } },
  };
}

/** What follows from the rights that are missing. */
export interface RightsVerdict {
  /** The code is `rights-missing`; null: all that is needed is there. */
  readonly error: AppError | null;
  /** A sentence for each that is only useful. */
  readonly notes: readonly string[];
  /** As `describeRight` says them. */
  readonly missing: readonly string[];
  /** A Role that grants all that the run does, as YAML; null: none is missing. */
  readonly role: string | null;
}

/**
 * @param missing of `rights`
 * @param who the namespace, and the workload's name
 */
export function judgeRights(
  rights: readonly Right[],
  missing: readonly Right[],
  who: { readonly namespace: string; readonly name: string },
): RightsVerdict {
  const needed = missing.filter(({ without }) => without === undefined);
  const useful = missing.filter(({ without }) => without !== undefined);
  const names = needed.map(describeRight).join(', ');
  const them = needed.length === 1 ? 'it' : 'them';
  const hint = `Ask those who run the cluster for a Role that grants ${them}; the report has one to paste.`;
  return {
    error:
      needed.length === 0
        ? null
        : new AppError('rights-missing', `In namespace ${who.namespace} you may not: ${names}.`, { hint }),
    notes: [...groupBy(useful, ({ without }) => without)].map(
      ([without, those]) => `You may not ${those.map(describeRight).join(', ')}. ${without}`,
    ),
    missing: missing.map(describeRight),
    role: missing.length === 0 ? null : renderRole(rights, who),
  };
}

/**
 * A Role with a RoleBinding to fill in, as YAML. It has all of the rights, not only those that are missing: applying it
 * a second time must not take the first ones away.
 */
export function renderRole(
  rights: readonly Right[],
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  const role = `${name}-iat`;
  const byObject = groupBy(rights, ({ group, resource, subresource, name: object = '' }) =>
    [group, subresource === undefined ? resource : `${resource}/${subresource}`, object].join(' '),
  );
  const rules = [...byObject].map(([key, those]) => {
    const [group = '', resource = '', object = ''] = key.split(' ');
    return [
      `  - apiGroups: ["${group}"]`,
      `    resources: ["${resource}"]`,
      ...(object === '' ? [] : [`    resourceNames: ["${object}"]`]),
      `    verbs: [${[...new Set(those.map(({ verb }) => `"${verb}"`))].join(', ')}]`,
    ];
  });
  return [
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: Role',
    'metadata:',
    `  name: ${role}`,
    `  namespace: ${namespace}`,
    'rules:',
    ...rules.flat(),
    '---',
    '# Who gets it: a user, a group, or a ServiceAccount, as here.',
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: RoleBinding',
    'metadata:',
    `  name: ${role}`,
    `  namespace: ${namespace}`,
    'roleRef:',
    '  apiGroup: rbac.authorization.k8s.io',
    '  kind: Role',
    `  name: ${role}`,
    'subjects:',
    '  - kind: ServiceAccount',
    `    name: ${role}`,
    `    namespace: ${namespace}`,
    '',
  ].join('\n');
}
