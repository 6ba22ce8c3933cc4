/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../core/duration.ts';
import { toVisible } from '../core/visible.ts';
import { renderPage } from './html/page.tsx';
import { StatusMark, sentence, Time } from './html/parts.tsx';
import type { HistoryEntry } from './past-run.ts';
import { cut, formatCount, formatUtc, toLine } from './text.ts';
import { toneOf, verdictWord } from './words.ts';

/** The page over all runs. Its links are relative, so that the folder can be moved as a whole. */
export function renderHistory(entries: readonly HistoryEntry[]): string {
  const timeOf = (entry: HistoryEntry) => entry.startedAt?.getTime() ?? 0;
  const newestFirst = [...entries].sort((a, b) => timeOf(b) - timeOf(a));
  return renderPage({ title: TITLE, tone: 'neutral', children: <Runs entries={newestFirst} /> });
}

/** Whether a page is one over all runs, which this tool may overwrite. */
export function isHistory(html: string): boolean {
  return html.includes(`<title>${TITLE}</title>`);
}

const TITLE = 'Runs of bff-iat';

/** All runs whose reports are here, newest first. */
function Runs({ entries }: { readonly entries: readonly HistoryEntry[] }) {
  return (
    <main>
      <header class="hero">
        <p class="kicker">bff-iat</p>
        <h1>Runs</h1>
        <p class="sentence">
          {entries.length > 0 ? `${formatCount(entries.length, 'run')}, newest first.` : 'There is no report here yet.'}
        </p>
      </header>
      <DurationsChart entries={entries} />
      {entries.length > 0 && (
        <table class="runs">
          <thead>
            <tr>
              {['Verdict', 'Run', 'When', 'Duration', 'What failed'].map((name) => (
                <th scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <RunRow entry={entry} />
            ))}
          </tbody>
        </table>
      )}
    </main>
  );
}

function RunRow({ entry }: { readonly entry: HistoryEntry }) {
  const { folder, link, startedAt, command, collection, workload, hasToken, verdict, durationMs, failedSteps, reason } =
    entry;
  const name = collection === null ? command : cut(toLine(toVisible(collection.title ?? collection.name)), 120);
  const when = startedAt ? formatUtc(startedAt) : folder;
  return (
    <tr>
      <td data-label="Verdict">
        <StatusMark
          status={STATUS[toneOf(verdict)]}
          word={verdict === null ? 'No result' : verdictWord({ verdict, command }, hasToken)}
        />
      </td>
      <th scope="row" data-label="Run">
        {link === null ? (
          name
        ) : (
          <a href={link} aria-label={`${name}, ${when}`}>
            {name}
          </a>
        )}
        {collection !== null && <small> {command}</small>}
        {workload !== null && <small class="workload"> {cut(workload, 200)}</small>}
      </th>
      <td data-label="When">{startedAt && <Time at={startedAt} />}</td>
      <td data-label="Duration" class="number">
        {durationMs === null ? '–' : formatDuration(durationMs)}
      </td>
      <td data-label="What failed">
        {failedSteps.length > 0 && <b>{failedSteps.join(', ')}: </b>}
        {sentence(cut(reason, 300))}
      </td>
    </tr>
  );
}

const STATUS = { good: 'passed', bad: 'failed', neutral: 'skipped' } as const;

/** How long the runs took, oldest first: filled where all went well, hollow where not. */
function DurationsChart({ entries }: { readonly entries: readonly HistoryEntry[] }) {
  const runs = entries
    .filter((entry) => entry.durationMs !== null && entry.verdict !== 'planned')
    .slice(0, MOST_BARS)
    .reverse();
  if (runs.length < 2) return null;
  const durations = runs.map((entry) => entry.durationMs ?? 0);
  const longest = Math.max(1, ...durations);
  const slot = 100 / Math.max(runs.length, 12);
  const good = runs.filter((entry) => toneOf(entry.verdict) === 'good').length;
  const label = `Durations of the last ${formatCount(runs.length, 'run')}: ${formatDuration(Math.min(...durations))} to ${formatDuration(longest)}; ${good} went well`;
  return (
    <figure class="chart">
      <svg role="img" aria-label={label} focusable="false">
        <line x1="0" x2="100%" y1="119" y2="119" />
        {runs.map((entry, index) => {
          const height = Math.max(3, ((entry.durationMs ?? 0) / longest) * 104);
          return (
            <rect
              class={toneOf(entry.verdict)}
              x={`${(index * slot + slot * 0.15).toFixed(2)}%`}
              width={`${(slot * 0.7).toFixed(2)}%`}
              y={(119 - height).toFixed(1)}
              height={height.toFixed(1)}
              rx="2"
            >
              <title>{`${entry.command}, ${entry.verdict ?? 'no result'}, ${formatDuration(entry.durationMs ?? 0)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption>
        Durations, oldest first; the longest is {formatDuration(longest)}. Filled: went well. Hollow: did not.
      </figcaption>
    </figure>
  );
}

const MOST_BARS = 60;
