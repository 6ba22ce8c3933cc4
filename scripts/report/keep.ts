import type { RunFolder } from '../core/report-files.ts';
import { reportFolderName } from './folder.ts';
import { parseResult } from './history-entry.ts';

/**
 * The reports that are beyond the newest `keep`, by folder name. Only a folder counts that is surely a finished run's: its name
 * is the one that its own result asks for. So neither a folder of somebody else nor the run that is still being written, nor
 * what a killed run left to look at, is ever among them.
 */
export function chooseOld(folders: readonly RunFolder[], keep: number): string[] {
  return folders
    .filter(isFinishedRun)
    .map(({ name }) => name)
    .sort()
    .reverse()
    .slice(keep);
}

function isFinishedRun({ name, result }: RunFolder): boolean {
  const { startedAt, command } = (result === null ? null : parseResult(result)) ?? {};
  if (typeof startedAt !== 'string' || typeof command !== 'string') return false;
  const at = new Date(startedAt);
  // Two runs of one millisecond: the second has a number.
  return (
    !Number.isNaN(at.getTime()) && name.replace(/-\d+$/, '') === reportFolderName(at, command).replace(/-\d+$/, '')
  );
}
