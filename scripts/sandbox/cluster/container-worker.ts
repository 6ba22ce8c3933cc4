import { randomBytes } from 'node:crypto';
import type { Container, ContainerState, ContainerStatus } from 'kubernetes-types/core/v1.d.ts';
import { ContainerLog } from '../stack/stored-log.ts';
import { runProbes } from './container-probes.ts';
import type { RunningContainer } from './container-runtime.ts';
import type { KubeletTools } from './kubelet-tools.ts';
import { EnvironmentError, resolveEnvironment } from './pod-environment.ts';
import { type Stored, timestamp } from './typed-store.ts';

/** The kubelet restarts at once after a first end, then waits 10 s, twice as long each time, at most 300 s. */
const FIRST_BACK_OFF_S = 10;
const LONGEST_BACK_OFF_S = 300;
/** After so long a run the back-off starts again from the beginning. */
const FORGET_S = 600;
/** A container that has ended is looked at again after so long. */
const SYNC_S = 1;
/** What cannot be started is tried again after so long. */
const RETRY_S = 10;
const OUT_OF_MEMORY = 137;

/** One run of a container, and its log, which outlives it until the next run has ended. */
export interface ContainerRun {
  /** `containerd://` and 64 digits. */
  readonly id: string;
  readonly log: ContainerLog;
  readonly env: Readonly<Record<string, string>>;
}

interface PresentRun extends ContainerRun {
  readonly running: RunningContainer;
  readonly startedAt: string;
}

export interface ContainerHost {
  /** The pod as the store has it now. */
  pod(): Stored<'pods'>;
  /** The status of a container is another one. */
  changed(): void;
  /** Where a port of the pod is on this machine. */
  base(port: number | string): string | null;
  /** The port of this machine for the first port of the container. */
  port(container: Container): number | null;
  readonly ip: string;
}

type Policy = 'Always' | 'OnFailure' | 'Never';

/** A container of a pod over all its runs. */
export class ContainerWorker {
  readonly container: Container;
  readonly #tools: KubeletTools;
  readonly #host: ContainerHost;
  #state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  #lastState: ContainerState = {};
  #restartCount = 0;
  #isReady = false;
  #isStarted = false;
  #run: PresentRun | null = null;
  /** Of the last run that ended. */
  #dead: ContainerRun | null = null;
  #logs = Promise.resolve();

  constructor(container: Container, tools: KubeletTools, host: ContainerHost) {
    this.container = container;
    this.#tools = tools;
    this.#host = host;
  }

  status(): ContainerStatus {
    const { name, image = '' } = this.container;
    const terminated = this.#state.terminated ?? this.#lastState.terminated;
    const id = this.#run?.id ?? terminated?.containerID;
    return {
      name,
      image,
      imageID: id === undefined ? '' : `${image}@sha256:sandbox`,
      ...(id === undefined ? {} : { containerID: id }),
      ready: this.#isReady,
      started: this.#isStarted,
      restartCount: this.#restartCount,
      state: this.#state,
      lastState: this.#lastState,
    };
  }

