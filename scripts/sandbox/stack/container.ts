import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import process from 'node:process';
import type { Instance, InstanceState } from '../../core/stack.ts';
import type { FaultName } from '../faults.ts';
import { endProcess, exitOf, type PipedChild, startProgram } from './process.ts';
import type { SandboxService } from './services.ts';
import { ContainerLog } from './stored-log.ts';

/** As Docker does: it restarts after 100 ms, waits twice as long each time, and starts over at 100 ms after 10 s of running. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
const STABLE_MS = 10_000;

export interface ContainerOptions {
  readonly name: string;
  readonly service: SandboxService;
  /** Variables of the sandbox itself, beside those of the service. */
  readonly technical: Readonly<Record<string, string>>;
  /** Where its log goes. */
  readonly folder: string;
  /** A fault that the container has to act out, as `never-starts`. The BFF acts out the others itself. */
  readonly fault: FaultName | null;
}

/** What the fault `never-starts` starts in place of Node. It does not exist. */
const NO_ENTRYPOINT = 'bff-entrypoint';

/** A process that looks like a container: with an id, a state, a log, and the restart policy of the compose file. */
export class ProcessContainer {
  readonly id = randomBytes(32).toString('hex');
  readonly log: ContainerLog;
  readonly #createdAt = new Date().toISOString();
  readonly #options: ContainerOptions;
  #status: InstanceState['status'] = 'created';
  #exitCode = 0;
  #error = '';
  #startedAt = '0001-01-01T00:00:00Z';
  #restartCount = 0;
  #delayMs = FIRST_DELAY_MS;
  #running: { readonly child: PipedChild; readonly ended: Promise<void> } | null = null;
  #restart: NodeJS.Timeout | null = null;
  #isStopping = false;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.log = new ContainerLog(join(options.folder, `${this.id.slice(0, 12)}.log`));
  }

  /** The service that it was made from: an `up` with an equal one leaves the container alone. */
  get service(): SandboxService {
    return this.#options.service;
  }

  get isActive(): boolean {
    return this.#status === 'running' || this.#status === 'restarting';
  }

  /** A start from outside. It resets the count, which is of the restarts by the policy. */
  start(): void {
    this.#restartCount = 0;
    this.#delayMs = FIRST_DELAY_MS;
    this.#launch();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    if (this.#running !== null) await endProcess(this.#running.child, this.#running.ended);
    this.#status = 'exited';
    this.log.isOver = true;
  }

  describe(): Instance {
    const { name, service } = this.#options;
    const set = Object.entries(service.environment).filter((entry): entry is [string, string] => entry[1] !== null);
    return {
      id: this.id,
      name,
      image: service.image,
      createdAt: this.#createdAt,
      env: Object.fromEntries(set),
      logUnreadable: null,
      // Everything that it writes is on this machine.
      persistentPaths: ['/'],
      // It listens on this machine itself.
      ports: [],
      state: {
        status: this.#status,
        exitCode: this.#exitCode,
        oomKilled: this.#options.fault === 'out-of-memory' && this.#exitCode === 137,
        restartCount: this.#restartCount,
        startedAt: this.#startedAt,
        error: this.#error,
        health: null,
      },
    };
  }

  #launch(): void {
    const { env } = this.describe();
    const { fault, technical } = this.#options;
    const child = startProgram(
      'bff',
      { ...env, ...technical },
      fault === 'never-starts' ? NO_ENTRYPOINT : process.execPath,
    );
    const startedMs = performance.now();
    this.#startedAt = new Date().toISOString();
    this.#status = 'running';
    this.#exitCode = 0;
    this.#error = '';
    this.#isStopping = false;
    this.log.isOver = false;
    const exited = exitOf(child);
    // Every line is in the log before the state says that it has ended.
    const output = Promise.all([this.log.collect('stdout', child.stdout), this.log.collect('stderr', child.stderr)]);
    const ended = Promise.all([exited, output.catch(() => {})]).then(([{ code, startError }]) => {
      this.#running = null;
      this.#settle(code, startError, performance.now() - startedMs);
    });
    this.#running = { child, ended };
  }

  #settle(code: number, startError: string | null, ranMs: number): void {
    this.#exitCode = code;
    if (startError !== null) {
      this.#status = 'created';
      this.#error = `OCI runtime create failed: exec: "${NO_ENTRYPOINT}": executable file not found (${startError})`;
    } else if (this.#isStopping || !isRestarted(this.service, code)) {
      this.#status = 'exited';
    } else {
      this.#status = 'restarting';
      if (ranMs > STABLE_MS) this.#delayMs = FIRST_DELAY_MS;
      this.#restart = setTimeout(() => {
        this.#restartCount++;
        this.#launch();
      }, this.#delayMs);
      this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
      return;
    }
    this.log.isOver = true;
  }
}

function isRestarted({ restart }: SandboxService, code: number): boolean {
  return restart === 'always' || restart === 'unless-stopped' || (restart === 'on-failure' && code !== 0);
}
