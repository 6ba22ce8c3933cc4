/** @jsxRuntime automatic @jsxImportSource preact */

import { formatDuration } from '../../core/duration.ts';
import type { HistoryEntry } from '../history-entry.ts';
import { formatCount } from '../text.ts';
import { toneOf } from '../words.ts';

/** How long the runs took, oldest first: filled where all went well, hollow where not. */
export function DurationsChart({ entries }: { readonly entries: readonly HistoryEntry[] }) {
  const runs = entries
    .filter((entry) => entry.durationMs !== null && entry.verdict !== 'planned')
    .slice(0, MOST)
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

const MOST = 60;
