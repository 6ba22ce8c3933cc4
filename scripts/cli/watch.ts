import { relative } from 'node:path';
import type { Run } from '../core/result.ts';
import { filesRead } from '../runbook/collection-files.ts';
import { conclude, execute, type Performed, perform, type Work } from './execute.ts';
import { renderOutcome } from './outcome.ts';
import { createProgress } from './progress.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import { type Layout, signsOf } from './terminal-text.ts';

/** Between two looks of the doctor. */
const PAUSE_MS = 3_000;

/** So many files are named. */
const MOST_NAMED = 3;

/**
 * `npm run collection -- --watch`: runs once, and again whenever a file of the run changes, until it is interrupted. What is wrong
 * with a file is said like in any run, and the next change is waited for.
 *
 * @returns 130 or 143, as for every interruption
 */
export async function watchCollection(session: Session, work: Work, settings: Settings): Promise<number> {
  const { outside, human, redact } = session;
  const { interruption, cwd } = outside.host;
  const say = (text: string) => human.print('', { text: redact(text), look: 'title', indent: '  ' });
  if (!human.isTerminal) say('--watch without a terminal: this runs until it is ended (Ctrl-C, SIGTERM).');
  for (let isFirst = true; ; isFirst = false) {
    const files = await filesRead(settings, outside.files);
    // Opened before the run: what changes during it counts.
    const watch = outside.watchFiles(files);
    try {
      // A page that is open already is read again by its reader.
      const run = await execute(session, isFirst ? work : { ...work, opens: () => false });
      outside.notes.length = 0;
      if (interruption.signal.aborted) return run.exitCode;
      const named = files.slice(0, MOST_NAMED).map((file) => shortest(file, cwd));
      const more = files.length > named.length ? `, and ${files.length - named.length} more` : '';
      say(`Waiting for a change of ${named.join(', ')}${more}. Ctrl-C ends.`);
      const change = await watch.change(interruption.signal).catch(() => null);
      if (change === null) {
        say(`Ended. The last run: ${run.verdict}.`);
        return interruption.exitCode() ?? run.exitCode;
      }
      say(`${shortest(change.path, cwd)} ${WORDS[change.kind]}.`);
    } finally {
      watch.close();
    }
  }
}

const WORDS = { changed: 'has changed', gone: 'is gone', new: 'is there now' } as const;

function shortest(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.length < path.length ? way : path;
}

/**
 * `npm run doctor -- --watch`: looks again every few seconds, until nothing is wrong. A terminal shows the last look; elsewhere
 * there is a line for each change of the verdict. The last look has the report.
 *
 * @returns 0 when nothing is wrong; 130 or 143 for an interruption
 */
export async function watchDoctor(session: Session, work: Work): Promise<number> {
  const { outside, human, redact } = session;
  const { clock, host } = outside;
  const { interruption } = host;
  let last: Performed | null = null;
  let said = '';
  for (;;) {
    const look = await perform(session, work, 'quietly');
    look.stopWatchdog();
    // A look that was broken off says nothing, unless it is the only one.
    if (last === null || !interruption.signal.aborted) last = look;
    if (interruption.signal.aborted || last.run.exitCode === 0) break;
    outside.notes.length = 0;
    const verdict = last.run.error?.message ?? '';
    if (human.isTerminal) showLook(session, last.run);
    else if (verdict !== said) human.print({ text: redact(`${timeOf(clock.date())} ${verdict}`), indent: '  ' });
    said = verdict;
    await clock.sleep(PAUSE_MS, interruption.signal).catch(() => {});
    if (interruption.signal.aborted) break;
  }
  if (human.isTerminal) outside.clearScreen();
  else human.print('');
  showSteps(session, last.run);
  const { exitCode } = await conclude(session, work, last);
  return interruption.exitCode() ?? exitCode;
}

function showLook(session: Session, run: Run): void {
  const { outside, human, redact } = session;
  outside.clearScreen();
  showSteps(session, run);
  const layout: Layout = { columns: human.columns, signs: signsOf(human), quiet: false, redact };
  human.print(...renderOutcome(run, { html: null, junit: null, json: null }, layout));
  const time = timeOf(outside.clock.date());
  human.print('', { text: `Looked at ${time}, and again every ${PAUSE_MS / 1_000} s. Ctrl-C ends.`, look: 'dim' });
}

function showSteps({ human, redact }: Session, run: Run): void {
  const progress = createProgress(human, redact, { quiet: false, verbose: false, showsEachOutcome: true });
  for (const step of run.steps) progress.handle({ type: 'step-ended', step });
}

/** `14:03:59`, of this machine's time zone. */
function timeOf(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
