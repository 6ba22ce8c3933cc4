import type { DaemonSet, Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import { nearest } from '../core/nearest.ts';
import { reasonOf } from './failures.ts';
import type { Kubectl } from './kubectl.ts';
import { nameOf, WORKLOAD_KINDS, type Workload, type WorkloadKind } from './model.ts';

/** A workload of which the container is not chosen yet. */
export type FoundWorkload = Omit<Workload, 'container' | 'containerPath'>;

/** How people write the kinds, without a group (kubectl: `api-resources`). */
const KINDS: Readonly<Record<string, WorkloadKind>> = {
  deployment: 'deployment',
  deployments: 'deployment',
  deploy: 'deployment',
  statefulset: 'statefulset',
  statefulsets: 'statefulset',
  sts: 'statefulset',
  daemonset: 'daemonset',
  daemonsets: 'daemonset',
  ds: 'daemonset',
};

/** Kinds of others that run pods as a Deployment does, and are restarted in another way. */
const FOREIGN = [
  {
    kind: 'Rollout of Argo',
    spellings: ['rollout', 'rollouts', 'ro'],
    resource: 'rollouts.argoproj.io',
    program: null,
    restart: (name: string) => ['argo', 'rollouts', 'restart', name],
  },
  {
    kind: 'DeploymentConfig of OpenShift',
    spellings: ['deploymentconfig', 'deploymentconfigs', 'dc'],
    resource: 'deploymentconfigs.apps.openshift.io',
    program: 'oc',
    restart: (name: string) => ['rollout', 'latest', `dc/${name}`],
  },
] as const;

/**
 * Finds a workload by its name, or by kind and name. A name alone is looked for among Deployments, then StatefulSets, then
 * DaemonSets, in one call that needs no right but `get`.
 *
 * @param wanted `bff`, `deployment/bff`, `sts/bff`
 * @throws AppError `bad-value`, `workload-unknown` with near names, `workload-unsupported`, `namespace-unknown`, and what keeps
 *   kubectl from an answer
 */
export async function findWorkload(
  kubectl: Kubectl,
  namespace: string,
  wanted: string,
  signal: AbortSignal,
): Promise<FoundWorkload> {
  const { kind, name } = parse(wanted, kubectl);
  const kinds = kind === null ? WORKLOAD_KINDS : [kind];
  const args = ['get', ...kinds.map((each) => `${each}/${name}`), '--ignore-not-found=true', '-o', 'json'];
  const result = await kubectl.run(args, signal);
  // There may be none of a kind that is forbidden; kubectl still prints what it found.
  const found = objectsIn(result.stdout);
  for (const each of kinds) {
    const object = found.find((candidate) => candidate.kind?.toLowerCase() === each);
    const podSpec = object?.spec?.template.spec;
    if (object !== undefined && podSpec !== undefined) return { kind: each, name, namespace, object, podSpec };
  }
  if (result.exitCode !== 0) throw kubectl.failure(result, args);
  throw await explainAbsence(kubectl, namespace, { kind, name }, signal);
}

interface Wanted {
  /** null: any. */
  readonly kind: WorkloadKind | null;
  readonly name: string;
}

function parse(wanted: string, kubectl: Kubectl): Wanted {
  const [, spelling, name = ''] = /^(?:([^/]*)\/)?([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)$/.exec(wanted) ?? [];
  if (name === '') {
    throw new AppError('bad-value', `${wanted} is no name of a workload.`, {
      hint: 'Give NAME or KIND/NAME: bff, deployment/bff, statefulset/bff.',
    });
  }
  if (spelling === undefined) return { kind: null, name };
  const plain = spelling.toLowerCase().split('.')[0] ?? '';
  const foreign = FOREIGN.find(({ spellings }) => spellings.some((each) => each === plain));
  if (foreign !== undefined) throw unsupported(foreign, name, kubectl);
  const kind = KINDS[plain];
  if (kind !== undefined) return { kind, name };
  throw new AppError('workload-unsupported', `Objects of the kind ${spelling} cannot be restarted by a rollout.`, {
    hint: 'Name the Deployment, StatefulSet or DaemonSet that runs the BFF: --kubernetes deployment/NAME.',
  });
}

function unsupported({ kind, program, restart }: (typeof FOREIGN)[number], name: string, kubectl: Kubectl): AppError {
  const own = kubectl.typed(restart(name));
  const command = program === null ? own : `${program}${own.slice(own.indexOf(' rollout '))}`;
  return new AppError('workload-unsupported', `${name} is a ${kind}. This tool does not restart those.`, {
    hint: { text: 'Write the token by hand, and restart it with its own command:', command },
  });
}

/** Nothing of that name: the namespace may be wrong, too, which the API server does not say by itself. */
async function explainAbsence(
  kubectl: Kubectl,
  namespace: string,
  { kind, name }: Wanted,
  signal: AbortSignal,
): Promise<AppError> {
  const everything = ['get', WORKLOAD_KINDS.join(','), '-o', 'name'];
  const [there, space, ...others] = await Promise.all([
    kubectl.run(everything, signal),
    kubectl.run(['get', 'namespace', namespace, '-o', 'name'], signal),
    ...(kind === null ? FOREIGN : []).map(async (foreign) => {
      const args = ['get', `${foreign.resource}/${name}`, '--ignore-not-found=true', '-o', 'name'];
      return (await kubectl.run(args, signal)).stdout.trim() === '' ? null : foreign;
    }),
  ]);
  if (reasonOf(space) === 'NotFound') {
    return new AppError('namespace-unknown', `The cluster has no namespace ${namespace}.`, {
      hint: { text: 'Name the right one with --namespace. To see all:', command: kubectl.typed(['get', 'namespaces']) },
    });
  }
  const foreign = others.find((each) => each !== null);
  if (foreign !== undefined) return unsupported(foreign, name, kubectl);

  // "deployment.apps/bff"
  const names = there.stdout.split('\n').flatMap((line) => {
    const [, resource = '', own = ''] = /^([a-z]+)\.apps\/(\S+)$/.exec(line) ?? [];
    const known = KINDS[resource];
    return known === undefined ? [] : [{ own, full: nameOf({ kind: known, name: own }) }];
  });
  const close = nearest(
    name,
    names.map(({ own }) => own),
  );
  const meant = names.filter(({ own }) => close.includes(own)).map(({ full }) => full);
  const what = kind === null ? `no workload ${name}` : `no ${nameOf({ kind, name })}`;
  const hint =
    meant.length > 0
      ? `Did you mean ${meant.join(' or ')}? Or is it in another namespace (--namespace)? To see what is there:`
      : 'Is it in another namespace (--namespace)? To see what is there:';
  return new AppError('workload-unknown', `Namespace ${namespace} has ${what}.`, {
    hint: { text: hint, command: kubectl.typed(everything) },
  });
}

type WorkloadObject = Deployment | StatefulSet | DaemonSet;

/** kubectl prints one object as it is, and several as a list. */
function objectsIn(stdout: string): readonly WorkloadObject[] {
  const parsed = jsonOrNull(stdout);
  if (!isRecord(parsed)) return [];
  const items = Array.isArray(parsed['items']) ? parsed['items'] : [parsed];
  return items.filter(isRecord) as WorkloadObject[];
}
