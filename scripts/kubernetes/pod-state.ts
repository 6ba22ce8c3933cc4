import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { ContainerState, Event, Pod } from 'kubernetes-types/core/v1.d.ts';
import { AppError } from '../core/errors.ts';
import type { Instance, InstanceState } from '../core/stack.ts';
import { nameOf, type Workload } from './model.ts';
import { lastOf, obstacleOf, type Surroundings, statusOf } from './pod-obstacle.ts';
import { because } from './quote.ts';

/** What is known of a pod beside its object. */
export interface PodFacts extends Surroundings, Pick<Instance, 'env' | 'persistentPaths' | 'ports'> {}

/** A pod as an instance of the BFF. @param container the one that takes the token */
export function toInstance(pod: Pod, container: string, facts: PodFacts): Instance {
  const { metadata, spec } = pod;
  const status = statusOf(pod, container);
  const end = status?.state?.terminated ?? status?.lastState?.terminated;
  const obstacle = obstacleOf(pod, container, facts);
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return {
    id: metadata?.uid ?? '',
    noun: 'pod',
    name: metadata?.name ?? '',
    image: containers.find(({ name }) => name === container)?.image ?? status?.image ?? '',
    env: facts.env,
    persistentPaths: facts.persistentPaths,
    logUnreadable: null,
    createdAt: metadata?.creationTimestamp ?? '',
    ports: facts.ports,
    state: {
      status: statusWord(pod, status?.state, end !== undefined),
      exitCode: end?.exitCode ?? 0,
      oomKilled: end?.reason === 'OOMKilled',
      restartCount: status?.restartCount ?? 0,
      startedAt: status?.state?.running?.startedAt ?? end?.startedAt ?? '',
      error: obstacle?.code === 'container-not-started' ? obstacle.message : '',
      ...(obstacle === null ? {} : { obstacle }),
      words: describeState(pod, container),
      health: null,
    },
  };
}

function statusWord(
  { metadata, status }: Pod,
  state: ContainerState | undefined,
  hasEnded: boolean,
): InstanceState['status'] {
  if (metadata?.deletionTimestamp !== undefined) return 'removing';
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return 'exited';
  if (state?.running !== undefined) return 'running';
  return hasEnded ? 'restarting' : 'created';
}

/** "running", "waiting: CrashLoopBackOff", "terminated: Error", "pending: Unschedulable": Kubernetes' own words. */
export function describeState(pod: Pod, container: string): string {
  const { metadata, spec, status } = pod;
  if (metadata?.deletionTimestamp !== undefined) return 'terminating';
  if (status?.phase === 'Failed' && status.reason) return `failed: ${status.reason}`;
  const unscheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (!spec?.nodeName) return unscheduled?.reason ? `pending: ${unscheduled.reason}` : 'pending';
  const state = statusOf(pod, container)?.state;
  const init = (status?.initContainerStatuses ?? []).find(
    (each) => each.name !== container && isStuck(each.state) && state?.running === undefined,
  );
  if (init !== undefined) return `init container ${init.name} ${stateWords(init.state)}`;
  return stateWords(state);
}

/** It does not run and has not done its work. */
function isStuck(state: ContainerState | undefined): boolean {
  const { waiting, terminated } = state ?? {};
  if (terminated !== undefined) return terminated.exitCode !== 0;
  return waiting !== undefined && waiting.reason !== 'PodInitializing' && waiting.reason !== 'ContainerCreating';
}

function stateWords(state: ContainerState | undefined): string {
  if (state?.running !== undefined) return 'running';
  const kind = state?.terminated === undefined ? 'waiting' : 'terminated';
  const reason = state?.terminated?.reason ?? state?.waiting?.reason;
  return reason ? `${kind}: ${reason}` : kind;
}

/**
 * Why the cluster makes no pod for the workload at all: a quota, Pod Security, a webhook. It is said on the Deployment's and the
 * ReplicaSet's condition, and for the other kinds in an event only. null: nothing is said.
 *
 * @param replicaSets those of the Deployment's newest revision
 * @param events about the workload and its ReplicaSets
 */
export function noPodsObstacle(
  workload: Pick<Workload, 'kind' | 'name' | 'object'>,
  replicaSets: readonly ReplicaSet[],
  events: readonly Event[],
  typed: Surroundings['typed'],
): AppError | null {
  const { kind, name, object } = workload;
  const conditions = [object, ...replicaSets].flatMap(({ status }) =>
    status !== undefined && 'conditions' in status ? (status.conditions ?? []) : [],
  );
  const condition = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  const event =
    kind === 'deployment'
      ? undefined
      : events.filter(({ reason }) => reason === 'FailedCreate').sort((a, b) => lastOf(b) - lastOf(a))[0];
  const message = condition?.message ?? event?.message;
  if (message === undefined) return null;
  return new AppError('no-pods', `The cluster makes no pod for ${nameOf(workload)}${because(message)}.`, {
    hint: { text: noPodsHint(message), command: typed(['describe', kind, name]) },
  });
}

function noPodsHint(message: string): string {
  if (/exceeded quota|must specify limits|must specify requests|failed quota/.test(message))
    return 'Raise the quota of the namespace, or lower what the pods request:';
  if (/violates PodSecurity/.test(message))
    return 'Give the pods a securityContext that the namespace allows, or change the level of the namespace:';
  if (/webhook/.test(message)) return 'Ask those who run the webhook, or change what it refuses:';
  if (/serviceaccount .{1,300} not found/i.test(message)) return 'Create the ServiceAccount, or correct its name:';
  return 'Change what is refused, or ask those who run the cluster:';
}
