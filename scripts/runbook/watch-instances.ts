import { diagnoseLog, type LogReader } from '../bff/log-reader.ts';
import { nounOf } from '../bff/verdict.ts';
import { type Diagnosis, isFault } from '../core/diagnosis.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { InstanceFacts, LogLine } from '../core/result.ts';
import type { Instance, Restarted, Stack } from '../core/stack.ts';
import { describeInstance } from './instance-facts.ts';
import type { Context } from './job.ts';
import { LOG_TAIL } from './preflight.ts';
import { countWell, errorOfSome, type Ill, listNames } from './some-of-many.ts';
import {
  bootstrapFailed,
  type Complaint,
  INSPECT_EVERY_MS,
  type Settled,
  type Watch,
  watchInstance,
} from './watch-instance.ts';

/** From so many on, a log is followed only until it has said that the BFF is registered. */
const FEW = 8;

/** When one has failed for good, how long the others have to come to rest, so that it can be said of each how it is. */
const COLLECT_MS = 2_000;

/** What is to be watched. */
export interface WatchedStack {
  readonly stack: Stack;
  /** Where the token was minted a moment ago; absent: there is none. */
  readonly mintedAt?: string;
  /** As they were before the token was written: they are not part of the new start. */
  readonly before?: readonly Instance[];
  /** All keep their credentials in the same place. */
  readonly isShared?: boolean;
}

/** All instances of a start, watched as one: what goes wrong with one of them goes wrong. */
export interface Watches {
  /** As many as are wanted have come to rest. Rejects as `failed` does. */
  readonly settled: Promise<Settled>;
  /** Rejects when one fails for good; the error says how the others are. Never resolves. */
  readonly failed: Promise<never>;
  /** Resolves when all that there were at the beginning serve requests. */
  readonly up: Promise<void>;
  /** Those that are there. */
  current(): readonly Watch[];
  wanted(): number;
  /** As many as are wanted are there and have come to rest. */
  isWhole(): boolean;
  /** When the newest came, by the clock of the run. */
  newestMs(): number;
  /** How many are registered so far, as half a sentence: "2 of 3 pods are registered". */
  count(): string;
  /** Why not as many as are wanted have come to rest; null: they have, or what there is runs and only says nothing. */
  missing(): AppError | null;
  /** What the log says that decides: of one that failed, then of one that says nothing. */
  diagnosis(): Diagnosis;
  diagnoses(): readonly Diagnosis[];
  reader(): LogReader;
  start(): string;
  complaint(): Complaint | null;
  /** Each of them, and what is left of those before. */
  facts(): readonly InstanceFacts[];
  stop(): Promise<void>;
}

/**
 * Watches the instances of a restart. Where the stack makes and replaces them by itself, those that come are watched from their
 * first line, and those that go are forgotten.
 */
