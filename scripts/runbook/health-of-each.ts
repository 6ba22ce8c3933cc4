import { diagnoseKeys } from '../bff/health-answers.ts';
import type { Diagnosis } from '../core/diagnosis.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { Attempt, InstanceFacts } from '../core/result.ts';
import type { RequestPlan } from '../postman/request-plan.ts';
import { createAsker } from './ask-together.ts';
import { describeFailure, describePasses } from './health.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';
import { proveRegistration } from './registration.ts';
import { Slots } from './slots.ts';
import { countWell, errorOfSome, type Ill, listNames } from './some-of-many.ts';
import {
  type Down,
  describeStability,
  LONGEST_PAUSE_MS,
  NOTHING_DOWN,
  pauseMs,
  seconds,
  staysDown,
  stillDown,
  unhealthy,
  WRONG_CHECKS,
  wrongHealthcheck,
} from './stay-healthy.ts';
import type { Watch } from './watch-instance.ts';
import type { Watches } from './watch-instances.ts';
import { byWay, OTHER_KEY, type Ways } from './ways.ts';

/** Between two looks at whether all have passed. */
const LOOK_EVERY_MS = 100;

/** When one is known to stay unhealthy, how long the others have until it is said of each how it is. */
const COLLECT_MS = 2_000;

/** So many are asked for the proof that they are registered at the same time, where their logs do not say it. */
const PROOFS_AT_ONCE = 2;

/** An instance, and how far it has come. */
interface Asked {
  readonly watch: Watch;
  /** Its own, since Node warns of many listeners. */
  readonly end: AbortSignal;
  isAsking: boolean;
  attempts: number;
  down: Down;
  wrongChecks: Set<string>;
  last: Attempt | null;
  /** By which start, and with which answers; null: it has not passed, or not since. */
  passed: { readonly start: string; readonly attempt: Attempt; readonly plan: RequestPlan } | null;
  key: string | null;
  /** What kept it from an answer the last time; null: it was asked. */
  unasked: AppError | null;
  /** Why it is not asked any more. */
  error: AppError | null;
}

/** Asks every instance by itself, from the moment on when it has come to rest. */
export interface Each {
  /** Resolves when one of them is known to stay unhealthy. */
  readonly unhealthy: Promise<'unhealthy'>;
  /**
   * The step: until each has passed, all publish the same key, and all stay so, with the same starts, for as long as they have to.
   *
   * @throws AppError `bff-unhealthy` and others with how many are healthy, which are not and why; `keys-differ`, `bff-unregistered`
   */
  untilHealthy(scope: StepScope): Promise<void>;
  /** What it found beside the log; null: nothing. */
  diagnosis(): Diagnosis | null;
  /** The last attempt with one that is not healthy; undefined: there is none. */
  lastBad(): Attempt | undefined;
  factsOf(name: string): Partial<InstanceFacts>;
  stop(): Promise<void>;
}

