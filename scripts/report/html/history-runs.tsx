/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import { placeInHistory } from '../folder.ts';
import { type Filter, filterMarks, shortValue } from '../history-filters.ts';
import type { HistoryEntry } from '../past-run.ts';
import { cut, formatUtc } from '../text.ts';
import { toneOf, wordOf } from '../words.ts';
import { Section, StatusMark, sentence, Time } from './parts.tsx';

interface RunsProps {
  readonly entries: readonly HistoryEntry[];
  readonly filters: readonly Filter[];
  /** Those that stand beside another run on this page. */
  readonly compared: ReadonlySet<HistoryEntry>;
}

/** A row for each run, and what chooses among them: the style does, so that it works without scripts. */
export function Runs({ entries, filters, compared }: RunsProps) {
  return (
    <Section id="runs" title="All runs">
      {filters.length > 0 && (
        <div class="filters">
          {filters.map((filter) => (
            <FilterChoice filter={filter} all={entries.length} />
          ))}
          <output aria-live="polite" />
        </div>
      )}
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
            <RunRow entry={entry} filters={filters} isCompared={compared.has(entry)} />
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function FilterChoice({ filter: { name, title, values }, all }: { readonly filter: Filter; readonly all: number }) {
  const choice = (id: string, text: string, count: number, isFirst = false) => (
    <>
      <input type="radio" name={name} id={id} checked={isFirst} />
      <label for={id}>
        {text} <small>{count}</small>
      </label>
    </>
  );
  return (
    <fieldset>
      <legend>{title}</legend>
      <div>
        {choice(`${name}-all`, 'All', all, true)}
        {values.map(({ text, count }, index) => choice(`${name}-${index}`, shortValue(text), count))}
      </div>
    </fieldset>
  );
}

function RunRow(props: {
  readonly entry: HistoryEntry;
  readonly filters: readonly Filter[];
  readonly isCompared: boolean;
}) {
  const { entry, filters, isCompared } = props;
  const { folder, link, startedAt, command, subject, verdict, durationMs } = entry;
  const name = `${command}, ${startedAt ? formatUtc(startedAt) : folder}`;
  return (
    <tr {...filterMarks(entry, filters)}>
      <td>
        <StatusMark status={STATUS[toneOf(verdict)]} word={wordOf(entry)} />
      </td>
      <th scope="row">
        {link === null ? (
          command
        ) : (
          <a href={link} aria-label={name}>
            {command}
          </a>
        )}
        {subject !== null && <small>{cut(subject, 200)}</small>}
      </th>
      <td>{startedAt && <Time at={startedAt} />}</td>
      <td class="number">
        {durationMs === null ? '–' : formatDuration(durationMs)}
        {isCompared && (
          <a class="compare" href={`#${placeInHistory(folder)}`} aria-label={`Compare ${name}`}>
            Compare
          </a>
        )}
      </td>
      <td>
        <WhatFailed entry={entry} />
      </td>
    </tr>
  );
}

/** It leads to the part of the report that says more. */
function WhatFailed({
  entry: { link, steps, reason, failed, hasDiagnosis, verdict },
}: {
  readonly entry: HistoryEntry;
}) {
  const names = steps.filter(({ status }) => status === 'failed').map(({ name }) => name);
  const part = failed > 0 ? 'failures' : hasDiagnosis ? 'diagnosis' : 'timeline';
  const words = names.join(', ');
  return (
    <>
      {words !== '' &&
        (link === null || toneOf(verdict) !== 'bad' ? (
          <b>{words}: </b>
        ) : (
          [<a href={`${link}#${part}`}>{words}</a>, ': ']
        ))}
      {sentence(cut(reason, 300))}
    </>
  );
}

const STATUS = { good: 'passed', bad: 'failed', neutral: 'skipped' } as const;
