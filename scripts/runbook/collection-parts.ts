import { type Exchange, isPassed } from '../core/exchange.ts';
import type { CollectionOutcome, CollectionRun } from '../core/ports.ts';
import type { RunCounts } from '../core/result.ts';
import { isFolder } from '../postman/collection.ts';
import type { Item, Place } from '../postman/collection-format.ts';
import type { RequestPlan } from '../postman/request-plan.ts';

/**
 * The parts of a run that can go on at the same time, each with variables of its own: iterations where there are several,
 * else the outermost folders. Requests that stand side by side outside of folders are one part.
 */
export function partsOf(run: CollectionRun, plan: RequestPlan, iterations: number): CollectionRun[] {
  return iterations > 1 ? iterationsOf(run, iterations) : foldersOf(run, plan);
}

/** More parts than workers keep all of them busy to the end. */
const MOST_PARTS = 32;

function iterationsOf(run: CollectionRun, iterations: number): CollectionRun[] {
  const size = Math.ceil(iterations / Math.min(iterations, MOST_PARTS));
  return Array.from({ length: Math.ceil(iterations / size) }, (_, index) => {
    const first = index * size;
    return { ...run, newman: { ...run.newman, range: { first, end: Math.min(first + size, iterations) } } };
  });
}

function foldersOf(run: CollectionRun, { places }: RequestPlan): CollectionRun[] {
  const [only] = places;
  // Of one folder what is in it.
  const units =
    places.length === 1 && only !== undefined && isFolder(only) ? childrenOf(only.item) : places.map(unitOf);
  const groups: { ids: string[]; isFolder: boolean }[] = [];
  for (const { id, isFolder } of units) {
    const last = groups.at(-1);
    if (!isFolder && last?.isFolder === false) last.ids.push(id);
    else groups.push({ ids: [id], isFolder });
  }
  return groups.map(({ ids }) => ({ ...run, items: ids }));
}

function childrenOf({ item = [] }: Item) {
  return item.map((child) => ({ id: child.id ?? '', isFolder: Array.isArray(child.item) }));
}

function unitOf(place: Place) {
  return { id: place.item.id ?? '', isFolder: isFolder(place) };
}

/**
 * Runs the parts, so many at a time, and puts together what came of them in their order. With `bail` nothing more begins after
 * a failure.
 *
 * @param edge.onCut gets what has happened so far where the signal ended the run
 * @throws what the first part that failed threw
 */
export async function runParts(
  parts: readonly CollectionRun[],
  most: number,
  edge: {
    run(run: CollectionRun): Promise<CollectionOutcome>;
    onCut(exchanges: readonly Exchange[]): void;
  },
): Promise<Pick<CollectionOutcome, 'exchanges' | 'counts' | 'exports'>> {
  const outcomes: CollectionOutcome[] = [];
  const cut: (readonly Exchange[])[] = [];
  const errors: unknown[] = [];
  let next = 0;
  let isOver = false;
  const runOne = async (index: number, part: CollectionRun) => {
    const outcome = await edge.run({
      ...part,
      onCut: (exchanges) => {
        cut[index] = exchanges;
      },
    });
    outcomes[index] = outcome;
    if (part.newman?.bail !== undefined && !outcome.exchanges.every(isPassed)) isOver = true;
  };
  const lane = async () => {
    while (next < parts.length && !isOver) {
      const index = next++;
      await runOne(index, parts[index] as CollectionRun).catch((error: unknown) => {
        isOver = true;
        errors.push(error);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, parts.length) }, lane));
  if (errors.length > 0) {
    const answered = parts.flatMap((_, index) => outcomes[index]?.exchanges ?? cut[index] ?? []);
    if (answered.length > 0) edge.onCut(answered);
    throw errors[0];
  }
  const done = Object.values(outcomes);
  const counts = done.map((outcome) => outcome.counts);
  const [{ exports } = { exports: undefined }] = done;
  return {
    exchanges: done.flatMap(({ exchanges }) => exchanges),
    ...(counts.every((each) => each !== undefined) && counts.length > 0 ? { counts: counts.reduce(add) } : {}),
    ...(exports === undefined ? {} : { exports }),
  };
}

function add(one: RunCounts, other: RunCounts): RunCounts {
  const sum = (name: Exclude<keyof RunCounts, 'receivedBytes'>) => ({
    total: one[name].total + other[name].total,
    failed: one[name].failed + other[name].failed,
  });
  return {
    iterations: sum('iterations'),
    items: sum('items'),
    requests: sum('requests'),
    prerequestScripts: sum('prerequestScripts'),
    testScripts: sum('testScripts'),
    assertions: sum('assertions'),
    receivedBytes: one.receivedBytes + other.receivedBytes,
  };
}
