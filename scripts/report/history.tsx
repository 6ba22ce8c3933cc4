/** @jsxRuntime automatic @jsxImportSource preact */
import type { HistoryEntry } from './history-entry.ts';
import { renderPage } from './html/page.tsx';
import { Runs } from './html/runs.tsx';

/** The page over all runs. Its links are relative, so that the folder can be moved as a whole. */
export function renderHistory(entries: readonly HistoryEntry[]): string {
  const newestFirst = [...entries].sort((a, b) => timeOf(b) - timeOf(a));
  return renderPage({ title: TITLE, tone: 'neutral', children: <Runs entries={newestFirst} /> });
}

/** Whether a page is one over all runs, which this tool may overwrite. */
export function isHistory(html: string): boolean {
  return html.includes(`<title>${TITLE}</title>`);
}

const TITLE = 'Runs of bff-iat';

function timeOf(entry: HistoryEntry): number {
  return entry.startedAt?.getTime() ?? 0;
}
