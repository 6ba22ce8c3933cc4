import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { orAborted } from '../core/or-aborted.ts';
import type { Clock, Files, LocalSocket, Processes } from '../core/ports.ts';
import type { KubernetesFacts } from '../core/result.ts';
import type { Instance, Stack, StackState } from '../core/stack.ts';
import { createApiProxy } from './api-proxy.ts';
import { type Assessment, assess, type Purpose } from './assessment.ts';
import { fieldsOf, resolveEnvironment } from './environment.ts';
import { type Cluster, findCluster } from './find-cluster.ts';
import { isOwnedBy, nameOf, type Workload } from './model.ts';
import { hasOwnEntry } from './own-entry.ts';
import { judgeOwners, reloaderOf, restartManagerOf } from './owners.ts';
import { createSecretChanges, type View } from './planned-secret.ts';
import { createLogTurns, readPodLog } from './pod-log.ts';
import { noPodsObstacle, toInstance } from './pod-state.ts';
import { type PodWatch, watchPods } from './pod-watch.ts';
import { createForwards } from './port-forward.ts';
import { reachFromPod } from './probe.ts';
import { isOf, restartWorkload, revisionOf, selectorOf } from './rollout.ts';
import { replicasOf } from './rollout-plan.ts';
import { lastWriterOf } from './secret-key.ts';
import { checkCommand } from './secret-proof.ts';
import { servedPort } from './served-port.ts';
import { type Neighbours, readNeighbours } from './surroundings.ts';
import { readView } from './view.ts';
import { describeCluster } from './which-cluster.ts';
import type { FoundWorkload } from './workload.ts';

