import { LogReader } from '../bff/log-reader.ts';
import { type InstanceVerdict, judgeOnce, nounOf } from '../bff/verdict.ts';
import type { InstanceFacts } from '../core/result.ts';
import type { Environment, Instance, Stack, StackState } from '../core/stack.ts';
import { describeInstance } from './instance-facts.ts';
import type { Context } from './job.ts';
import type { Look } from './look-at-each.ts';
import { learnSecrets } from './preflight.ts';
import type { StepScope } from './recorder.ts';
import { factName } from './restart.ts';
import { Slots } from './slots.ts';
import { listNames } from './some-of-many.ts';
import { OTHER_KEY } from './ways.ts';

/** So many logs are read at the same time. */
const READERS = 4;

/** An instance as one look shows it, and what its log says. */
export interface Examined {
  readonly instance: Instance;
  readonly verdict: InstanceVerdict;
}

export interface Logged {
  readonly instance: Instance | null;
  readonly reader: LogReader;
}

/** What there is by its state, and the one that matters: of several the first that is not well; null: there is none. */
export async function readInstances(
  context: Context,
  scope: StepScope,
  stack: Stack,
  state: Pick<StackState, 'environment' | 'absence' | 'next'> | null,
): Promise<{
  readonly all: readonly Examined[];
  readonly instance: Instance | null;
  readonly verdict: InstanceVerdict;
}> {
  const { job, tools, signal } = context;
  const now = tools.clock.date();
  const instances = await stack.instances(signal);
  const all = instances.map((instance) => ({ instance, verdict: judgeOnce(instance, now, stack.byHand) }));
  const ill = all.filter(({ verdict }) => verdict.kind !== 'fine');
  const chosen = ill[0] ?? all[0];
  const instance = chosen?.instance ?? null;
  const verdict = chosen?.verdict ?? judgeOnce(null, now, stack.byHand, state?.absence);
  if (instance === null) {
    scope.fail(state?.absence?.message ?? `${job.service} has no container`);
    return { all, instance, verdict };
  }
  learnSecrets(context, { environment: {}, environments: [], instances });
  const shown =
    instances.length > 1
      ? listNames(instances.map(({ name }) => name))
      : `${instance.name} (${instance.id.slice(0, 12)})`;
  scope.fact(factName(instance), `${shown}, image ${instance.image}`);
  warnOfAge(scope, stack, instance, state);
  const count =
    instances.length > 1
      ? `${instances.length - ill.length} of ${instances.length} ${nounOf(instance)}s are well. `
      : '';
  if (verdict.kind === 'fine') scope.summary(instances.length > 1 ? count.trim() : verdict.message);
  else scope.fail(`${count}${verdict.message}`);
  return { all, instance, verdict };
}

/** Where it was started before its environment, or what else it is made of, changed. */
function warnOfAge(
  scope: StepScope,
  stack: Stack,
  instance: Instance,
  state: Pick<StackState, 'environment' | 'next'> | null,
): void {
  const older = Object.entries(state?.environment ?? {}).filter(
    ([name, value]) => (instance.env[name] ?? '') !== (value ?? ''),
  );
  const names = older.map(([name]) => name);
  const shown = `${names.slice(0, 4).join(', ')}${names.length > 4 ? ` and ${names.length - 4} more` : ''} changed`;
  const what = names.length > 0 ? shown : (state?.next.changed ?? null);
  if (what === null) return;
  const command = stack.byHand.restart;
  scope.warn(`The ${nounOf(instance)} was started before ${what}. A new one gets the new values: ${command}`);
}

/**
 * The logs of all, and the one that matters: the first that tells of a failure, of those that are not well by their state where
 * there are such; else that of `instance`.
 */
export async function readLogs(
  context: Context,
  scope: StepScope,
  stack: Stack,
  { all, instance: chosen }: { readonly all: readonly Examined[]; readonly instance: Instance | null },
  environment: Environment | null,
): Promise<{ readonly logs: readonly Logged[]; readonly decisive: Logged }> {
  const { job, signal } = context;
  const slots = new Slots(READERS);
  const read = async (instance: Instance): Promise<Logged> => {
    const reader = new LogReader({ env: instance.env, service: job.service });
    if (instance.logUnreadable !== null) return { instance, reader };
    scope.progress(`reading the log of ${instance.name}`);
    for await (const line of stack.logs(instance.id, { follow: false, signal })) reader.push(line);
    return { instance, reader };
  };
  const logs = await Promise.all(all.map(({ instance }) => slots.run(() => read(instance), signal)));
  const isBad = ({ reader }: Logged) => reader.reading().decided === 'bad';
  const ofChosen = logs.find(({ instance }) => instance?.id === chosen?.id);
  const isWell = all.every(({ verdict }) => verdict.kind === 'fine');
  const decisive = logs.find((each) => isBad(each) && (isWell || isIll(all, each))) ??
    ofChosen ?? { instance: null, reader: new LogReader({ env: environment ?? {}, service: job.service }) };
  sayLogs(scope, logs, decisive);
  return { logs, decisive };
}

function isIll(all: readonly Examined[], { instance }: Logged): boolean {
  return all.some((each) => each.instance.id === instance?.id && each.verdict.kind !== 'fine');
}

function sayLogs(scope: StepScope, logs: readonly Logged[], { instance, reader }: Logged): void {
  const { decided, diagnosis } = reader.reading();
  const well = logs.filter((each) => each.reader.reading().decided === 'good').length;
  const isSeveral = logs.length > 1;
  if (isSeveral) for (const each of logs) scope.note(`${each.instance?.name}: ${each.reader.diagnosis().cause}`);
  const count = isSeveral ? `${logs.length} ${nounOf(instance)}s: ${well} registered` : '';
  if (instance === null) scope.fail('there is no container, so there is no log');
  else if (instance.logUnreadable !== null) scope.fail(instance.logUnreadable);
  else if (reader.count === 0) scope.fail('it is empty');
  else if (decided === 'good' || diagnosis.code === 'kafka-unconfigured')
    scope.summary(isSeveral ? count : diagnosis.cause);
  else scope.fail(isSeveral ? `${count}; ${instance.name}: ${diagnosis.cause}` : diagnosis.cause);
}

/** Each of several instances, as it was found. */
export function describeExamined(
  all: readonly Examined[],
  logs: readonly Logged[],
  looks: readonly Look[],
  keysDiffer: boolean,
): readonly InstanceFacts[] {
  return all.map(({ instance, verdict }) => {
    const reading = logs.find((each) => each.instance?.id === instance.id)?.reader.reading();
    const look = looks.find((each) => each.instance.id === instance.id);
    const isBad = reading?.decided === 'bad';
    const ofState = verdict.kind === 'fine' ? null : verdict.message;
    return describeInstance(instance, {
      isNew: false,
      registered: reading?.decided == null ? null : reading.decided === 'good',
      healthy: look === undefined ? null : look.error === null,
      key: look?.key ?? null,
      problem: isBad ? reading.diagnosis.cause : (ofState ?? look?.error?.message ?? (keysDiffer ? OTHER_KEY : null)),
    });
  });
}
