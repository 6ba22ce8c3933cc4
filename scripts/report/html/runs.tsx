/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import type { HistoryEntry } from '../history-entry.ts';
import { cut, formatCount, formatUtc } from '../text.ts';
import { toneOf, verdictWord } from '../words.ts';
import { Prose, StatusMark, Time } from './parts.tsx';

/** All runs whose reports are here, newest first. */
export function Runs({ entries }: { readonly entries: readonly HistoryEntry[] }) {
  return (
    <main>
      <header class="hero">
        <p class="kicker">bff-iat</p>
        <h1>Runs</h1>
        <p class="sentence">
          {entries.length === 0
            ? 'There is no report here yet.'
            : `${formatCount(entries.length, 'run')}, newest first.`}
        </p>
      </header>
      <DurationsChart entries={entries} />
      {entries.length > 0 && (
        <table class="runs">
          <thead>
            <tr>
              <th scope="col">Verdict</th>
              <th scope="col">Command</th>
              <th scope="col">When</th>
              <th scope="col">Duration</th>
              <th scope="col">What failed</th>
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
  const { verdict, command } = entry;
  const tone = toneOf(verdict);
  return (
    <tr>
      <td data-label="Verdict">
        <StatusMark
          status={tone === 'good' ? 'passed' : tone === 'bad' ? 'failed' : 'skipped'}
          word={verdict === null ? 'No result' : verdictWord({ verdict, command })}
        />
      </td>
      <th scope="row" data-label="Command">
        {entry.link === null ? (
          command
        ) : (
          <a
            href={entry.link}
            aria-label={`${command}, ${entry.startedAt ? formatUtc(entry.startedAt) : entry.folder}`}
          >
            {command}
          </a>
        )}
      </th>
      <td data-label="When">{entry.startedAt && <Time at={entry.startedAt} />}</td>
      <td data-label="Duration" class="number">
        {entry.durationMs === null ? '–' : formatDuration(entry.durationMs)}
      </td>
      <td data-label="What failed">
        {entry.failedSteps.length > 0 && <b>{entry.failedSteps.join(', ')}: </b>}
        <Prose text={cut(entry.reason, 300)} />
      </td>
    </tr>
  );
}

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
