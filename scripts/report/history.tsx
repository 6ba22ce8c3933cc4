/** @jsxRuntime automatic @jsxImportSource preact */

import { filtersOf } from './history-filters.ts';
import { Pairs } from './html/history-pairs.tsx';
import { Runs } from './html/history-runs.tsx';
import { HISTORY_SCRIPT } from './html/history-script.ts';
import { filterStyle, HISTORY_STYLE } from './html/history-style.ts';
import { Trends } from './html/history-trends.tsx';
import { renderPage } from './html/page.tsx';
import { STYLE } from './html/style.ts';
import type { History, HistoryEntry } from './past-run.ts';
import { besideTheOnesBefore, type SideBySide, sizeOf } from './side-by-side.ts';
import { formatCount, formatNumber } from './text.ts';
import { toneOf } from './words.ts';

/** The page over all runs. Its links are relative, so that the folder can be moved as a whole. */
export function renderHistory(history: History): string {
  const filters = filtersOf(history.entries);
  return renderPage({
    title: TITLE,
    tone: toneOf(history.entries[0]?.verdict ?? null),
    style: STYLE + HISTORY_STYLE + filterStyle(filters),
    script: HISTORY_SCRIPT,
    children: <Content {...history} />,
  });
}

/** Whether a page is one over all runs, which this tool may overwrite. */
export function isHistory(html: string): boolean {
  return html.includes(`<title>${TITLE}</title>`);
}

const TITLE = 'Runs of bff-iat';

/** All runs whose reports are here, newest first: how they go, each of them, and two beside each other. */
function Content({ entries, foreign }: History) {
  const filters = filtersOf(entries);
  const pairs = withinBounds(besideTheOnesBefore(entries));
  return (
    <main>
      <header class="hero">
        <p class="kicker">bff-iat</p>
        <h1>Runs</h1>
        <p class="sentence">{summaryOf(entries)}</p>
        {foreign > 0 && (
          <p class="muted">
            {formatCount(foreign, 'folder')} beside this page {foreign === 1 ? 'holds' : 'hold'} a result.json that this
            tool did not write, and {foreign === 1 ? 'is' : 'are'} not listed.
          </p>
        )}
      </header>
      <Trends entries={entries} filters={filters} />
      {entries.length > 0 && (
        <Runs
          entries={entries}
          filters={filters}
          compared={new Set(pairs.flatMap(({ before, now }) => (before === null ? [] : now)))}
        />
      )}
      <Pairs pairs={pairs} all={entries.length} />
    </main>
  );
}

function summaryOf(entries: readonly HistoryEntry[]): string {
  if (entries.length === 0) return 'There is no report here yet. Every run leaves one: npm run demo is the quickest.';
  const bad = entries.filter(({ verdict }) => toneOf(verdict) === 'bad').length;
  const failed = bad === 0 ? '' : `, ${formatNumber(bad)} of them did not go well`;
  return `${formatCount(entries.length, 'run')}, newest first${failed}.`;
}

/** The newest ones: the page stays small, however much each run has to say. */
function withinBounds(pairs: readonly SideBySide[]): SideBySide[] {
  let left = LARGEST;
  return pairs.filter((pair) => {
    left -= sizeOf(pair);
    return left >= 0;
  });
}

/** Characters: the page is written, and searched for secrets, at the end of each run. */
const LARGEST = 85_000;
