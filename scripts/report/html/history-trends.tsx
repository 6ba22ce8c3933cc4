/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import { groupBy } from '../../core/group-by.ts';
import { rankOf } from '../counts.ts';
import { type Filter, filterMarks } from '../history-filters.ts';
import type { HistoryEntry } from '../past-run.ts';
import { formatCount, formatNumber, formatUtc } from '../text.ts';
import { toneOf, wordOf } from '../words.ts';
import { Section } from './parts.tsx';

interface TrendsProps {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  readonly filters: readonly Filter[];
}

/** How long the runs of each command took, and how much failed in them. */
export function Trends({ entries, filters }: TrendsProps) {
  const judged = entries.filter(
    ({ verdict, durationMs }) => verdict !== null && verdict !== 'planned' && durationMs !== null,
  );
  const commands = [...groupBy(judged, ({ command }) => command)].filter(([, runs]) => runs.length > 1);
  if (commands.length === 0) return null;
  return (
    <Section id="trends" title="Trends">
      <div class="trends">
        {commands.slice(0, MOST_COMMANDS).map(([command, runs], index) => (
          <Trend command={command} runs={runs.slice(0, MOST_RUNS).reverse()} filters={filters} number={index} />
        ))}
      </div>
      <p class="muted">
        Each bar is a run, the newest on the right: up how long it took, filled where it went well; down how many checks
        and requests failed.
      </p>
    </Section>
  );
}

const MOST_COMMANDS = 8;
const MOST_RUNS = 60;

/** Above the line is time, below it are failures, each to its own scale. */
const LINE = 72;
const UP = 66;
const DOWN = 30;

/** @param props.runs oldest first */
function Trend(props: {
  readonly command: string;
  readonly runs: readonly HistoryEntry[];
  readonly filters: readonly Filter[];
  readonly number: number;
}) {
  const { command, runs, filters, number } = props;
  const durations = runs.map(({ durationMs }) => durationMs ?? 0);
  const longest = Math.max(1, ...durations);
  const most = Math.max(1, ...runs.map(({ failed }) => failed));
  const good = runs.filter(({ verdict }) => toneOf(verdict) === 'good').length;
  const [title, description] = [`trend-${number}`, `trend-${number}-more`];
  // Bars keep their width and stand at the right where there are few.
  const slots = Math.max(runs.length, FEWEST_SLOTS);
  const slot = 100 / slots;
  const first = slots - runs.length;
  return (
    <figure class="card trend">
      <figcaption>
        <h3>{command}</h3>
        <p>
          <b>{formatDuration(rankOf(durations, 0.5))}</b> median,{' '}
          {good === runs.length
            ? `all ${formatNumber(good)} went well`
            : `${formatNumber(good)} of ${formatNumber(runs.length)} went well`}
        </p>
      </figcaption>
      <svg role="img" aria-labelledby={`${title} ${description}`} focusable="false">
        <title id={title}>{`Durations and failures of ${command}`}</title>
        <desc id={description}>
          {`The last ${formatCount(runs.length, 'run')} took ${formatDuration(Math.min(...durations))} to ${formatDuration(longest)}; ${formatNumber(good)} went well.`}
        </desc>
        {runs.map((entry, index) => {
          const { durationMs, failed, verdict, startedAt } = entry;
          const up = Math.max(3, ((durationMs ?? 0) / longest) * UP);
          const down = failed === 0 ? 0 : Math.max(3, (failed / most) * DOWN);
          const place = { x: percent((first + index) * slot + slot * 0.15), width: percent(slot * 0.7) };
          return (
            <g {...filterMarks(entry, filters)}>
              <title>
                {`${startedAt ? formatUtc(startedAt) : ''}: ${wordOf(entry)}, ${formatDuration(durationMs ?? 0)}, ${formatNumber(failed)} failed`}
              </title>
              <rect class={toneOf(verdict)} {...place} y={(LINE - up).toFixed(1)} height={up.toFixed(1)} rx="2" />
              {down > 0 && <rect class="failed" {...place} y={LINE + 2} height={down.toFixed(1)} rx="2" />}
            </g>
          );
        })}
        <line x1="0" x2="100%" y1={LINE + 0.5} y2={LINE + 0.5} />
      </svg>
      <details>
        <summary>As a table</summary>
        <table class="numbers-of">
          <thead>
            <tr>
              {['When', 'Verdict', 'Duration', 'Failed'].map((name) => (
                <th scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...runs].reverse().map((entry) => (
              <tr {...filterMarks(entry, filters)}>
                <td>{entry.startedAt ? formatUtc(entry.startedAt) : entry.folder}</td>
                <td>{wordOf(entry)}</td>
                <td>{formatDuration(entry.durationMs ?? 0)}</td>
                <td>{formatNumber(entry.failed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

const FEWEST_SLOTS = 16;

function percent(part: number): string {
  return `${part.toFixed(2)}%`;
}
