import { isRecord, jsonOrNull } from '../core/json.ts';
import type { RunFolder } from '../core/report-files.ts';
import type { PriorValue, StepStatus, Verdict } from '../core/result.ts';
import { toVisible } from '../core/visible.ts';
import { parseReportFolderName } from './folder.ts';
import { placeInCluster, placeOfObject } from './pods.ts';
import { type ResultDocument, withoutRequests } from './result-json.ts';
import { toLine } from './text.ts';

/** How a run went, for the list of all runs. */
interface RunSummary {
  readonly startedAt: Date | null;
  readonly command: string;
  /** What ran, of `collection`; null: another command, or it ended before it knew. */
  readonly collection: ResultDocument['collection'];
  /** What it was for: a workload and where it is, a compose project with its files, a collection; null: it ended before it knew. */
  readonly subject: string | null;
  /** A token was minted. */
  readonly hasToken: boolean;
  /** null: the run left no result, because it was killed or is still going. */
  readonly verdict: Verdict | null;
  readonly durationMs: number | null;
  readonly steps: readonly PastStep[];
  /** Why it failed, in one sentence; '' when nothing did. */
  readonly reason: string;
  /** How many checks and requests failed. */
  readonly failed: number;
  readonly hasDiagnosis: boolean;
  /** The first of what failed, the slowest requests, and where it ran: empty in a result that was written before there were these. */
  readonly failures: ResultDocument['failures'];
  readonly slowest: ResultDocument['slowest'];
  readonly environment: ResultDocument['environment'];
}

export interface PastStep {
  readonly name: string;
  readonly status: StepStatus;
  readonly durationMs: number;
}

/** One run in the list of all runs. */
export interface HistoryEntry extends RunSummary {
  /** The folder's name; the link is relative to the page over all runs. */
  readonly folder: string;
  readonly link: string | null;
}

/** What a `result.json` says about its run, as far as later runs read it. */
export interface PastRun extends RunSummary {
  /** Any was about to run. */
  readonly hasRequests: boolean;
  /** The file that holds the token's variable, or the object (`placeOfObject`), and how the variable was there before the run wrote it. */
  readonly target: string | null;
  readonly before: PriorValue | null;
  /** The run took the token out again. */
  readonly hasCleared: boolean;
}

/**
 * Reads the text of a `result.json`. The folder may hold files of any origin, so nothing is trusted: a field of a wrong type counts
 * as missing.
 *
 * @returns `unreadable` for what is no result of this tool, `other-version` for one of another schema
 */
export function readPastRun(text: string | null): PastRun | 'unreadable' | 'other-version' {
  const result = recordOf(jsonOrNull(withoutRequests(text ?? '')));
  if (result['schema'] !== 1) return typeof result['schema'] === 'number' ? 'other-version' : 'unreadable';
  const steps = listOf(result['steps']);
  const compose = recordOf(result['compose']);
  const cluster = clusterOf(result['kubernetes']);
  const startedAt = new Date(textOf(result['startedAt']));
  const collection = collectionOf(result['collection']);
  const environment = listOf(result['environment']).map(({ name, value }) => ({
    name: textOf(name),
    value: textOf(value),
  }));
  return {
    startedAt: Number.isNaN(startedAt.getTime()) ? null : startedAt,
    command: textOf(result['command']),
    collection,
    subject: subjectOf(cluster && placeInCluster(cluster), collection, environment),
    hasRequests: isRecord(result['counts']),
    hasToken: isRecord(result['token']),
    verdict: oneOf(VERDICTS, result['verdict']),
    durationMs: typeof result['durationMs'] === 'number' ? result['durationMs'] : null,
    steps: steps.map(({ name, status, durationMs }) => ({
      name: textOf(name),
      status: oneOf(STEP_STATES, status) ?? 'skipped',
      durationMs: numberOf(durationMs),
    })),
    reason:
      result['verdict'] === 'healthy' || result['verdict'] === 'passed'
        ? ''
        : textOf(recordOf(result['error'])['message']) || textOf(recordOf(result['diagnosis'])['cause']),
    failed: ['checks', 'requests'].reduce(
      (sum, what) => sum + numberOf(recordOf(recordOf(result['counts'])[what])['failed']),
      0,
    ),
    hasDiagnosis: isRecord(result['diagnosis']),
    failures: listOf(result['failures']).map(({ request, check }) => ({
      request: textOf(request),
      check: typeof check === 'string' ? textOf(check) : null,
    })),
    slowest: listOf(result['slowest']).map(({ request, medianMs }) => ({
      request: textOf(request),
      medianMs: numberOf(medianMs),
    })),
    environment,
    target: cluster ? cluster.target : typeof compose['target'] === 'string' ? compose['target'] : null,
    before: cluster ? cluster.before : oneOf(STATES, compose['before']),
    hasCleared: result['exitCode'] === 0 && steps.some(({ name, status }) => name === 'clear' && status === 'passed'),
  };
}

