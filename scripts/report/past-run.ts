import { isRecord, jsonOrNull } from '../core/json.ts';
import type { RunFolder } from '../core/report-files.ts';
import type { PriorValue, Verdict } from '../core/result.ts';
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
  /** The workload and where it is, of a run on a cluster; else the file that it was about to change. null: none is known. */
  readonly workload: string | null;
  /** A token was minted. */
  readonly hasToken: boolean;
  /** null: the run left no result, because it was killed or is still going. */
  readonly verdict: Verdict | null;
  readonly durationMs: number | null;
  readonly failedSteps: readonly string[];
  /** Why it failed, in one sentence; '' when nothing did. */
  readonly reason: string;
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
  const steps = (Array.isArray(result['steps']) ? result['steps'] : []).map(recordOf);
  const compose = recordOf(result['compose']);
  const cluster = clusterOf(result['kubernetes']);
  const startedAt = new Date(textOf(result['startedAt']));
  return {
    startedAt: Number.isNaN(startedAt.getTime()) ? null : startedAt,
    command: textOf(result['command']),
    collection: collectionOf(result['collection']),
    workload: cluster ? placeInCluster(cluster) : textOf(compose['target']) || null,
    hasRequests: isRecord(result['counts']),
    hasToken: isRecord(result['token']),
    verdict: oneOf(VERDICTS, result['verdict']),
    durationMs: typeof result['durationMs'] === 'number' ? result['durationMs'] : null,
    failedSteps: steps.filter(({ status }) => status === 'failed').map(({ name }) => textOf(name)),
    reason:
      result['verdict'] === 'healthy' || result['verdict'] === 'passed'
        ? ''
        : textOf(recordOf(result['error'])['message']) || textOf(recordOf(result['diagnosis'])['cause']),
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
    return {
      folder,
      link,
      ...named,
      collection: null,
      workload: null,
      hasToken: false,
      verdict: null,
      durationMs: null,
      failedSteps: [],
      reason,
    };
  }
  const { collection, workload, verdict, hasToken, durationMs, failedSteps, reason } = run;
  const startedAt = run.startedAt ?? named?.startedAt ?? null;
  const command = run.command || (named?.command ?? 'run');
  return { folder, link, startedAt, command, collection, workload, hasToken, verdict, durationMs, failedSteps, reason };
}

const VERDICTS: readonly Verdict[] = ['healthy', 'unhealthy', 'passed', 'failed', 'interrupted', 'planned'];
const STATES: readonly PriorValue[] = ['absent', 'empty', 'passed-through', 'value'];

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
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