  /** The run that goes on, and the last one that ended. */
  get runs(): { readonly current: ContainerRun | null; readonly dead: ContainerRun | null } {
    return { current: this.#run, dead: this.#dead };
  }

  get hasEnded(): boolean {
    return this.#state.terminated !== undefined;
  }

  /** What it waits for while the containers before it run. */
  waitFor(reason: 'PodInitializing' | 'ContainerCreating'): void {
    this.#state = { waiting: { reason } };
  }

  /**
   * Runs it, again and again where the policy says so.
   *
   * @returns the exit code of the last run
   */
  async keepRunning(policy: Policy, signal: AbortSignal): Promise<number> {
    for (let backOffS = 0; ; ) {
      const startedS = this.#tools.seconds();
      const exitCode = await this.#runOnce(signal);
      if (policy === 'Never' || (policy === 'OnFailure' && exitCode === 0)) return exitCode;
      if (this.#tools.seconds() - startedS > FORGET_S) backOffS = 0;
      await this.#tools.wait(SYNC_S, signal);
      if (backOffS > 0) await this.#backOff(backOffS, signal);
      backOffS = backOffS === 0 ? FIRST_BACK_OFF_S : Math.min(2 * backOffS, LONGEST_BACK_OFF_S);
      this.#restartCount++;
    }
  }

  /** Asks the present run to end. Nothing is started after it, because the signal of `keepRunning` has aborted. */
  async stop(): Promise<void> {
    const run = this.#run;
    await run?.running.stop();
    if (run !== null) this.#settle(run, (await run.running.ended).exitCode);
  }

  async removeLogs(): Promise<void> {
    await this.#logs;
    await Promise.all([this.#run?.log.remove(), this.#dead?.log.remove()]);
  }

  async #backOff(seconds: number, signal: AbortSignal): Promise<void> {
    const { name } = this.container;
    const { metadata } = this.#host.pod();
    const pod = `${metadata.name}_${metadata.namespace}(${metadata.uid})`;
    this.#set(
      waiting('CrashLoopBackOff', `back-off ${spell(seconds)} restarting failed container=${name} pod=${pod}`),
      this.#state.terminated === undefined ? this.#lastState : this.#state,
    );
    this.#record('Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${pod}`);
    await this.#tools.wait(seconds, signal);
  }

  /** From the image to the end of the process. */
  async #runOnce(signal: AbortSignal): Promise<number> {
    const env = await this.#prepare(signal);
    const host = this.#host;
    const { container } = this;
    const id = randomBytes(32).toString('hex');
    const log = new ContainerLog(this.#tools.volumes.logFile(id));
    const root = this.#tools.volumes.root(host.pod(), container);
    this.#record('Normal', 'Created', `Created container: ${container.name}`);
    const fault = this.#tools.findFault(host.pod(), container.name);
    const lastState = this.#state.terminated === undefined ? this.#lastState : this.#state;
    const startedAt = timestamp(this.#tools.clock.date());
    const running: RunningContainer =
      fault?.at === 'start'
        ? { ended: Promise.resolve({ exitCode: 128, startError: fault.message }), stop: async () => {} }
        : this.#tools.start({ container, env, root, port: host.port(container), log });
    const run = { id: `containerd://${id}`, log, env, running, startedAt };
    this.#run = run;
    this.#set({ running: { startedAt } }, lastState);
    this.#record('Normal', 'Started', `Started container ${container.name}`);

    const over = new AbortController();
    // It is not waited for: an answer may still be on its way.
    runProbes(
      this.#tools,
      container,
      host.base,
      host.ip,
      {
        started: () => this.#change(() => (this.#isStarted = true)),
        ready: (isReady) => this.#change(() => (this.#isReady = isReady)),
        unhealthy: (message) => this.#record('Warning', 'Unhealthy', message),
        kill: (why) => {
          this.#record('Normal', 'Killing', why);
          void running.stop();
        },
      },
      AbortSignal.any([signal, over.signal]),
    ).catch((error: unknown) => {
      if (!over.signal.aborted && !signal.aborted) throw error;
    });
    const { exitCode, startError } = await running.ended;
    over.abort();
    signal.throwIfAborted();
    if (startError !== null) {
      const message = `failed to create containerd task: failed to create shim task: ${startError}`;
      this.#record('Warning', 'Failed', `Error: ${message}`);
      this.#settle(run, 128, message);
      return 128;
    }
    this.#settle(run, exitCode);
    return exitCode;
  }

  /** Waits until image and environment are there. @returns its variables */
  async #prepare(signal: AbortSignal): Promise<Record<string, string>> {
    const { container } = this;
    for (let pulls = 0; ; ) {
      signal.throwIfAborted();
      const pod = this.#host.pod();
      const fault = this.#tools.findFault(pod, container.name);
      if (fault?.at === 'image') {
        await this.#failToPull(fault, ++pulls, signal);
        continue;
      }
      if (fault?.at === 'slow') await this.#tools.wait(fault.seconds, signal);
      this.#record('Normal', 'Pulled', `Container image "${container.image}" already present on machine`);
      try {
        if (fault?.at !== 'create') return resolveEnvironment(this.#tools.store, pod, container);
        this.#failToCreate(fault.reason, fault.message);
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error;
        this.#failToCreate('CreateContainerConfigError', error.message);
      }
      await this.#tools.wait(RETRY_S, signal);
    }
  }

  #failToCreate(reason: string, message: string): void {
    this.#record('Warning', 'Failed', `Error: ${message}`);
    this.#set(waiting(reason, message));
  }

  async #failToPull(
    { reason, message }: { readonly reason: string; readonly message: string },
    tries: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { image } = this.container;
    this.#set(waiting(reason, message));
    if (reason === 'ErrImagePull') this.#record('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
    this.#record('Warning', reason === 'InvalidImageName' ? reason : 'Failed', `Error: ${reason}`);
    await this.#tools.wait(RETRY_S, signal);
    if (reason !== 'ErrImagePull') return;
    this.#set(waiting('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${message}`));
    this.#record('Normal', 'BackOff', `Back-off pulling image "${image}"`);
    await this.#tools.wait(Math.min(RETRY_S * 2 ** (tries - 1), LONGEST_BACK_OFF_S), signal);
  }

  #settle(run: PresentRun, exitCode: number, startError?: string): void {
    if (this.#run !== run) return;
    const dead = this.#dead;
    this.#run = null;
    this.#dead = { id: run.id, log: run.log, env: run.env };
    run.log.isOver = true;
    // The kubelet keeps one dead container.
    if (dead !== null) this.#logs = Promise.all([this.#logs, dead.log.remove()]).then(() => {});
    this.#isReady = false;
    this.#isStarted = false;
    const isKilled = exitCode === OUT_OF_MEMORY && run.env['SANDBOX_BFF_FAULT'] === 'out-of-memory';
    const reason =
      startError === undefined ? (isKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error') : 'StartError';
    this.#set({
      terminated: {
        exitCode,
        reason,
        ...(startError === undefined ? {} : { message: startError }),
        startedAt: startError === undefined ? run.startedAt : '1970-01-01T00:00:00Z',
        finishedAt: timestamp(this.#tools.clock.date()),
        containerID: run.id,
      },
    });
  }

  #set(state: ContainerState, lastState: ContainerState = this.#lastState): void {
    this.#change(() => {
      this.#state = state;
      this.#lastState = lastState;
    });
  }

  #change(change: () => void): void {
    change();
    this.#host.changed();
  }

  #record(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#tools.record(this.#host.pod(), type, reason, message);
  }
}

function waiting(reason: string, message: string): ContainerState {
  return { waiting: { reason, message } };
}

/** As Go spells a duration: `10s`, `2m40s`. */
function spell(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