/**
 * What a folder says about its run. A folder that this tool named and that holds no readable result is a run that was killed, and
 * is listed as one; null means that the folder is not this tool's.
 */
export function readEntry({ name: folder, result, hasPage }: RunFolder): HistoryEntry | null {
  const named = parseReportFolderName(folder);
  const link = hasPage ? `${encodeURIComponent(folder)}/index.html` : null;
  const run = readPastRun(result);
  if (typeof run === 'string') {
    if (named === null) return null;
    const reason =
      run === 'other-version'
        ? 'Its result was written by another version of this tool.'
        : 'The run left no result: it was killed, or it is still going.';
    return { folder, link, ...NOTHING_KNOWN, ...named, reason };
  }
  const { hasRequests, target, before, hasCleared, ...summary } = run;
  const startedAt = run.startedAt ?? named?.startedAt ?? null;
  return { folder, link, ...summary, startedAt, command: run.command || (named?.command ?? 'run') };
}

/** Of a run that left no result. */
const NOTHING_KNOWN = {
  collection: null,
  subject: null,
  hasToken: false,
  verdict: null,
  durationMs: null,
  steps: [],
  failed: 0,
  hasDiagnosis: false,
  failures: [],
  slowest: [],
  environment: [],
};

/** The runs in a folder of reports, newest first. */
export interface History {
  readonly entries: readonly HistoryEntry[];
  /** Folders with a `result.json` that is none of this tool's. */
  readonly foreign: number;
}

/** Reads the runs of a folder of reports; the sample that comes with this tool is none. */
export function readHistory(folders: readonly RunFolder[]): History {
  const read = folders.filter(({ name }) => name !== SAMPLE).map((each) => ({ ...each, entry: readEntry(each) }));
  const timeOf = ({ startedAt }: HistoryEntry) => startedAt?.getTime() ?? 0;
  return {
    entries: read
      .flatMap(({ entry }) => entry ?? [])
      .sort((a, b) => timeOf(b) - timeOf(a) || (a.folder < b.folder ? 1 : -1)),
    foreign: read.filter(({ entry, result }) => entry === null && result !== null).length,
  };
}

const SAMPLE = 'sample';

/** What a run was for, in words that tell the runs of one stack from those of another. */
function subjectOf(
  workload: string | null,
  collection: PastRun['collection'],
  environment: PastRun['environment'],
): string | null {
  const fact = (wanted: string) => environment.find(({ name }) => name === wanted)?.value;
  // Its folder is another one each time.
  if (fact('Compose')?.startsWith('sandbox') === true) return 'the sandbox';
  if (workload !== null) return workload;
  if (collection !== null) return textOf(collection.title ?? collection.name);
  return fact('Workload') ?? fact('Project') ?? fact('Collection') ?? null;
}

const VERDICTS: readonly Verdict[] = ['healthy', 'unhealthy', 'passed', 'failed', 'interrupted', 'planned'];
const STEP_STATES: readonly StepStatus[] = ['passed', 'failed', 'skipped'];
const STATES: readonly PriorValue[] = ['absent', 'empty', 'passed-through', 'value'];

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** The objects in a list, as many as a run may have. */
function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.slice(0, MOST_LISTED).map(recordOf) : [];
}

const MOST_LISTED = 100;

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : 0;
}

function oneOf<T>(values: readonly T[], value: unknown): T | null {
  return values.find((each) => each === value) ?? null;
}

/** As it stands in the document: runs of one collection are told by it. */
function collectionOf(value: unknown): PastRun['collection'] {
  const { name, title, selection } = recordOf(value);
  if (typeof name !== 'string') return null;
  return {
    name,
    title: typeof title === 'string' ? title : null,
    selection: (Array.isArray(selection) ? selection : []).filter((each) => typeof each === 'string'),
  };
}

function clusterOf(value: unknown) {
  if (!isRecord(value)) return null;
  const { context, namespace, workload, target } = value;
  const cluster = textOf(value['cluster']);
  const facts = { context: textOf(context), namespace: textOf(namespace), workload: textOf(workload) };
  const place = typeof target === 'string' ? placeOfObject({ ...facts, cluster }, target) : null;
  return { ...facts, target: place, before: oneOf(STATES, value['before']) };
}

/** Text for the page over all runs. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? toLine(toVisible(value)) : '';
}
