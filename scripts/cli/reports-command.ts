import { join } from 'node:path';
import { formatDuration } from '../core/duration.ts';
import type { Paragraph } from '../core/ports.ts';
import { escapeJson } from '../core/visible.ts';
import type { HistoryEntry } from '../report/past-run.ts';
import { formatCount, formatUtc } from '../report/text.ts';
import { toneOf, wordOf } from '../report/words.ts';
import { openPage } from './open-page.ts';
import { printFailure } from './print-failure.ts';
import { loadRenderers } from './reports.ts';
import { runCommand, type Session } from './session.ts';
import { cutEnd, type Layout, signsOf, toShown } from './terminal-text.ts';
import type { openOutside } from './wiring.ts';

/** `npm run reports` from arguments to exit code: it looks, and changes nothing. */
export function reports(process: Parameters<typeof openOutside>[0]): Promise<number> {
  return runCommand('reports', process, async (session, { settings }) =>
    settings instanceof Error ? printFailure(session, settings) : showReports(session, settings),
  );
}

/** Prints where the reports are; with `--open` the page over all runs is opened. */
export async function showReports(
  session: Session,
  { reports: folder, open }: { readonly reports: string; readonly open: boolean },
): Promise<number> {
  const { outside, human, json, masker, redact } = session;
  const { readHistory, isHistory } = await loadRenderers();
  const { entries, foreign } = readHistory(await outside.reportFiles.runs(folder));
  const page = join(folder, 'index.html');
  const text = await outside.reportFiles.read(page).catch(() => new Uint8Array());
  const found: Found = { folder, index: isHistory(Buffer.from(text).toString('utf8')) ? page : null, entries, foreign };
  if (json) {
    // What was masked by its run may hold what is a secret today.
    const document = JSON.stringify(
      toDocument(found, (value) => masker.mask(value)),
      null,
      2,
    );
    outside.stdout.print(...escapeJson(document).split('\n'));
  } else human.print(...renderReports(found, { columns: human.columns, signs: signsOf(human), quiet: false, redact }));
  if (open && found.index !== null) await openPage(session, found.index);
  return 0;
}

interface Found {
  readonly folder: string;
  /** The page over all runs; null: there is none of this tool's. */
  readonly index: string | null;
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  readonly foreign: number;
}

/** What is printed, for a person. */
export function renderReports({ folder, index, entries, foreign }: Found, layout: Layout): (string | Paragraph)[] {
  const { redact } = layout;
  if (entries.length === 0) {
    return [
      { text: redact(`There are no reports in ${folder} yet.`), look: 'title' },
      { text: '  Every run leaves one. The quickest, without Docker and configuration:', indent: '  ' },
      '    npm run demo',
    ];
  }
  const others = foreign === 0 ? '' : ` (and ${formatCount(foreign, 'folder')} of other origin)`;
  return [
    { text: redact(`${formatCount(entries.length, 'run')} in ${folder}${others}`), look: 'title', indent: '' },
    index === null
      ? { text: '  There is no page over all runs here; the next run writes one.', indent: '  ' }
      : redact(`  All runs: ${index}`),
    '',
    'The newest of each command:',
    ...newestOfEach(entries).flatMap((entry) => ['', ...lines(entry, folder, layout)]),
  ];
}

function newestOfEach(entries: readonly HistoryEntry[]): HistoryEntry[] {
  const seen = new Map<string, HistoryEntry>();
  for (const entry of entries) if (!seen.has(entry.command)) seen.set(entry.command, entry);
  return [...seen.values()];
}

function lines(entry: HistoryEntry, folder: string, layout: Layout): (string | Paragraph)[] {
  const { command, verdict, startedAt, durationMs, subject, link, reason } = entry;
  const { signs, columns, redact } = layout;
  const tone = toneOf(verdict);
  const time = durationMs === null ? '' : ` (${formatDuration(durationMs)})`;
  const more = [subject, reason]
    .filter((text) => text !== null && text !== '')
    .map((text) => toShown(text ?? '', layout, columns));
  return [
    {
      text: `${signs[SIGN[tone]]} ${toShown(command, layout, 40)}: ${wordOf(entry)}, ${startedAt ? formatUtc(startedAt) : 'unknown time'}${time}`,
      look: LOOK[tone],
      indent: INDENT,
    },
    ...more.map((text): Paragraph => ({ text: INDENT + cutEnd(text, columns - INDENT.length, signs), look: 'dim' })),
    INDENT + (link === null ? 'it left no page' : redact(pageOf(entry, folder))),
  ];
}

const INDENT = '  ';
const SIGN = { good: 'passed', bad: 'failed', neutral: 'skipped' } as const;
const LOOK = { good: 'done', bad: 'bad', neutral: 'dim' } as const;

function pageOf(entry: HistoryEntry, folder: string): string {
  return join(folder, entry.folder, 'index.html');
}

/** The same for programs: all runs, newest first. */
function toDocument({ folder, index, entries, foreign }: Found, mask: (text: string) => string) {
  const text = (value: string | null) => (value === null ? null : mask(value));
  return {
    schema: 1,
    command: 'reports',
    folder: mask(folder),
    index: text(index),
    foreign,
    runs: entries.map((entry) => ({
      command: mask(entry.command),
      verdict: entry.verdict,
      startedAt: entry.startedAt?.toISOString() ?? null,
      durationMs: entry.durationMs,
      for: text(entry.subject),
      reason: text(entry.reason || null),
      html: entry.link === null ? null : mask(pageOf(entry, folder)),
    })),
  };
}