export interface KubernetesOptions {
  /** NAME, or KIND/NAME. */
  readonly workload: string;
  readonly context: string | null;
  readonly namespace: string | null;
  readonly container: string | null;
  /** The program in place of kubectl, with its first arguments. */
  readonly kubectl: string;
  /** The variable that takes the token. */
  readonly variable: string;
  readonly write: 'auto' | 'secret' | 'own-secret';
  /** `--force`: an owner that would undo the change is no reason to stop. */
  readonly isForced: boolean;
  /** The BFF is asked at a URL that was given, and not pod by pod. */
  readonly hasBffUrl: boolean;
  readonly healthTimeoutMs: number;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface KubernetesTools {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly files: Files;
  /** null: this system has no Unix sockets. */
  openSocket(): Promise<LocalSocket | null>;
}

/** A cluster that does not answer for this long is no passing trouble. */
const TROUBLE_MS = 30_000;

/** Between two looks at why there is no new pod yet. */
const POD_POLL_MS = 500;

/**
 * Finds a workload on the user's cluster, and talks to it through the user's own kubectl.
 *
 * @param purpose `look`: nothing will be changed, so the context need not be confirmed
 * @throws AppError `kubectl-…`, `context-unknown`, `namespace-unknown`, `workload-…`, `container-ambiguous`, `cluster-…`
 */
export async function findKubernetesStack(
  options: KubernetesOptions,
  tools: KubernetesTools,
  purpose: Purpose,
  signal: AbortSignal,
): Promise<Stack> {
  const cluster = await findCluster({ ...options, program: options.kubectl }, tools, signal);
  const { kubectl, namespace } = cluster;
  // What needs less than the whole view is asked for beside it.
  const neighbours = readNeighbours(kubectl, signal);
  neighbours.catch(() => {});
  let watch: PodWatch | null = null;
  const onFound = ({ object, name }: FoundWorkload) => {
    watch = watchPods(kubectl, { selector: selectorOf(object), name, clock: tools.clock }, signal);
  };
  try {
    const view = await readView(kubectl, { ...options, namespace, onFound }, signal);
    if (watch === null) throw new Error('A view was read without a workload.');
    return createKubernetesStack(options, tools, purpose, cluster, { view, neighbours, watch });
  } catch (error) {
    await (watch as PodWatch | null)?.close();
    throw error;
  }
}

/** What was found, or is still being asked for. */
interface Found {
  readonly view: View;
  readonly neighbours: Promise<Neighbours>;
  readonly watch: PodWatch;
}

function createKubernetesStack(
  options: KubernetesOptions,
  { clock, openSocket }: KubernetesTools,
  purpose: Purpose,
  cluster: Cluster,
  found: Found,
): Stack {
  const { variable } = options;
  const { kubectl, namespace } = cluster;
  const { watch } = found;
  const { kind, name } = found.view.workload;
  const target = nameOf(found.view.workload);
  const container = found.view.workload.container.name;
  const typed = kubectl.typed;
  const proxy = createApiProxy(kubectl, { ...cluster, clock, openSocket });
  const turns = createLogTurns(clock);
  const forwards = createForwards(kubectl, proxy, clock);
  let { view } = found;
  /** As it was when the change was planned: what another controller does since then is seen. */
  let planned = view;
  let neighbours: Promise<Neighbours> | null = found.neighbours;
  let isFresh = true;
  let assessment: Assessment | null = null;
  let revision: KubernetesFacts['revision'] = { before: null, after: null };
  let reverted = false;
  let troubleSinceMs: number | null = null;

  const changes = createSecretChanges({
    kubectl,
    variable,
    write: options.write,
    ownerOf(source) {
      if (options.isForced) return null;
      const { objection, owners } = judgeOwners(`secret/${source.name}`, source);
      return objection === null ? null : (owners[0] ?? null);
    },
  });

  const readAgain = async (signal: AbortSignal) => {
    if (!isFresh) view = await readView(kubectl, { ...options, namespace, workload: target, container }, signal);
    isFresh = false;
    return view;
  };

  /** All pods that the workload's selector finds, in no order. */
  const known = async (signal: AbortSignal): Promise<readonly Pod[]> => {
    signal.throwIfAborted();
    await orAborted(watch.ready, signal);
    const trouble = watch.trouble();
    troubleSinceMs = trouble === null ? null : (troubleSinceMs ?? clock.now());
    if (trouble !== null && troubleSinceMs !== null && clock.now() - troubleSinceMs > TROUBLE_MS) throw trouble;
    return watch.pods();
  };
  /** The newest first. */
  const pods = async (signal: AbortSignal) => [...(await known(signal))].sort(byCreation);

  const describe = (pod: Pod): Instance => {
    const { spec } = pod;
    const own = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find((each) => each.name === container);
    const resolved = own && resolveEnvironment(own, view.sources, fieldsOf(pod));
    const instance = toInstance(pod, container, {
      env: resolved?.environment ?? {},
      persistentPaths: assessment?.credentials.persistentPaths ?? [],
      ports: [],
      events: watch.eventsOf(pod.metadata?.name ?? ''),
      now: clock.date(),
      typed,
    });
    const needsToken = assessment?.needsToken ?? null;
    return needsToken === null ? instance : { ...instance, needsToken };
  };
  const instances = async (signal: AbortSignal) => (await pods(signal)).map(describe);

  const find = async (id: string, signal: AbortSignal) =>
    (await known(signal)).find(({ metadata }) => metadata?.uid === id) ?? null;

  /** @param newest the ReplicaSet that has to make the pods; null: there is none */
  const whyNoPods = (workload: Pick<Workload, 'kind' | 'name' | 'object'>, newest: ReplicaSet | null) => {
    const events = [name, newest?.metadata?.name ?? name].flatMap((each) => watch.eventsOf(each));
    return noPodsObstacle(workload, newest === null ? [] : [newest], events, typed);
  };

  /** Waits until there is a new pod, or the cluster says why it makes none. */
  const firstPod = async (isNew: (pod: Pod) => boolean, signal: AbortSignal) => {
    const endMs = clock.now() + options.healthTimeoutMs;
    for (;;) {
      if ((await pods(signal)).some(isNew)) return;
      const object = await kubectl.json<Workload['object']>(['get', kind, name, '--watch=false'], signal);
      const { replicaSet } = await revisionOf(kubectl, { kind, object }, signal);
      const obstacle = whyNoPods({ kind, name, object }, replicaSet);
      if ((await pods(signal)).some(isNew)) return;
      if (obstacle !== null) throw obstacle;
      if (clock.now() >= endMs)
        throw new AppError('no-pods', `The cluster has made no new pod of ${target} in time.`, {
          hint: {
            text: 'Old pods that take long to end may be the reason. To see it:',
            command: typed(['describe', target]),
          },
        });
      await clock.sleep(POD_POLL_MS, signal);
    }
  };

  const verifyNotReverted = async (signal: AbortSignal) => {
    if ((await changes.isStillWritten(signal)) !== false) return;
    reverted = true;
    const owner = assessment?.owners[0];
    const secret = changes.place()?.secret ?? '';
    const who =
      owner === undefined
        ? `${await lastWriterOf(kubectl, secret)} changed it`
        : `${owner.kind} ${owner.name} put it back`;
    throw new AppError('reverted', `secret/${secret} does not hold the token any more: ${who}.`, {
      hint: 'Have the token set where that takes it from, or say --write own-secret.',
    });
  };

  return {
    description: describeCluster(kubectl.program, cluster, view.workload),
    facts: [
      ['Cluster', `${cluster.context ?? 'in a pod'} (${cluster.server})`],
      ['Workload', `${target} in namespace ${namespace}, container ${container}`],
      ['kubectl', `${kubectl.program} ${cluster.version}`],
    ],
    isLocal: false,
    turn: `${target} in namespace ${namespace} of ${cluster.server}`,
    get byHand() {
      const place = changes.place();
      const restart = ['rollout', 'restart', target];
      const isReferred = place !== null && hasOwnEntry(view.workload.container, { variable, secret: place.secret });
      return {
        check: checkCommand(kubectl, place?.secret ?? '', place?.key ?? variable),
        restart: typed(
          place?.wrote === 'own-secret' && !isReferred
            ? ['set', 'env', target, `--containers=${container}`, `--from=secret/${place.secret}`]
            : restart,
        ),
        recreate: typed(restart),
        follow: typed(['logs', target, '-c', container, '--all-pods=true', '--prefix=true', '-f']),
        log: ({ name: pod }: Instance) => typed(['logs', `pod/${pod}`, '-c', container]),
        inspect: ({ name: pod }: Instance) => typed(['describe', `pod/${pod}`]),
        resume: () => typed(['rollout', 'resume', target]),
      };
    },

    async look(signal): Promise<StackState> {
      let forbidden: AppError | null = null;
      const looking = pods(signal).catch((error: unknown) => {
        if (!(error instanceof AppError && error.code === 'rights-missing')) throw error;
        forbidden = error;
        return [];
      });
      const surroundings = Promise.all([neighbours ?? readNeighbours(kubectl, signal), looking]);
      neighbours = null;
      surroundings.catch(() => {});
      const { workload, sources } = await readAgain(signal);
      const { environment } = resolveEnvironment(workload.container, sources);
      const around = surroundings.then(([others, all]) => ({ ...others, pods: all }));
      const assessed = await assess({ ...options, cluster, purpose }, view, environment, around, signal);
      const { pods: all, replicaSets } = await around;
      assessment = assessed;
      const refusal = assessed.refusals[0] ?? forbidden;
      if ((purpose !== 'look' || forbidden !== null) && refusal !== null) throw refusal;
      const described = all.map(describe);
      const asObjections = assessed.refusals.map((error) => ({ error, question: '', yieldsToForce: false }));
      const [newest = null] = replicaSets.filter((each) => isOwnedBy(each, workload.object)).sort(byCreation);
      const noPods = all.length > 0 ? null : whyNoPods(workload, newest);
      const question = `Mint a token for ${target} anyway?`;
      const ofNoPods = noPods === null || purpose !== 'write' ? [] : [{ error: noPods, question, yieldsToForce: true }];
      const isStopped = (error: AppError) => error.code === 'no-replicas' || error.code === 'rollout-paused';
      return {
        environment,
        environments: [environment],
        instance: described[0] ?? null,
        instances: described,
        absence: all.length > 0 ? null : (assessed.refusals.find(isStopped) ?? noPods),
        sideEffects: assessed.warnings,
        objections: [...asObjections, ...ofNoPods, ...assessed.objections],
        next: {
          changed: null,
          copies: replicasOf(view.workload),
          extraStarts: assessed.extraStarts,
          sharedPaths: assessed.credentials.sharedPaths,
          before: [],
        },
      };
    },
    prepare: async (_, signal) => signal.throwIfAborted(),
    async planWrite(settings, signal) {
      signal.throwIfAborted();
      planned = view;
      return changes.planWrite(view, settings, signal);
    },
    async planClear(prior, signal) {
      planned = await readAgain(signal);
      return changes.planClear(planned, prior);
    },

    async restart(listener, onStart, signal) {
      isFresh = false;
      await readAgain(signal);
      await verifyNotReverted(signal);
      const { workload, sources } = view;
      const secret = changes.place()?.secret ?? null;
      const source = secret === null ? undefined : sources.secrets.get(secret);
      const annotations = typeof source === 'object' ? source.metadata.annotations : undefined;
      const reloader = secret !== null && reloaderOf(workload, { name: secret, annotations }) !== null;
      signal.throwIfAborted();
      onStart();
      const pending = changes.pendingTemplate(workload);
      listener.progress(
        reloader && pending.length === 0 ? `waiting for Reloader to restart ${target}` : `restarting ${target}`,
      );
      const manager = restartManagerOf(workload);
      const rollout = await restartWorkload(kubectl, planned.workload, pending, { manager, reloader, clock }, signal);
      const { before, after } = rollout;
      // Reloader was faster than the look at what there was.
      revision = { before: before.number === after.number ? null : before.number, after: after.number };
      listener.progress(`waiting for the first new pod of ${target}`);
      const isNew = (pod: Pod) => isOf(rollout.after, pod) && pod.metadata?.deletionTimestamp === undefined;
      await firstPod(isNew, signal);
      await readAgain(signal);
      await verifyNotReverted(signal);
      const [newest, ...others] = (await pods(signal)).filter(isNew).map(describe);
      if (newest === undefined) throw new AppError('no-pods', `${target} has no pod of the new revision any more.`);
      const made =
        others.length === 0 ? 'the first new pod is there' : `the first ${others.length + 1} new pods are there`;
      return {
        instances: [newest, ...others],
        wanted: () => replicasOf(view.workload),
        summary: `${rollout.by === 'other' ? 'Reloader made a ' : ''}rollout of ${target}${revision.after === null ? '' : `, revision ${revision.after}`}; ${made}`,
      };
    },
    instances,
    async instance(id, signal) {
      const pod = await find(id, signal);
      return pod === null ? null : describe(pod);
    },
    async reachFrom(id, url, signal) {
      const pod = await find(id, signal);
      if (pod === null) return { kind: 'unknown', why: 'the pod is gone' };
      return reachFromPod(kubectl, pod, container, url, { clock, watch }, signal);
    },
    async *logs(id, how) {
      how.signal.throwIfAborted();
      const isProxied = await proxy.isThere(how.signal);
      yield* readPodLog(kubectl, id, { ...how, container }, { watch, clock, proxy, turns: turns(isProxied) });
    },
    async connect(id, signal) {
      const pod = await find(id, signal);
      if (pod === null) throw new AppError('port-forward-failed', 'The pod is gone.');
      return forwards.open(pod.metadata?.name ?? '', servedPort(view.workload.container), signal);
    },
    details() {
      const place = changes.place();
      return {
        context: cluster.context ?? '',
        cluster: cluster.server,
        namespace,
        workload: target,
        container,
        target: place === null ? null : `secret/${place.secret}`,
        key: place?.key ?? null,
        owners: assessment?.owners ?? [],
        credentials: assessment?.credentials.kept ?? null,
        usesNeeded: assessment?.uses ?? null,
        revision,
        missingRights: assessment?.rights.missing ?? [],
        role: assessment?.rights.role ?? null,
        reverted,
      };
    },
    async close() {
      await Promise.all([forwards.close(), proxy.close(), watch.close()]);
    },
  };
}

/** The newest first. */
function byCreation(a: { readonly metadata?: ObjectMeta }, b: { readonly metadata?: ObjectMeta }): number {
  return createdAt(a) < createdAt(b) ? 1 : -1;
}

function createdAt({ metadata }: { readonly metadata?: ObjectMeta }): string {
  return metadata?.creationTimestamp ?? '';
}
