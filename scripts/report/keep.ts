import type { RunFolder } from '../core/report-files.ts';
import type { PriorValue } from '../core/result.ts';
import { reportFolderName } from './folder.ts';
import { type PastRun, readPastRun } from './past-run.ts';

interface Past extends PastRun {
  readonly name: string;
}

/**
 * The reports that are beyond the newest `keep`, by folder name. A folder counts only if it surely belongs to a finished run, which
 * is when its own result asks for its name. So a folder of other origin, the run that is still being written, and what a
 * killed run left are never among them. Neither is the report that `iat:clear` still needs to restore the variable.
 */
export function chooseOld(folders: readonly RunFolder[], keep: number): string[] {
  const runs = newestFirst(folders);
  const targets = new Set(runs.map(({ target }) => target).filter((target) => target !== null));
  const needed = [...targets]
    .map((target) => firstWrite(runs, target))
    .filter((run) => run?.before === 'empty' || run?.before === 'passed-through')
    .map((run) => run?.name);
  return runs
    .filter(isNamedByResult)
    .slice(keep)
    .map(({ name }) => name)
    .filter((name) => !needed.includes(name));
}

/**
 * How the token's variable was in a file before the first write since it was last cleared.
 *
 * @param target the file, as the results name it
 * @returns null where no report says it
 */
export function priorValueIn(folders: readonly RunFolder[], target: string): PriorValue | null {
  return firstWrite(newestFirst(folders), target)?.before ?? null;
}

/**
 * The run that wrote the variable first where there was no value, after it was last cleared: what is older is over, because
 * somebody has taken the value out since then.
 */
function firstWrite(runs: readonly Past[], target: string): Past | null {
  let first: Past | null = null;
  for (const run of runs) {
    if (run.target !== target) continue;
    if (run.hasCleared) break;
    if (run.before !== null) first = run;
    if (run.before !== null && run.before !== 'value') break;
  }
  return first;
}

function newestFirst(folders: readonly RunFolder[]): Past[] {
  return folders
    .map(({ name, result }) => ({ name, run: readPastRun(result) }))
    .flatMap(({ name, run }) => (typeof run === 'string' ? [] : [{ name, ...run }]))
    .sort((a, b) => (a.name < b.name ? 1 : -1));
}

/** Two runs of one millisecond: the second has a number. */
function isNamedByResult({ name, startedAt, command }: Past): boolean {
  const base = (each: string) => each.replace(/-\d+$/, '');
  return startedAt !== null && command !== '' && base(name) === base(reportFolderName(startedAt, command));
}
