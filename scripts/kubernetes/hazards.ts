import type { DaemonSet, Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { EnvVar, Pod, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { formatDuration } from '../core/duration.ts';
import { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { Environment, Objection } from '../core/stack.ts';
import { type Credentials, isPinned } from './credentials.ts';
import { isOwnedBy, nameOf, type Workload } from './model.ts';
import type { Reloader } from './owners.ts';
import { nearlyUsedUp } from './quota.ts';
import { isRecreated, paceOf, podSeconds, replicasOf, rolloutSeconds } from './rollout-plan.ts';
import type { Neighbours } from './surroundings.ts';

/**
 * Why a restart would start nothing, or not all of it.
 *
 * @param typed a call of kubectl as a person types it
 * @returns `rollout-paused`, `no-replicas`, `rollout-on-delete`; null: it would
 */
export function restartRefusal(
  workload: Pick<Workload, 'kind' | 'name' | 'object'>,
  typed: (args: readonly string[]) => string,
): AppError | null {
  const { kind, object } = workload;
  const name = nameOf(workload);
  if (kind === 'deployment' && (object as Deployment).spec?.paused === true) {
    const period = object.metadata?.annotations?.['deployment.reloader.stakater.com/pause-period'];
    const by = period === undefined ? '' : ` If Reloader paused it, it goes on by itself after ${period}.`;
    return new AppError('rollout-paused', `${name} is paused, so no pod would start with the token.`, {
      hint: { text: `Let it go on, and run again.${by}`, command: typed(['rollout', 'resume', name]) },
    });
  }
  if (replicasOf(workload) === 0) {
    return kind === 'daemonset'
      ? new AppError('no-replicas', `${name} runs on no node, so no pod would start with the token.`, {
          hint: 'Its nodeSelector, affinity and tolerations say on which nodes it runs.',
        })
      : new AppError('no-replicas', `${name} is scaled to 0, so no pod would start with the token.`, {
          hint: { text: 'Scale it up, and run again.', command: typed(['scale', name, '--replicas=1']) },
        });
  }
  if (kind === 'deployment') return null;
  const { type, rollingUpdate } = (object as StatefulSet | DaemonSet).spec?.updateStrategy ?? {};
  if (type === 'OnDelete') {
    return new AppError('rollout-on-delete', `${name} replaces its pods only when they are deleted (OnDelete).`, {
      hint: 'Set its updateStrategy to RollingUpdate, and run again.',
    });
  }
  const partition = rollingUpdate !== undefined && 'partition' in rollingUpdate ? (rollingUpdate.partition ?? 0) : 0;
  if (partition === 0) return null;
  return new AppError('rollout-on-delete', `${name} replaces only its pods from number ${partition} on (partition).`, {
    hint: 'Set rollingUpdate.partition to 0, and run again: else the others go on without the token.',
  });
}

/**
 * The BFF could not write down what it registers with, which costs a use of the token.
 *
 * @returns `credentials-not-kept`; null: it can
 */
export function writeRefusal(
  workload: Workload,
  { isReadOnly, because }: Credentials,
  path: string | null,
): AppError | null {
  if (!isReadOnly || path === null) return null;
  return new AppError('credentials-not-kept', `${nameOf(workload)} cannot write ${path}, which ${because}.`, {
    hint: `Mount a volume that can be written at ${folderOf(path)}. A token would be used up for nothing.`,
  });
}

/**
 * The BFF loses what it registered with at every restart, so that it cannot do without a token.
 *
 * @returns `credentials-not-kept`; null: it keeps it, or nothing is known
 */
export function lossOf(workload: Workload, { kept, because }: Credentials, path: string | null): AppError | null {
  if (kept !== 'not-kept' || path === null) return null;
  return new AppError(
    'credentials-not-kept',
    `Every new pod of ${nameOf(workload)} needs a token: ${path} ${because}.`,
    {
      hint: `Mount a volume that outlives its pods at ${folderOf(path)}, run npm run iat once more, and then clear.`,
    },
  );
}

/**
 * Several pods that register one client with keys of their own: the IdP keeps only the last keys, so that the other pods are
 * refused, and do not start again.
 *
 * @param environment of the container; null in it: taken from a field or an object that was not read
 */
export function keysObjection(
  workload: Workload,
  { kept, because }: Credentials,
  environment: Environment,
  path: string | null,
): Objection | null {
  const replicas = replicasOf(workload);
  if (replicas < 2 || kept === 'shared' || kept === null || path === null) return null;
  if (isPerPod('DCR_CLIENT_ID', workload.container.env ?? [])) return null;
  const client = environment['DCR_CLIENT_ID'] || 'the same client';
  const message = `${replicas} pods of ${nameOf(workload)} would each register ${client} with keys of their own, and the IdP keeps only the last: ${path} ${because}.`;
  return {
    error: new AppError('credentials-not-kept', message, {
      hint: `Mount one volume that all pods can write (ReadWriteMany) at ${folderOf(path)}, or give each pod a DCR_CLIENT_ID of its own.`,
    }),
    question: `Register ${replicas} pods under one client id anyway?`,
    yieldsToForce: true,
  };
}

/** What is around a workload, as far as it could be read. */
export interface Surroundings extends Neighbours {
  readonly pods: readonly Pod[];
}

/** What else a warning depends on. */
export interface Intention {
  /** It takes the token. */
  readonly variable: string;
  readonly environment: Environment;
  /** `BFF_CLIENT_CRED_PATH`; null: not known. */
  readonly path: string | null;
  readonly credentials: Credentials;
  /** `reloaderOf` the Secret that is written. */
  readonly reloader: Reloader | null;
  readonly healthTimeoutSeconds: number;
}

/** What a reader has to know before a restart, a sentence each. */
export function hazardsOf(workload: Workload, around: Surroundings, intention: Intention): string[] {
  return [
    ...keptWarnings(workload, intention),
    ...timeWarnings(workload, intention),
    ...imageWarnings(workload),
    ...claimWarnings(workload, around),
    ...scaleWarnings(workload, around, intention),
    ...linkWarnings(workload, around, intention),
    ...around.quotas.flatMap((quota) => {
      const full = nearlyUsedUp(quota);
      return full === null
        ? []
        : [`Quota ${quota.metadata?.name} is nearly used up (${full}): a new pod may not fit in.`];
    }),
    ...reloaderWarnings(workload, intention),
    ...copyWarnings(workload, around, intention),
  ];
}

function keptWarnings(workload: Workload, { credentials: { kept, because, isReadOnly }, path }: Intention): string[] {
  if (kept !== 'not-kept' || isReadOnly || path === null || replicasOf(workload) !== 1) return [];
  return [`${path} ${because}: every new pod needs a token again, and iat:clear is refused.`];
}

function timeWarnings(workload: Workload, { healthTimeoutSeconds }: Intention): string[] {
  const { kind, object } = workload;
  const seconds = rolloutSeconds(workload);
  const say = (value: number) => formatDuration(value * 1_000);
  const deadline = kind === 'deployment' ? (object as Deployment).spec?.progressDeadlineSeconds : undefined;
  return [
    ...(seconds > healthTimeoutSeconds
      ? [
          `The rollout takes about ${say(seconds)}, longer than --health-timeout: say --health-timeout ${Math.ceil(seconds * 1.5)}.`,
        ]
      : []),
    ...(deadline !== undefined && deadline < podSeconds(workload)
      ? [
          `progressDeadlineSeconds is ${deadline}, less than a pod needs: the cluster will call the rollout failed, and this tool goes by the pods.`,
        ]
      : []),
  ];
}

function imageWarnings({ container }: Workload): string[] {
  if (container.imagePullPolicy !== 'Always') return [];
  return ['Each new pod pulls its image again (imagePullPolicy: Always): without the registry no pod starts.'];
}

/** Disks that only one node or one pod can have at a time, and a new pod that waits for one. */
function claimWarnings(workload: Workload, { claims, pods }: Surroundings): string[] {
  const { podSpec } = workload;
  const replicas = replicasOf(workload);
  const { surge, unavailable } = paceOf(workload);
  const isAlone = replicas < 2 && (isRecreated(workload) || unavailable > 0 || surge === 0);
  if (isAlone || isPinned(podSpec)) return [];
  const names = (podSpec.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  const nodes = new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []));
  const where = nodes.size > 1 ? `, and its pods run on ${nodes.size} nodes` : '';
  return [...new Set(names)].flatMap((name) => {
    const modes = claims.find(({ metadata }) => metadata?.name === name)?.spec?.accessModes ?? [];
    if (modes.length === 0) return [];
    if (modes.every((mode) => mode === 'ReadWriteOncePod'))
      return [`Claim ${name} is for one pod at a time (ReadWriteOncePod): a new pod waits until the old one is gone.`];
    if (modes.some((mode) => mode !== 'ReadWriteOnce' && mode !== 'ReadWriteOncePod')) return [];
    return [
      `Claim ${name} is for one node at a time (ReadWriteOnce)${where}: a new pod on another node waits for it, and the rollout may stand still.`,
    ];
  });
}

function scaleWarnings(workload: Workload, { autoscalers, pods }: Surroundings, { credentials }: Intention): string[] {
  const { kind, name } = workload;
  const apart = credentials.kept === 'shared' ? '' : ' Each pod that comes later needs a token, too.';
  const scaled = autoscalers
    .filter(({ spec }) => spec?.scaleTargetRef.kind.toLowerCase() === kind && spec.scaleTargetRef.name === name)
    .map(({ metadata, spec }) => {
      const scaledObject = metadata?.labels?.['scaledobject.keda.sh/name'];
      const by = scaledObject === undefined ? `HorizontalPodAutoscaler ${metadata?.name}` : `KEDA ${scaledObject}`;
      return `${by} may change the number of pods (${spec?.minReplicas ?? 1} to ${spec?.maxReplicas}) during the run.${apart}`;
    });
  const isResized = pods.some(({ metadata }) => metadata?.annotations?.['vpaUpdates'] !== undefined);
  return [...scaled, ...(isResized ? [`A VerticalPodAutoscaler may replace pods during the run.${apart}`] : [])];
}

/** Variables of the BFF that have the name of one of a service link (kubernetes, pkg/kubelet/envvars). */
const LINKED = ['BFF_PORT', 'IDP_PORT', 'KAFKA_PORT', 'REDIS_PORT'];

function linkWarnings({ podSpec }: Workload, { services }: Surroundings, { environment }: Intention): string[] {
  if (podSpec.enableServiceLinks === false) return [];
  return services.flatMap(({ metadata, spec }) => {
    const variable = `${metadata?.name?.toUpperCase().replaceAll('-', '_')}_PORT`;
    const hasAddress = spec?.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None';
    // What the container is given itself wins.
    if (!hasAddress || !LINKED.includes(variable) || environment[variable] !== undefined) return [];
    return [
      `Service ${metadata?.name} gives each new pod ${variable}=tcp://…, which the BFF may take for its own. Set ${variable}, or enableServiceLinks: false.`,
    ];
  });
}

function reloaderWarnings(workload: Workload, { reloader }: Intention): string[] {
  if (reloader === null) return [];
  const { pausePeriod } = reloader;
  const pause = pausePeriod === null ? '' : ` It pauses ${nameOf(workload)} for ${pausePeriod} after that.`;
  return [`Reloader restarts ${nameOf(workload)} when the Secret changes: that rollout is waited for.${pause}`];
}

/** Where a value stands that was literal once. */
function copyWarnings(workload: Workload, { replicaSets }: Surroundings, { variable }: Intention): string[] {
  const old = replicaSets.filter(
    (each) => isOwnedBy(each, workload.object) && holdsLiteral(each.spec?.template?.spec, variable),
  );
  const sets = old.length === 1 ? '1 ReplicaSet of the history holds' : `${old.length} ReplicaSets of the history hold`;
  return [
    ...(old.length === 0 ? [] : [`${sets} ${variable} as plain text, which the role view may read.`]),
    ...(isInLastApplied(workload, variable)
      ? [
          `The copy that kubectl apply keeps of ${nameOf(workload)} (last-applied-configuration) holds ${variable}: the next apply sets that value again.`,
        ]
      : []),
  ];
}

function isInLastApplied({ object }: Workload, variable: string): boolean {
  const text = object.metadata?.annotations?.['kubectl.kubernetes.io/last-applied-configuration'];
  const copy = text === undefined ? null : jsonOrNull(text);
  return isRecord(copy) && holdsLiteral((copy as Deployment).spec?.template?.spec, variable);
}

function holdsLiteral(spec: Partial<PodSpec> | undefined, variable: string): boolean {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return containers.some(({ env }) => env?.some(({ name, value }) => name === variable && Boolean(value)));
}

/** Fields that differ from pod to pod. */
const OWN_FIELDS = ['metadata.name', 'metadata.uid', 'status.podIP', 'status.podIPs'];

/** Whether a variable has another value in each pod. It may be made of others: `bff-$(POD_NAME)`. */
function isPerPod(name: string, env: readonly EnvVar[]): boolean {
  // Each refers only to those before it, so that this comes to an end.
  const at = env.findLastIndex((each) => each.name === name);
  const { value = '', valueFrom } = env[at] ?? {};
  if (OWN_FIELDS.includes(valueFrom?.fieldRef?.fieldPath ?? '')) return true;
  const before = env.slice(0, Math.max(0, at));
  return [...value.matchAll(/\$\(([^()]{1,200})\)/g)].some(([, other = '']) => isPerPod(other, before));
}

function folderOf(path: string): string {
  return path.replace(/\/[^/]*$/, '') || '/';
}
