import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isRecord, jsonOrNull } from '../core/json.ts';
import { patientlyNow } from './file-system.ts';

/** The folder beside those of the runs that is a copy of the newest one: a fixed path for a CI. */
export const LATEST = 'latest';

/** What a run's folder may hold. `result.json` is removed and replaced last: by it the next run recognizes the folder. */
export const OURS = ['index.html', 'junit.xml', 'summary.md', 'code-quality.json', 'result.json'];

/** See `ReportFiles.copyToLatest`. Plain files and no link: Windows lets few people make one, and a CI may not follow it. */
export function copyToLatest(folder: string, run: string | null): boolean {
  const latest = join(folder, LATEST);
  if (run !== null) makeFolder(latest);
  const there = namesIn(latest);
  if (there === null) return run === null;
  if (there.length > 0 && !isOurs(latest)) return false;
  if (run === null) {
    for (const name of OURS) rmSync(join(latest, name), { force: true });
    if (namesIn(latest)?.length === 0) rmdirSync(latest);
    return true;
  }
  const texts = OURS.map((name) => [name, readNow(join(run, name))] as const);
  // From its first moment the folder is known as this tool's, also where the process is killed.
  if (there.length === 0) put(latest, texts.slice(-1));
  // Runs that end at the same time write in turn. Whose result stays has written it last, and looks whether the rest is its own.
  for (let round = 0; round < MOST_ROUNDS; round++) {
    put(latest, texts);
    const isWritten = texts.map(([name, text]) => isSame(readNow(join(latest, name)), text));
    if (isWritten.every(Boolean) || !isWritten.at(-1)) break;
  }
  return true;
}

/** More runs than this hardly end at the same moment. */
const MOST_ROUNDS = 20;

/**
 * Like a write, but a reader at the same time sees one whole text or the other, and no link is written through.
 *
 * @param mode of the new file
 */
export function replaceNow(path: string, text: string | Uint8Array, mode = 0o666): void {
  const beside = `${path}.${randomUUID()}${BESIDE}`;
  try {
    writeFileSync(beside, text, { flag: 'wx', mode });
    patientlyNow(process, () => renameSync(beside, path));
  } catch (error) {
    rmSync(beside, { force: true });
    // There no file can be renamed over one that is open.
    if (process.platform !== 'win32') throw error;
    writeFileSync(path, text);
  }
}

const BESIDE = '.new';

function put(latest: string, texts: readonly (readonly [name: string, text: Buffer | null])[]): void {
  for (const [name, text] of texts) {
    if (text === null) rmSync(join(latest, name), { force: true });
    else replaceNow(join(latest, name), text);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** What is in a folder, but what a killed process or one at the same time has not renamed yet; null: it is none, or a link. */
function namesIn(folder: string): string[] | null {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return null;
  return readdirSync(folder).filter((name) => !name.endsWith(BESIDE));
}

function isOurs(latest: string): boolean {
  const result = jsonOrNull(readNow(join(latest, 'result.json'))?.toString('utf8') ?? '');
  return isRecord(result) && typeof result['schema'] === 'number' && typeof result['command'] === 'string';
}

/** null where there is no regular file. A pipe or a link in its place is neither waited for nor followed. */
function readNow(path: string): Buffer | null {
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
  try {
    const file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    try {
      return fstatSync(file).isFile() ? readFileSync(file) : null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}
