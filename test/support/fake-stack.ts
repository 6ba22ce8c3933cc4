import { AppError } from '../../scripts/core/errors.ts';
import type { Reach } from '../../scripts/core/reach.ts';
import type { ChangeFacts, LogLine, PriorValue } from '../../scripts/core/result.ts';
import type { Secret } from '../../scripts/core/secret.ts';
import type {
  Environment,
  Instance,
  Listener,
  LogOptions,
  NextStart,
  PlannedClear,
  PlannedWrite,
  Restarted,
  Settings,
  Stack,
  StackState,
  Written,
} from '../../scripts/core/stack.ts';
import type { FakeClock } from './fake-clock.ts';
import { type Behaviour, FakeInstance } from './fake-instance.ts';

export { type Answer, type Behaviour, FakeInstance } from './fake-instance.ts';

const FIRST_PORT = 40_000;
const ROLL_MS = 200;

/** A stack in memory, whose BFF does what a test says. It behaves as the real ones do (stack-contract.ts). */
export class FakeStack implements Stack {
  readonly description = 'fake, service bff';
  readonly facts = [['Stack', 'fake']] as const;
  readonly isLocal: boolean = false;
  readonly byHand = {
    check: 'fake config',
    restart: 'fake up bff',
    recreate: 'fake up --force bff',
    follow: 'fake logs -f bff',
    log: ({ name }: Instance) => `fake logs ${name}`,
    inspect: ({ name }: Instance) => `fake inspect ${name}`,
    resume: ({ name }: Instance) => `fake unpause ${name}`,
  };
  /** Where the environment lives: a file would hold it. */
  place = '/fake/environment';
  /** What was asked of it that changes something, in order. */
  readonly calls: string[] = [];
  environment: Environment;
  sideEffects: readonly string[] = [];
  /** Whether variables besides the token's can be added where the value is. */
  addsOthers = true;
  /** What the BFF finds where its IdP should be. */
  reach: Reach = { kind: 'answered', status: 200 };
  /** What the next start of a new instance does. */
  behave: Behaviour;
  /** What there is now, the newest first. */
  all: readonly FakeInstance[] = [];
  next: NextStart = { changed: null, copies: 1, sharedPaths: ['/'], before: [] };
  objections: StackState['objections'];
  absence: StackState['absence'];
  /** It makes and replaces its instances by itself, so many of the wanted ones at first, and each further one when one serves. */
  managed: { readonly wanted: number; readonly atFirst: number } | null = null;
  /** A way to each of them. */
  connect?: NonNullable<Stack['connect']>;
  /** What `prepare` does. */
  onPrepare: () => Promise<void> = async () => {};
  readonly #clock: FakeClock;
  readonly #variable: string;
  #made = 0;
  /** As it was before this run wrote it first. */
  #original: Environment | null = null;

  constructor(clock: FakeClock, environment: Environment, behave: Behaviour, variable = 'DCR_IAT') {
    this.#clock = clock;
    this.environment = environment;
    this.behave = behave;
    this.#variable = variable;
  }

  /** The newest. */
  get current(): FakeInstance | null {
    return this.all[0] ?? null;
  }

