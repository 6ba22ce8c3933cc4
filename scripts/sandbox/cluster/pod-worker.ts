import type { Container, ContainerStatus, PodCondition, PodStatus } from 'kubernetes-types/core/v1.d.ts';
import { type ContainerHost, ContainerWorker } from './container-worker.ts';
import type { KubeletTools } from './kubelet-tools.ts';
import { getOf, type Stored, timestamp, updateIn } from './typed-store.ts';

const NODE = 'sandbox';
const HOST_IP = '127.0.0.1';
/** What cannot be scheduled or mounted is tried again after so long. */
const RETRY_S = 5;

/** A pod from the scheduler to its end. */
export class PodWorker {
  readonly #tools: KubeletTools;
  readonly #ip: string;
  readonly #namespace: string;
  readonly #name: string;
  readonly #life = new AbortController();
  readonly #inits: readonly ContainerWorker[];
  readonly #mains: readonly ContainerWorker[];
  /** Ports of this machine by ports of the pod. */
  readonly #ports = new Map<number, number>();
  #last: Stored<'pods'>;
  #isScheduled = false;
  #isInitialized = false;
  #startTime: string | null = null;
  #ending: Promise<void> | null = null;

  constructor(pod: Stored<'pods'>, ip: string, tools: KubeletTools) {
    this.#tools = tools;
    this.#namespace = pod.metadata.namespace;
    this.#name = pod.metadata.name;
    this.#last = pod;
    const host: ContainerHost = {
      pod: () => this.#pod(),
      changed: () => this.#publish(),
      base: (port) => {
        const address = this.address(port);
        return address === null ? null : `http://${address.host}:${address.port}`;
      },
      port: ({ ports }) => this.#ports.get(ports?.[0]?.containerPort ?? -1) ?? null,
      ip,
    };
    this.#ip = ip;
    const workerOf = (container: Container) => new ContainerWorker(container, tools, host);
    this.#inits = (pod.spec?.initContainers ?? []).map(workerOf);
    this.#mains = (pod.spec?.containers ?? []).map(workerOf);
  }
  container(name: string): ContainerWorker | undefined {
    return [...this.#inits, ...this.#mains].find(({ container }) => container.name === name);
  }

  /** Where a port is on this machine, by its number or its name; null: no container has declared it. */
  address(port: number | string): { readonly host: string; readonly port: number } | null {
    const declared = this.#mains.concat(this.#inits).flatMap(({ container }) => container.ports ?? []);
    const number = typeof port === 'number' ? port : declared.find(({ name }) => name === port)?.containerPort;
    const own = number === undefined ? undefined : this.#ports.get(number);
    return own === undefined ? null : { host: HOST_IP, port: own };
  }

  /** Resolves when its containers have ended for good, or it is being ended. */
  async run(): Promise<void> {
    const { signal } = this.#life;
    try {
      // Everybody hears of the new pod before it changes.
      await null;
      await this.#schedule(signal);
      await this.#mount(signal);
      await this.#runContainers(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Ends the containers and takes the pod out of the store. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    await null;
    const pod = this.#pod();
    const workers = [...this.#inits, ...this.#mains];
    const grace = pod.metadata.deletionGracePeriodSeconds ?? 0;
    const preStops = workers.map(({ container }) => Math.min(preStopSeconds(container), grace));
    const never = new AbortController().signal;
    for (const { container, runs } of workers) {
      if (runs.current !== null) this.#tools.record(pod, 'Normal', 'Killing', `Stopping container ${container.name}`);
    }
    const longest = Math.max(0, ...preStops);
    if (longest > 0) await this.#tools.wait(longest, never).catch(() => {});
    this.#life.abort(new Error('the pod is ended'));
    await Promise.all(workers.map((worker) => worker.stop()));
    const { metadata } = this.#last;
    if (getOf(this.#tools.store, 'pods', this.#namespace, this.#name)?.metadata.uid === metadata.uid)
      this.#tools.store.delete('pods', this.#namespace, this.#name);
    await Promise.all(workers.map((worker) => worker.removeLogs()));
    this.#tools.volumes.remove(this.#last);
  }

  async #schedule(signal: AbortSignal): Promise<void> {
    const { store, volumes, findFault, wait, record } = this.#tools;
    for (let pod = this.#pod(); pod.spec?.nodeName === undefined; pod = this.#pod()) {
      signal.throwIfAborted();
      const fault = findFault(pod, null);
      const missing = fault?.at === 'scheduling' ? fault.message : volumes.unbound(pod);
      if (missing === null) {
        updateIn(store, 'pods', pod, (old) => ({ ...old, spec: { containers: [], ...old.spec, nodeName: NODE } }));
        const { namespace, name } = pod.metadata;
        record(
          pod,
          'Normal',
          'Scheduled',
          `Successfully assigned ${namespace}/${name} to ${NODE}`,
          'default-scheduler',
        );
        continue;
      }
      const message = `0/1 nodes are available: ${missing}. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`;
      this.#setUnschedulable(message);
      record(pod, 'Warning', 'FailedScheduling', message, 'default-scheduler');
      await wait(RETRY_S, signal);
    }
    this.#isScheduled = true;
    this.#startTime = timestamp(this.#tools.clock.date());
    for (const worker of this.#mains) worker.waitFor(this.#inits.length > 0 ? 'PodInitializing' : 'ContainerCreating');
    for (const [at, worker] of this.#inits.entries()) worker.waitFor(at > 0 ? 'PodInitializing' : 'ContainerCreating');
    this.#publish();
  }

  #setUnschedulable(message: string): void {
    const { store, clock } = this.#tools;
    const at = timestamp(clock.date());
    updateIn(store, 'pods', this.#pod(), (old) => ({
      ...old,
      status: {
        ...old.status,
        phase: 'Pending',
        conditions: [withTime(old.status?.conditions, at, 'PodScheduled', false, { reason: 'Unschedulable', message })],
      },
    }));
  }

  async #mount(signal: AbortSignal): Promise<void> {
    const { volumes, findFault, wait, record } = this.#tools;
    for (;;) {
      signal.throwIfAborted();
      const pod = this.#pod();
      const fault = findFault(pod, null);
      const problem = fault?.at === 'mount' ? fault.message : volumes.mount(pod);
      if (problem === null) break;
      const reason = fault?.at === 'mount' ? (fault.reason ?? 'FailedMount') : 'FailedMount';
      record(pod, 'Warning', reason, problem);
      await wait(RETRY_S, signal);
    }
    const declared = [...this.#inits, ...this.#mains].flatMap(({ container }) => container.ports ?? []);
    for (const { containerPort } of declared) this.#ports.set(containerPort, await this.#tools.findPort());
  }

  async #runContainers(signal: AbortSignal): Promise<void> {
    const policy = (this.#pod().spec?.restartPolicy ?? 'Always') as 'Always' | 'OnFailure' | 'Never';
    const sidecars: Promise<number>[] = [];
    for (const init of this.#inits) {
      if ((init.container as { readonly restartPolicy?: string }).restartPolicy === 'Always') {
        sidecars.push(init.keepRunning('Always', signal));
        continue;
      }
      const exitCode = await init.keepRunning(policy === 'Never' ? 'Never' : 'OnFailure', signal);
      if (exitCode !== 0) return;
    }
    this.#isInitialized = true;
    for (const worker of this.#mains) worker.waitFor('ContainerCreating');
    this.#publish();
    await Promise.all([...sidecars, ...this.#mains.map((worker) => worker.keepRunning(policy, signal))]);
  }

  /** As the store has it, or had it last. */
  #pod(): Stored<'pods'> {
    const pod = getOf(this.#tools.store, 'pods', this.#namespace, this.#name);
    if (pod !== undefined && pod.metadata.uid === this.#last.metadata.uid) this.#last = pod;
    return this.#last;
  }

  /** Writes the status that the containers have now. */
  #publish(): void {
    if (!this.#isScheduled) return;
    const { store, clock } = this.#tools;
    const pod = this.#pod();
    const at = timestamp(clock.date());
    const mains = this.#mains.map((worker) => worker.status());
    const inits = this.#inits.map((worker) => worker.status());
    const unready = mains.filter(({ ready }) => !ready).map(({ name }) => name);
    const whyNot = { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
    const phase = this.#phase(mains, inits);
    const condition = (type: string, isTrue: boolean, why: Partial<PodCondition> = {}) =>
      withTime(pod.status?.conditions, at, type, isTrue, isTrue ? {} : why);
    const isReady = unready.length === 0 && phase === 'Running';
    const uninitialized = inits.filter(({ state }) => state?.terminated?.exitCode !== 0).map(({ name }) => name);
    const status: PodStatus = {
      phase,
      conditions: [
        condition('PodReadyToStartContainers', true),
        condition('Initialized', this.#isInitialized, {
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${uninitialized.join(' ')}]`,
        }),
        condition('Ready', isReady, whyNot),
        condition('ContainersReady', isReady, whyNot),
        condition('PodScheduled', true),
      ],
      hostIP: HOST_IP,
      podIP: this.#ip,
      podIPs: [{ ip: this.#ip }],
      ...(this.#startTime === null ? {} : { startTime: this.#startTime }),
      ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
      containerStatuses: mains,
      qosClass: 'BestEffort',
    };
    updateIn(store, 'pods', pod, (old) => (old.metadata.uid === pod.metadata.uid ? { ...old, status } : old));
  }

  #phase(mains: readonly ContainerStatus[], inits: readonly ContainerStatus[]): string {
    const policy = this.#pod().spec?.restartPolicy ?? 'Always';
    const isFailed = ({ state }: ContainerStatus) => (state?.terminated?.exitCode ?? 0) !== 0;
    if (policy === 'Never' && !this.#isInitialized && inits.some(isFailed)) return 'Failed';
    if (!this.#isInitialized) return 'Pending';
    if (policy !== 'Always' && mains.every(({ state }) => state?.terminated !== undefined)) {
      if (!mains.some(isFailed)) return 'Succeeded';
      if (policy === 'Never') return 'Failed';
    }
    const hasNeverRun = ({ state, lastState }: ContainerStatus) =>
      state?.waiting !== undefined && lastState?.terminated === undefined;
    return mains.some(hasNeverRun) ? 'Pending' : 'Running';
  }
}

/** The condition with the time at which it became what it is. */
function withTime(
  before: readonly PodCondition[] | undefined,
  at: string,
  type: string,
  isTrue: boolean,
  why: Partial<PodCondition>,
): PodCondition {
  const status = isTrue ? 'True' : 'False';
  const old = before?.find((each) => each.type === type);
  const since = old?.status === status ? (old.lastTransitionTime ?? at) : at;
  return { type, status, ...why, lastTransitionTime: since };
}

/** `preStop` with `sleep`, or with the program of that name. */
function preStopSeconds({ lifecycle }: Container): number {
  const { exec, ...other } = lifecycle?.preStop ?? {};
  const { sleep } = other as { readonly sleep?: { readonly seconds?: number } };
  const typed = /(?:^|\s)sleep\s+(\d+)/.exec(exec?.command?.join(' ') ?? '')?.[1];
  return sleep?.seconds ?? Number(typed ?? 0);
}
