/** @jsxRuntime automatic @jsxImportSource preact */

import { formatDuration } from '../../core/duration.ts';
import type { HistoryEntry } from '../history-entry.ts';
import { cut, formatCount, formatUtc } from '../text.ts';
import { toneOf, verdictWord } from '../words.ts';
import { DurationsChart } from './durations-chart.tsx';
import { StatusMark } from './status.tsx';
import { Prose } from './text.tsx';
import { Time } from './time.tsx';

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