  /** Starts its instances with the environment as it is now, in place of those that are there; the newest. */
  replace(): FakeInstance {
    for (const each of this.all) each.remove();
    const copies = Array.from({ length: this.next.copies }, (_, index) => {
      return new FakeInstance(++this.#made, index + 1, this.#given(), this.#clock, this.behave);
    });
    this.all = copies.reverse();
    for (const each of this.all) each.start();
    return this.all[0] as FakeInstance;
  }

  /** As a stack that makes its instances by itself, and has a way to each. */
  manage(wanted: number, atFirst = wanted): void {
    this.managed = { wanted, atFirst };
    this.next = { ...this.next, copies: wanted };
    this.connect = async (id, signal) => {
      signal.throwIfAborted();
      const found = this.all.find((each) => each.id === id && !each.isGone);
      if (found === undefined) throw new AppError('port-forward-failed', 'It is gone.');
      return `http://127.0.0.1:${FIRST_PORT + Number(id)}`;
    };
  }

  /** Which instance a URL of `connect` leads to; undefined: it is not one. */
  at(url: string): FakeInstance | undefined {
    const port = URL.canParse(url) ? Number(new URL(url).port) : 0;
    return port > FIRST_PORT ? this.all.find(({ id }) => Number(id) === port - FIRST_PORT) : undefined;
  }

  /** One more instance with the environment as it is now, as a stack makes it that manages them by itself. */
  add(): FakeInstance {
    const made = new FakeInstance(++this.#made, this.#made, this.#given(), this.#clock, this.behave);
    made.noun = 'pod';
    this.all = [made, ...this.all];
    made.start();
    return made;
  }

  /** The first of the new ones at once, each further one a moment after another serves, in place of an old one. */
  #roll({ wanted, atFirst }: { readonly wanted: number; readonly atFirst: number }): readonly FakeInstance[] {
    const old = [...this.all];
    let made = 0;
    const make = (): FakeInstance => {
      made += 1;
      const each = this.add();
      each.onServe = () => {
        void this.#clock.sleep(ROLL_MS, new AbortController().signal).then(() => {
          old.shift()?.remove();
          if (made < wanted) make();
        });
      };
      return each;
    };
    return Array.from({ length: Math.min(atFirst, wanted) }, make).reverse();
  }

  /** What the place holds. */
  text(): string {
    return Object.entries(this.environment)
      .map(([name, value]) => `${name}${value === null ? '' : `=${value}`}\n`)
      .join('');
  }

  async look(signal: AbortSignal): Promise<StackState> {
    signal.throwIfAborted();
    const { environment, sideEffects, objections, absence = null, next } = this;
    const instances = await this.instances(signal);
    const instance = instances[0] ?? null;
    const state = { environment, environments: [environment], instance, instances, absence, sideEffects, next };
    return objections === undefined ? state : { ...state, objections };
  }

  async prepare(_: Listener, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.next.before.length === 0) return;
    this.calls.push('prepare');
    await this.onPrepare();
  }

  async planWrite(settings: Settings, signal: AbortSignal): Promise<PlannedWrite> {
    signal.throwIfAborted();
    const others = { ...settings.correct, ...(this.addsOthers ? settings.add : {}) };
    const names = [...Object.keys(others), this.#variable];
    return {
      place: this.place,
      warnings: [],
      preview: { ...this.#facts(names, 'the new IAT'), wrote: null, before: null },
      write: async (token: Secret, handle: string, listener: Listener, signal: AbortSignal) => {
        this.calls.push('write');
        const before = this.environment;
        this.#original ??= before;
        this.environment = { ...before, ...others, [this.#variable]: token.reveal() };
        const change = this.#facts(names, `IAT ${handle}`);
        listener.progress('checking what the service would get');
        await this.#finishUnlessAborted(before, signal);
        return { change, summary: `${this.#variable} in ${this.place}`, doubt: null, putBack: this.#back(before) };
      },
    };
  }

  async planClear(prior: PriorValue | null, signal: AbortSignal): Promise<PlannedClear> {
    signal.throwIfAborted();
    const isSet = Boolean(this.environment[this.#variable]);
    const back = this.#original === null ? prior : priorOf(this.#original[this.#variable]);
    const preview = { ...this.#facts([this.#variable], 'nothing'), wrote: null, before: null };
    return {
      place: this.place,
      isSet,
      preview,
      clear: async (_: Listener, signal: AbortSignal): Promise<Written> => {
        this.calls.push('clear');
        const before = this.environment;
        const { [this.#variable]: _value, ...others } = before;
        const left: Environment =
          back === 'empty' ? { [this.#variable]: '' } : back === 'passed-through' ? { [this.#variable]: null } : {};
        if (isSet) this.environment = { ...others, ...left };
        await this.#finishUnlessAborted(before, signal);
        const change = isSet ? this.#facts([this.#variable], 'nothing') : null;
        return {
          change,
          summary: `${this.#variable} is out of ${this.place}`,
          doubt: null,
          putBack: this.#back(before),
        };
      },
    };
  }

  async restart(listener: Listener, onStart: () => void, signal: AbortSignal): Promise<Restarted> {
    signal.throwIfAborted();
    onStart();
    this.calls.push('restart');
    listener.progress(this.byHand.restart);
    const old = this.current;
    if (this.managed === null && old !== null && JSON.stringify(old.env) === JSON.stringify(this.#given())) {
      throw new AppError('container-unchanged', 'The old container of bff is still in place.');
    }
    if (this.managed !== null) {
      const { wanted } = this.managed;
      const [newest, ...others] = this.#roll(this.managed).map((each) => each.describe());
      if (newest === undefined) throw new Error('Nothing was made.');
      return { instances: [newest, ...others], wanted: () => wanted, summary: 'rolled out' };
    }
    const instance = this.replace();
    const [first = instance.describe(), ...others] = this.all.map((each) => each.describe());
    return { instances: [first, ...others], summary: `new container ${instance.id.slice(-12)}` };
  }

  async instances(signal: AbortSignal): Promise<readonly Instance[]> {
    signal.throwIfAborted();
    return this.all.filter(({ isGone }) => !isGone).map((each) => each.describe());
  }

  async instance(id: string, signal: AbortSignal): Promise<Instance | null> {
    return (await this.instances(signal)).find((each) => each.id === id) ?? null;
  }

  async *logs(id: string, options: LogOptions): AsyncGenerator<LogLine> {
    options.signal.throwIfAborted();
    const instance = this.all.find((each) => each.id === id);
    if (instance === undefined) return;
    if (instance.logUnreadable !== null) return void options.onUnreadable?.();
    yield* instance.read(options);
  }

  async reachFrom(_id: string, _url: string, signal: AbortSignal): Promise<Reach> {
    signal.throwIfAborted();
    return this.reach;
  }

  #given(): Record<string, string> {
    const set = Object.entries(this.environment).filter((entry): entry is [string, string] => entry[1] !== null);
    return Object.fromEntries(set);
  }

  #back(before: Environment): () => Promise<void> {
    return async () => {
      this.calls.push('put back');
      this.environment = before;
    };
  }

  /** An interruption before it is proven that a change counts puts everything back. */
  async #finishUnlessAborted(before: Environment, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) return;
    await this.#back(before)();
    throw signal.reason;
  }

  #facts(changed: readonly string[], handle: string): ChangeFacts {
    const before = priorOf((this.#original ?? this.environment)[this.#variable]);
    const diff = `+${this.#variable}=‹${handle}›\n`;
    return { files: [this.place], service: 'bff', wrote: 'compose', target: this.place, before, changed, diff };
  }
}

function priorOf(value: string | null | undefined): PriorValue {
  if (value === undefined) return 'absent';
  return value === null ? 'passed-through' : value === '' ? 'empty' : 'value';
}