export function watchInstances(
  context: Context,
  { stack, mintedAt, before = [], isShared = false }: WatchedStack,
  { instances, wanted: wantedByStack }: Pick<Restarted, 'instances' | 'wanted'>,
): Watches {
  const { tools, signal } = context;
  const { clock } = tools;
  const [first] = instances;
  const isManaged = wantedByStack !== undefined;
  const wanted = () => Math.max(1, wantedByStack?.() ?? instances.length);
  const stopping = new AbortController();
  const end = AbortSignal.any([signal, stopping.signal]);
  const oldest = instances.map(({ createdAt }) => createdAt).sort()[0] ?? '';
  const all: Watch[] = [];
  let others: readonly Instance[] = [];
  let usedByOld: Diagnosis | null = null;
  let settle: (how: Settled) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  let isFailing = false;
  const settled = new Promise<Settled>((resolve) => {
    settle = resolve;
  });
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});

  const current = () => all.filter((each) => !each.isGone());
  /** One that was well and starts once more, as those do that race for what they share, has yet to show how it is. */
  const isAtRest = (each: Watch) => each.how() !== null && each.reader.reading().decided !== 'bad';
  const isWhole = () => current().filter(isAtRest).length >= wanted();
  const isMany = () => wanted() > 1 || current().length > 1;
  const isRegistered = (each: Watch) => each.failure() === undefined && each.reader.reading().decided === 'good';
  const count = (what: 'registered' | 'well' = 'registered') =>
    countWell(current().filter(isRegistered).length, wanted(), first, what);

  const onChange = () => {
    if (current().some((each) => each.failure() !== undefined)) void failOnce();
    else if (isWhole())
      settle(
        current()
          .map((each) => each.how())
          .find((how) => how !== null && how !== 'decided') ?? 'decided',
      );
  };
  const add = (each: Instance) => {
    all.push(
      watchInstance(
        context,
        {
          stack,
          ...(mintedAt === undefined ? {} : { mintedAt }),
          isManaged,
          isShared: isShared && wanted() > 1,
          isMany: wanted() > FEW,
          isKnown: (id) => all.some(({ first }) => first.id === id),
          onChange,
        },
        each,
      ),
    );
  };

  /** One has failed for good: how are the others? */
  const failOnce = async () => {
    if (isFailing) return;
    isFailing = true;
    const [cause] = current().flatMap((each) => each.failure() ?? []);
    if (isMany() && !signal.aborted) {
      const untilMs = clock.now() + COLLECT_MS;
      const isOpen = (each: Watch) => each.how() === null && each.failure() === undefined;
      while (clock.now() < untilMs && current().some(isOpen)) await clock.sleep(INSPECT_EVERY_MS, end);
    }
    if (!signal.aborted) usedByOld = await findUser();
    const ill = current().flatMap((each) => illOf(each) ?? []);
    const [worst = { name: first.name, error: toAppError(cause) }, ...rest] = ill;
    const hadRegistered = current().some((each) => each.failure() !== undefined && each.how() === 'decided');
    fail(
      errorOfSome(count(hadRegistered ? 'well' : 'registered'), isMany() ? Math.max(wanted(), 2) : 1, [worst, ...rest]),
    );
  };
  const illOf = (each: Watch): Ill | null => {
    const error = each.failure();
    if (error === undefined) return null;
    const isUsed = usedByOld !== null && each.diagnosis().code === 'iat-invalid';
    return { name: each.first.name, error: isUsed && usedByOld !== null ? bootstrapFailed(usedByOld) : error };
  };

  /** An older instance that started once more with the token, and registered: what was minted for the new ones is used up then. */
  const findUser = async (): Promise<Diagnosis | null> => {
    const isRefused = current().some((each) => each.failure() && each.diagnosis().code === 'iat-invalid');
    if (mintedAt === undefined || !isManaged || !isRefused) return null;
    for (const old of before) {
      const now = await stack.instance(old.id, end);
      if (now === null || now.state.startedAt === old.state.startedAt) continue;
      const lines: LogLine[] = [];
      for await (const line of stack.logs(old.id, { follow: false, signal: end, tail: LOG_TAIL })) lines.push(line);
      const { code, evidence } = diagnoseLog(lines, { env: now.env });
      if (code === 'registered') return usedBy(old, evidence);
    }
    return null;
  };

  for (const each of instances) add(each);
  const follow = async () => {
    for (;;) {
      await clock.sleep(INSPECT_EVERY_MS, end);
      const there = await stack.instances(end);
      const isOld = (each: Instance) => each.createdAt < oldest || before.some(({ id }) => id === each.id);
      others = there.filter((each) => isOld(each) && !all.some(({ first }) => first.id === each.id));
      // The oldest first, as they came.
      for (const each of [...there].reverse())
        if (!isOld(each) && !all.some(({ first }) => first.id === each.id)) add(each);
      // How many are wanted may have changed.
      onChange();
    }
  };
  const following = isManaged
    ? follow().catch((error: unknown) => {
        if (!stopping.signal.aborted) fail(error);
      })
    : Promise.resolve();

  /** The one that decides: what failed, then what says nothing. */
  const deciding = (): Watch => {
    const there = current();
    const isBad = (each: Watch) => each.reader.reading().decided === 'bad';
    const hasFailed = (each: Watch) => each.failure() !== undefined;
    return (
      there.find((each) => hasFailed(each) && (isBad(each) || isFault(each.diagnosis()))) ??
      there.find(isBad) ??
      there.find(hasFailed) ??
      there.find((each) => each.reader.reading().decided === null) ??
      // The token was used by one of them.
      there.find((each) => each.diagnosis().code === 'registered') ??
      there[0] ??
      (all[0] as Watch)
    );
  };

  const atRest = Promise.race([settled, failed]);
  atRest.catch(() => {});
  return {
    settled: atRest,
    failed,
    up: Promise.all(all.map((each) => each.up)).then(() => {}),
    current,
    wanted,
    isWhole,
    newestMs: () => Math.max(...all.map((each) => each.sinceMs)),
    count,
    missing: () => (isManaged ? missingOf(current(), wanted(), count()) : null),
    diagnosis: () => usedByOld ?? deciding().diagnosis(),
    diagnoses: () => current().map((each) => each.diagnosis()),
    reader: () => deciding().reader,
    start: () =>
      current()
        .map((each) => `${each.first.id} ${each.start()}`)
        .join(', '),
    complaint: () => current().flatMap((each) => each.complaint() ?? [])[0] ?? null,
    facts: () => [
      ...current().map((each) => {
        const error = illOf(each)?.error;
        const { decided } = each.reader.reading();
        const registered = decided === null ? null : decided === 'good';
        return describeInstance(each.latest(), { isNew: true, registered, problem: error?.message ?? null });
      }),
      ...others.map((each) => describeInstance(each, { isNew: false })),
    ],
    async stop() {
      stopping.abort(new AppError('interrupted', 'The watch has ended.'));
      await Promise.all([following, ...all.map((each) => each.stop())]);
    },
  };
}

/** The time is up: what there is does not run yet, or there is not enough of it. */
function missingOf(current: readonly Watch[], wanted: number, count: string): AppError | null {
  const waiting = current.filter((each) => each.how() === null);
  const isLate = (each: Watch) => each.verdict().kind !== 'fine' && each.verdict().kind !== 'unhealthy';
  const reasons = waiting.filter(isLate).map((each) => `${each.first.name}: ${each.verdict().message}`);
  const absent = wanted - current.length;
  const noun = nounOf(current[0]?.first);
  if (absent > 0) reasons.push(`${absent} more ${noun}${absent === 1 ? ' has' : 's have'} not come.`);
  if (reasons.length === 0) return null;
  const names = listNames(waiting.map((each) => each.first.name));
  return new AppError('not-registered', `${count}, and the time is up. ${reasons.slice(0, 4).join(' ')}`, {
    hint: `${names === '' ? 'Find out why no more are started' : `Find out what ${names} ${waiting.length === 1 ? 'waits' : 'wait'} for`}; if it only takes longer: --health-timeout SECONDS.`,
  });
}

function usedBy({ name }: Instance, evidence: readonly string[]): Diagnosis {
  return {
    code: 'iat-used-by-old-pod',
    cause: `An older copy of the BFF, ${name}, started once more after the token was written and used it to register, so the IdP refuses it from the new ones.`,
    fix: {
      text: 'Run again with --max-usages set to the number of all copies, old and new; or write the token to a place that the older copies do not read (--write).',
    },
    iatHelps: true,
    evidence: [...evidence],
  };
}
