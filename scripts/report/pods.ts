import type { InstanceFacts, KubernetesFacts } from '../core/result.ts';
import { formatNumber } from './text.ts';

/** The pods of a run as a reader wants them: what is wrong first. */
export interface PodGroups {
  /** Those that have to be registered and healthy, and are not known to be. */
  readonly notWell: readonly InstanceFacts[];
  readonly well: readonly InstanceFacts[];
  /** Those of before a restart, beside newer ones: a rollout removes them. */
  readonly old: readonly InstanceFacts[];
  /** Each was asked for its health; else at most one address was asked for all of them, and only their registration counts here. */
  readonly wereAsked: boolean;
}

/** Where no pod is new, nothing was restarted, and all of them count. */
export function groupPods(pods: readonly InstanceFacts[]): PodGroups {
  const fresh = pods.filter(({ isNew }) => isNew);
  const counted = fresh.length === 0 ? pods : fresh;
  const wereAsked = counted.some(({ healthy }) => healthy !== null);
  const isWell = ({ registered, healthy, problem }: InstanceFacts) =>
    problem === null && registered === true && (healthy === true || !wereAsked);
  return {
    notWell: counted.filter((pod) => !isWell(pod)).sort((a, b) => rankOf(a) - rankOf(b)),
    well: counted.filter(isWell),
    old: pods.filter((pod) => !counted.includes(pod)),
    wereAsked,
  };
}

/** Those of which a reason is known, those that are surely not well, those of which nothing is known. */
function rankOf({ registered, healthy, problem }: InstanceFacts): number {
  if (problem !== null) return 0;
  return registered === false || healthy === false ? 1 : 2;
}

/** "registered and healthy" */
export function wellInWords({ wereAsked }: Pick<PodGroups, 'wereAsked'>): string {
  return wereAsked ? 'registered and healthy' : 'registered';
}

/** "2 of 3 pods are registered and healthy, 1 old pod is still there". */
export function podsInWords(groups: PodGroups): string {
  const { notWell, well, old } = groups;
  const count = well.length + notWell.length;
  const are = count === 1 ? 'pod is' : 'pods are';
  const many =
    notWell.length === 0
      ? count === 1
        ? 'The'
        : `All ${formatNumber(count)}`
      : `${formatNumber(well.length)} of ${formatNumber(count)}`;
  const rest =
    old.length === 0 ? '' : `, ${formatNumber(old.length)} old ${old.length === 1 ? 'pod is' : 'pods are'} still there`;
  return `${many} ${are} ${wellInWords(groups)}${rest}`;
}

/** Why a pod is not well, in a few words, where its state does not say it; without its name, as several have the same problem. */
export function problemOf(
  { name, problem, registered, healthy }: InstanceFacts,
  { wereAsked }: Pick<PodGroups, 'wereAsked'>,
): string {
  if (problem !== null) return problem.replaceAll(`pod ${name}`, 'pod');
  const parts = [
    registered === false ? 'not registered' : registered === null ? 'registration not known' : '',
    healthy === false ? 'not healthy' : healthy === null && wereAsked ? 'health not known' : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** "waiting: CrashLoopBackOff" in its two parts; the reason is null where there is none. */
export function splitState(state: string): { readonly phase: string; readonly reason: string | null } {
  const at = state.indexOf(': ');
  return at < 0 ? { phase: state, reason: null } : { phase: state.slice(0, at), reason: state.slice(at + 2) };
}

/** Where it is: "deployment/bff in namespace crud of context prod". */
export function placeInCluster({
  workload,
  namespace,
  context,
}: Pick<KubernetesFacts, 'workload' | 'namespace' | 'context'>): string {
  return `${workload} in namespace ${namespace}${context === '' ? '' : ` of context ${context}`}`;
}

/** Under which name earlier runs know an object of a cluster; names of objects come again in each namespace. */
export function placeOfObject(
  { cluster, namespace }: Pick<KubernetesFacts, 'cluster' | 'namespace'>,
  object: string,
): string {
  return `${object} in ${namespace} on ${cluster}`;
}

/** What is known about the cluster besides its pods, a name and a text each, for every page and table. */
export function clusterInWords(facts: KubernetesFacts): [name: string, text: string][] {
  const { context, cluster, namespace, workload, container, target, key, owners, credentials, usesNeeded, revision } =
    facts;
  const entries: readonly (readonly [string, string | null])[] = [
    ['Context', context],
    ['Cluster', cluster],
    ['Namespace', namespace],
    ['Workload', `${workload}, container ${container}`],
    ['Token in', target && (key === null ? target : `${target}, key ${key}`)],
    ['Who can read it', target && whoReads(target, namespace)],
    ['Owner', owners.map(({ kind, name, reverts }) => `${kind} ${name}, which ${REVERTS[reverts]}`).join('; ')],
    ['Put back', facts.reverted ? 'Something put the written value back.' : null],
    ['Cached credentials', credentials && CREDENTIALS[credentials]],
    ['Uses that the token needs', usesNeeded === null ? null : formatNumber(usesNeeded)],
    ['Revision', revisionInWords(revision)],
    ['Missing rights', facts.missingRights.join(', ')],
  ];
  return entries.flatMap(([name, text]) => (text === null || text === '' ? [] : [[name, text]]));
}

function whoReads(target: string, namespace: string): string {
  return (
    `Everyone who may get ${target}, or start or enter pods, in namespace ${namespace}; ` +
    'also who reads etcd or its backups, where Secrets are not encrypted there.'
  );
}

const REVERTS = {
  'at-once': 'undoes a change by hand at once',
  'on-sync': 'undoes a change by hand at its next sync',
  'on-upgrade': 'undoes a change by hand at its next upgrade',
} as const;

const CREDENTIALS = {
  shared: 'outlive a pod, and all pods share them',
  'per-pod': 'outlive a restart of their pod; each pod has its own',
  'not-kept': 'are lost with each pod',
} as const;

function revisionInWords({ before, after }: KubernetesFacts['revision']): string | null {
  if (after === null || after === before) return before === null ? null : `${before}`;
  return before === null ? `${after}` : `${before}, now ${after}`;
}
