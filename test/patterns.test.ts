import { execFileSync, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { PatternReport, PatternWork } from './support/pattern-worker.ts';
import { type Pattern, patternsIn } from './support/patterns.ts';

const root = new URL('../', import.meta.url);
const paths = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-co', '--exclude-standard', 'scripts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  // Maintenance scripts read what the project itself wrote.
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith('scripts/maintenance/'));
const given = paths.flatMap((path) => patternsIn(path, readFileSync(new URL(path, root), 'utf8')));
/** Entries start a run when they are loaded. */
const modules = paths
  .filter((path) => !/^scripts\/[^/]+$|-main\.ts$|\.d\.ts$/.test(path))
  .map((path) => new URL(path, root).href);

/** One attempt takes milliseconds; this long without a word is a hang, on a busy machine as well. */
const program = fileURLToPath(new URL('support/pattern-worker.ts', import.meta.url));

const HANG_MS = 20_000;

test('every regular expression of the product takes linear time on 200,000 hostile characters', async () => {
  expect(given.length).toBeGreaterThan(300);
  const [first, second] = await Promise.all([tryOut(given, modules, 0, 2), tryOut(given, modules, 1, 2)]);
  expect([...first.slow, ...second.slow]).toEqual([]);
  expect(first.patterns + second.patterns).toBeGreaterThan(350);
  expect(first.texts + second.texts).toBeGreaterThan(5_000);
});

test('a slow one is found: the square of the text, and the one that never comes back', async () => {
  const patterns = ['a registration that was refused\\W.*bff', '(?:b+)+c'].map((source) => ({
    where: 'here',
    source,
    flags: '',
  }));
  const { slow } = await tryOut(patterns, [], 0, 1, 5_000);
  expect(slow).toEqual([
    expect.stringMatching(/refused\\W\.\*bff.*(?: ms|did not come back)$/),
    expect.stringMatching(/\(\?:b\+\)\+c.*did not come back$/),
  ]);
});

interface Tried {
  readonly slow: readonly string[];
  readonly patterns: number;
  readonly texts: number;
}

/** Tries expressions in a process of its own, which is ended where one does not come back; the next process goes on behind it. */
async function tryOut(
  patterns: readonly Pattern[],
  modules: readonly string[],
  from: number,
  step: number,
  hangMs = HANG_MS,
): Promise<Tried> {
  const slow: string[] = [];
  let at = from;
  let what = '';
  const counts = await new Promise<{ patterns: number; texts: number } | null>((resolve, reject) => {
    const work = { patterns, modules, from, step } satisfies PatternWork;
    const child = fork(program, { execArgv: ['--import', 'tsx'] });
    // As an argument it would be longer than Linux takes one (128 KiB).
    child.send(work);
    const end = (result: { patterns: number; texts: number } | null) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(result);
    };
    const timer = setTimeout(() => end(null), hangMs);
    child.on('error', reject).on('message', (report: PatternReport) => {
      timer.refresh();
      if (report.kind === 'slow') slow.push(report.what);
      if (report.kind === 'trying') [at, what] = [report.index, report.what];
      if (report.kind === 'done') end(report);
    });
  });
  if (counts !== null) return { slow, ...counts };
  const rest = await tryOut(patterns, modules, at + step, step, hangMs);
  return { ...rest, slow: [...slow, `${what}: it did not come back`, ...rest.slow] };
}