export function askEach(context: Context, ways: Ways & { onAttempt(attempt: Attempt): void }, watches: Watches): Each {
  const { job, tools, signal } = context;
  const { clock } = tools;
  const ending = new AbortController();
  const end = AbortSignal.any([signal, ending.signal]);
  const slots = new Slots(PROOFS_AT_ONCE);
  const asked = new Map<string, Asked>();
  const early: Attempt[] = [];
  const work: Promise<void>[] = [];
  let recorded: Pick<StepScope, 'attempt'> = { attempt: (each) => early.push(each) };
  let differing: Diagnosis | null = null;
  let noteUnhealthy: () => void = () => {};
  const unhealthyOne = new Promise<'unhealthy'>((resolve) => {
    noteUnhealthy = () => resolve('unhealthy');
  });
  const recording = {
    attempt(each: Attempt) {
      ways.onAttempt(each);
      recorded.attempt(each);
    },
  };

  const asker = createAsker(context, recording, ways);
  const current = () => watches.current().map((watch) => asked.get(watch.first.id) ?? begin(watch));
  const hasPassed = ({ passed, watch }: Asked) => passed !== null && passed.start === watch.start();
  const begin = (watch: Watch): Asked => {
    const each: Asked = {
      watch,
      end: AbortSignal.any([end]),
      isAsking: false,
      attempts: 0,
      down: NOTHING_DOWN,
      wrongChecks: new Set(),
      last: null,
      passed: null,
      key: null,
      unasked: null,
      error: null,
    };
    asked.set(watch.first.id, each);
    return each;
  };

  /** Some have not come yet, or have not come to rest. */
  const waitsForOthers = () => {
    const all = current();
    return (
      all.length < watches.wanted() || all.some(({ watch }) => watch.how() === null && watch.failure() === undefined)
    );
  };

  /** Once; whether it passed. */
  const ask = async (each: Asked): Promise<boolean> => {
    const { watch } = each;
    const start = watch.start();
    each.attempts += 1;
    let failure: AppError;
    try {
      const wantsKey = watches.wanted() > 1 && each.passed?.start !== start;
      const isSlow = each.last?.exchanges.some(({ error }) => error?.code === 'ETIMEDOUT') ?? false;
      const isEarly = waitsForOthers();
      const question = { instance: watch.first, wantsKey, isSlow, isEarly, signal: each.end };
      const { attempt, plan, key } = await asker.ask(question);
      each.last = attempt;
      each.unasked = null;
      const complaint = watch.complaint();
      if (attempt.passed && complaint === null) {
        if (wantsKey) each.key = key;
        Object.assign(each, { passed: { start, attempt, plan }, down: NOTHING_DOWN, wrongChecks: new Set() });
        return true;
      }
      const nowMs = clock.now();
      if (complaint !== null) each.wrongChecks.add(complaint.checkedAt);
      else each.down = stillDown(each.down, attempt, nowMs);
      const aliveMs = nowMs - watch.sinceMs;
      failure =
        attempt.passed && complaint !== null
          ? wrongHealthcheck(complaint)
          : unhealthy(attempt, each.attempts, seconds(aliveMs), complaint);
      if (staysDown(each.down, nowMs) || each.wrongChecks.size > WRONG_CHECKS) each.error = failure;
    } catch (error) {
      end.throwIfAborted();
      failure = toAppError(error);
      each.unasked = failure;
      // What the folder itself does wrong it would do again. A way to an instance may break where that is replaced.
      if (failure.code !== 'port-forward-failed') each.error = failure;
    }
    each.passed = null;
    if (clock.now() - watch.sinceMs >= job.healthTimeoutMs) each.error ??= failure;
    if (each.error !== null) noteUnhealthy();
    return false;
  };

  /** Again and again until it passes. */
  const askOn = async (each: Asked): Promise<void> => {
    const { watch } = each;
    let pausesSinceMs = clock.now();
    let isUp = false;
    const up = watch.up.then(() => {
      pausesSinceMs = clock.now();
      isUp = true;
    });
    while (each.error === null && !watch.isGone() && !(await ask(each))) {
      const wait = clock.sleep(Math.min(pauseMs(clock.now() - pausesSinceMs), LONGEST_PAUSE_MS / 2), each.end);
      await (isUp ? wait : Promise.race([wait, up]));
    }
  };

  /** Those that have come to rest and have not passed, or not since their newest start. */
  const askOthers = () => {
    for (const each of current()) {
      const isReady = each.watch.how() !== null && each.watch.failure() === undefined;
      if (!isReady || each.isAsking || each.error !== null || hasPassed(each)) continue;
      each.isAsking = true;
      // What the watch finds is said by the watch; the rest ends with the signal.
      work.push(
        askOn(each)
          .catch(() => {})
          .finally(() => {
            each.isAsking = false;
          }),
      );
    }
  };
  const looking = (async () => {
    for (;;) {
      askOthers();
      await clock.sleep(LOOK_EVERY_MS, end);
    }
  })().catch(() => {});

  const isWhole = () => watches.isWhole() && current().every(hasPassed);
  const counted = () =>
    countWell(current().filter(hasPassed).length, watches.wanted(), watches.current()[0]?.first, 'healthy');

  /** Throws where one of them is known to stay unhealthy, as soon as that can be said of the others, too. */
  const verify = async () => {
    if (!current().some(({ error }) => error !== null)) return;
    const untilMs = clock.now() + COLLECT_MS;
    const isOpen = (each: Asked) => each.error === null && !hasPassed(each) && !each.down.names.length;
    while (clock.now() < untilMs && current().some(isOpen)) await clock.sleep(LOOK_EVERY_MS, end);
    const ill = current().flatMap((each): Ill[] => {
      const { name } = each.watch.first;
      if (each.error !== null) return [{ name, error: each.error }];
      if (hasPassed(each) || each.last === null) return [];
      return [{ name, error: new AppError('bff-unhealthy', `${describeFailure(each.last)}.`) }];
    });
    const [first, ...others] = ill.sort((a, b) => rank(a.name) - rank(b.name));
    if (first !== undefined) throw errorOfSome(counted(), watches.wanted(), [first, ...others]);
  };
  /** To those that have not passed there is no way. */
  const unasked = (): readonly Ill[] =>
    current().flatMap((each) =>
      hasPassed(each) || each.unasked === null ? [] : [{ name: each.watch.first.name, error: each.unasked }],
    );
  const rank = (name: string) => (current().find((each) => each.watch.first.name === name)?.error ? 0 : 1);

  const wait = async (scope: StepScope): Promise<void> => {
    let since = null as { readonly ms: number; readonly starts: string } | null;
    for (;;) {
      await verify();
      if (!isWhole()) {
        if (clock.now() - watches.newestMs() >= job.healthTimeoutMs) throw watches.missing() ?? lateOnes();
        scope.progress(`${counted()} so far${describeWaiting()}`);
        await clock.sleep(LOOK_EVERY_MS, end);
        continue;
      }
      const starts = watches.start();
      if (since?.starts !== starts) {
        if (since !== null)
          scope.note('The BFF restarted while it was being watched, so the time it has to stay healthy starts over.');
        since = { ms: clock.now(), starts };
        verifyKeys();
      }
      const restMs = job.stableForMs - (clock.now() - since.ms);
      if (restMs <= 0) return;
      scope.progress(`healthy, watching for another ${seconds(restMs)}`);
      await clock.sleep(Math.min(LONGEST_PAUSE_MS, restMs), end);
      const all = current();
      const results = await Promise.all(all.map(ask));
      if (results.includes(false)) since = null;
    }
  };
  const describeWaiting = () => {
    const names = current().flatMap((each) => {
      const { watch, last, unasked } = each;
      const why = unasked?.message ?? (last === null ? '' : describeFailure(last));
      return hasPassed(each) || why === '' ? [] : [`${watch.first.name}: ${why}`];
    });
    return names.length === 0 ? '' : `; ${listNames(names)}`;
  };
  const lateOnes = () => {
    const [first, ...others] = unasked();
    if (first !== undefined) return errorOfSome(counted(), watches.wanted(), [first, ...others]);
    return new AppError('bff-unhealthy', `${counted()}, and the time is up.`, {
      hint: 'The report has every attempt and the log of the BFF. If it only needs longer: --health-timeout SECONDS.',
    });
  };
  const verifyKeys = () => {
    differing = diagnoseKeys(current().map(({ watch, key }) => ({ name: watch.first.name, key })));
    if (differing !== null) throw new AppError('keys-differ', differing.cause, { hint: differing.fix });
  };

  return {
    unhealthy: unhealthyOne,
    async untilHealthy(scope) {
      for (const each of early) scope.attempt(each);
      recorded = scope;
      const waiting = wait(scope);
      try {
        await Promise.race([waiting, watches.failed]);
      } finally {
        ending.abort(new AppError('interrupted', 'The health check has ended.'));
        await waiting.catch(() => {});
      }
      const all = current();
      const proofs = await Promise.all(
        all.map(async ({ watch, passed }) => {
          if (passed === null) return null;
          const { env, name } = watch.first;
          const known = { reading: () => watch.reader.reading(), exchanges: passed.attempt.exchanges, env };
          const prove = (plan: RequestPlan) => proveRegistration(context, scope, plan, known);
          // Where the log says it nothing is asked.
          const isSaid = known.reading().decided === 'good';
          const proof = isSaid ? prove(passed.plan) : slots.run(() => byWay(ways, watch.first, signal, prove), signal);
          return proof.catch((thrown: unknown) => ({ name, error: toAppError(thrown) }));
        }),
      );
      const unproven = proofs.filter((each): each is Ill => typeof each === 'object' && each !== null);
      const [first, ...others] = unproven;
      if (first !== undefined) {
        const count = countWell(all.length - unproven.length, watches.wanted(), all[0]?.watch.first, 'registered');
        throw errorOfSome(count, watches.wanted(), [first, ...others]);
      }
      const [proof] = proofs;
      const [one] = all;
      const passed = all.length === 1 ? one?.passed : null;
      scope.fact('Registration', passed && typeof proof === 'string' ? proof : watches.count());
      const passes = passed
        ? describePasses(passed.attempt.exchanges, passed.plan.requests.length)
        : `${counted()}: every request passes`;
      scope.summary(`${passes}${describeStability(job.stableForMs)}`);
    },
    diagnosis: () => differing,
    lastBad: () => current().find((each) => !hasPassed(each) && each.last !== null)?.last ?? undefined,
    factsOf(name) {
      const each = [...asked.values()].find(({ watch }) => watch.first.name === name);
      if (each === undefined) return {};
      const { last, key } = each;
      const error = hasPassed(each) ? null : (each.error ?? each.unasked);
      const healthy = hasPassed(each) ? true : last === null && each.error === null ? null : false;
      const problem =
        error?.message ??
        (healthy === false && last !== null ? `${describeFailure(last)}.` : differing === null ? undefined : OTHER_KEY);
      return { healthy, key, ...(problem === undefined ? {} : { problem }) };
    },
    async stop() {
      ending.abort(new AppError('interrupted', 'The health check has ended.'));
      await Promise.all([looking, ...work]);
    },
  };
}
