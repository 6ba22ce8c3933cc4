import { AppError } from '../core/errors.ts';
import type { NewmanOptions } from '../core/ports.ts';
import type { Attempt } from '../core/result.ts';
import type { Instance } from '../core/stack.ts';
import { type RequestPlan, toRun } from '../postman/request-plan.ts';
import { codeOf } from '../postman/script-code.ts';
import { REQUEST_TIMEOUT_MS, toAttempt } from './health.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';
import { Slots } from './slots.ts';
import { askOne, keyOf, type Ways } from './ways.ts';

/** So many instances share a run: to begin one costs ten times as much as a request in it. */
const MOST_TOGETHER = 5;

/** So many are asked alone at the same time, each by an engine of its own: they may wait for an answer most of the time. */
const ALONE_AT_ONCE = 3;

/** How long the first to be asked waits for company, where others are still to come. */
const GATHER_MS = 100;

/** One attempt with an instance. */
export interface Asked {
  readonly attempt: Attempt;
  readonly plan: RequestPlan;
  /** The thumbprint of its signing key; null: not known, or not wanted. */
  readonly key: string | null;
}

export interface Question {
  readonly instance: Instance;
  readonly wantsKey: boolean;
  /** It kept others waiting the last time. */
  readonly isSlow: boolean;
  /** Others are still to come, so that nothing is decided by this one alone. */
  readonly isEarly: boolean;
  readonly signal: AbortSignal;
}

interface Waiting extends Question {
  answer(asked: Promise<Asked>): void;
}

/** An instance with its way and its plan. */
interface Reached {
  readonly waiting: Waiting;
  readonly plan: RequestPlan;
}

/**
 * Asks instances for their health, those that wait at the same time in one run of the folder: an iteration for each, with the
 * variables that say where it is. Where that could make a difference to what one is asked alone, each is.
 */
export function createAsker(context: Context, scope: Pick<StepScope, 'attempt'>, ways: Ways) {
  const { tools, job, recorder } = context;
  const [together, alone] = [new Slots(1), new Slots(ALONE_AT_ONCE)];
  const queue: Waiting[] = [];
  /** One of them kept others waiting, or answers set cookies, which the next iteration would send to another instance. */
  let isApart = false;

  const askAlone = ({ instance, wantsKey, signal }: Question) =>
    askOne(context, scope, ways, instance, wantsKey, signal);

  const askApart = (question: Question) => alone.run(() => askAlone(question), question.signal);

  const askAll = async (all: readonly Waiting[]): Promise<void> => {
    const [first] = all;
    if (first === undefined) return;
    if (all.length === 1) {
      const asked = askAlone(first);
      first.answer(asked);
      await asked.catch(() => {});
      return;
    }
    const done = new AbortController();
    try {
      const ways = await Promise.all(all.map((each) => reach(each, AbortSignal.any([each.signal, done.signal]))));
      const reached = ways.filter((each) => each !== null);
      const runs = isApart ? null : planTogether(reached.map(({ plan }) => plan));
      if (runs === null) {
        for (const { waiting } of reached) waiting.answer(askApart(waiting));
        return;
      }
      await runTogether(reached, runs);
    } finally {
      done.abort(new AppError('interrupted', 'They were asked.'));
    }
  };

  const reach = async (waiting: Waiting, signal: AbortSignal): Promise<Reached | null> => {
    try {
      const url = await ways.connect(waiting.instance.id, signal);
      return { waiting, plan: ways.healthOf(waiting.instance, url) };
    } catch (error) {
      waiting.answer(Promise.reject(error));
      return null;
    }
  };

  const runTogether = async (reached: readonly Reached[], data: NonNullable<ReturnType<typeof planTogether>>) => {
    const [{ plan, waiting } = {} as Reached] = reached;
    const startMs = recorder.elapsedMs();
    const run = toRun(plan, job, { requestTimeoutMs: REQUEST_TIMEOUT_MS, signal: waiting.signal });
    // The next one need not wait for one that is ill.
    const newman: NewmanOptions = { ...run.newman, data, iterationCount: data.length, bail: ['failure'] };
    const { exchanges } = await tools.collections.run({ ...run, requests: run.requests * data.length, newman });
    const times = { startMs, durationMs: recorder.elapsedMs() - startMs };
    const setsCookies = exchanges.some(({ response }) => response?.headers.some(({ name }) => SETS_COOKIE.test(name)));
    isApart ||= setsCookies || exchanges.some(({ error }) => error?.code === 'ETIMEDOUT');
    for (const [index, each] of reached.entries()) {
      const own = exchanges
        .filter(({ iteration = 0 }) => iteration === index)
        .map(({ iteration: _, ...exchange }) => exchange);
      // Another one ended the run before it was its turn, or may have changed what came of it.
      const isOwn = own.length === each.plan.requests.length && !(setsCookies && index > 0);
      if (!isOwn) {
        each.waiting.answer(askApart(each.waiting));
        continue;
      }
      const asked = read(each, own, times);
      each.waiting.answer(asked);
      await asked.catch(() => {});
    }
  };

  const read = async (
    { waiting: { instance, wantsKey }, plan }: Reached,
    exchanges: Attempt['exchanges'],
    times: Pick<Attempt, 'startMs' | 'durationMs'>,
  ): Promise<Asked> => {
    const attempt = toAttempt(scope, plan, exchanges, times, instance.name);
    return { attempt, plan, key: wantsKey ? await keyOf(context, scope, plan, attempt, instance) : null };
  };

  return {
    /** @throws AppError as `askOne` */
    ask(question: Question): Promise<Asked> {
      if (question.isSlow || isApart) return askApart(question);
      return new Promise((resolve, reject) => {
        queue.push({ ...question, answer: (asked) => void asked.then(resolve, reject) });
        const next = async () => {
          if (queue.length === 0) return;
          if (queue.every(({ isEarly }) => isEarly)) await tools.clock.sleep(GATHER_MS, question.signal);
          const all = queue.splice(0, MOST_TOGETHER);
          await askAll(all).catch((error: unknown) => {
            for (const each of all) each.answer(Promise.reject(error));
          });
        };
        together.run(next, question.signal).catch(reject);
      });
    },
  };
}

const SETS_COOKIE = /^set-cookie$/i;

/** Scripts that have none of these words look at the answer, and leave nothing behind for the next iteration. */
const MORE_THAN_LOOKS =
  /set|clear|cookies|sendRequest|skipRequest|execution|environment|globals|collectionVariables|iterationData|info|require|eval|Function|vault/;

/**
 * The rows of data with which one plan does what all do; null: they differ in more than variables, or an iteration could change the
 * next one.
 */
export function planTogether(plans: readonly RequestPlan[]): Readonly<Record<string, unknown>>[] | null {
  const [first] = plans;
  if (first === undefined || first.data !== null) return null;
  if (first.requests.some((place) => MORE_THAN_LOOKS.test(codeOf(place)))) return null;
  const sent = (plan: RequestPlan) => JSON.stringify(plan.requests.map(({ item }) => item.request));
  const isOne = plans.every((plan) => plan.values.length === first.values.length && sent(plan) === sent(first));
  if (!isOne) return null;
  const isShared = (name: string, value: unknown) =>
    plans.every(({ values }) => values.some((each) => each.name === name && each.value === value));
  return plans.map(({ values }) =>
    Object.fromEntries(
      values.filter(({ name, value }) => !isShared(name, value)).map(({ name, value }) => [name, value]),
    ),
  );
}
