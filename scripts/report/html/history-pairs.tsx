/** @jsxRuntime automatic @jsxImportSource preact */
import { placeInHistory } from '../folder.ts';
import type { HistoryEntry } from '../past-run.ts';
import { DETAILS, type Row, type SideBySide } from '../side-by-side.ts';
import { cut, formatUtc } from '../text.ts';
import { toneOf } from '../words.ts';
import { marked, Section, Time } from './parts.tsx';

/** Each run beside the one before it. One is seen at a time: that of the link that was followed, else the newest. */
export function Pairs({ pairs, all }: { readonly pairs: readonly SideBySide[]; readonly all: number }) {
  if (pairs.length < 2) return null;
  const first = pairs.find(({ before }) => before !== null);
  return (
    <Section id="compare" title="Two runs side by side" class="pairs">
      <p class="muted">
        {first === undefined
          ? 'No two runs here are of the same command for the same.'
          : '“Compare” in the row of a run puts it beside the run before it of the same command, for the same.'}
        {pairs.length < all &&
          ` Only the newest are compared, so that this page stays small: ${pairs.length} of ${all}.`}
      </p>
      <div class="choose" hidden />
      <p class="all-of">
        <input type="checkbox" id="all-of" /> <label for="all-of">Show what is the same, too</label>
      </p>
      {pairs.map((pair) => (
        <Pair pair={pair} isFirst={pair === first} />
      ))}
    </Section>
  );
}

function Pair({ pair: { before, now, parts }, isFirst }: { readonly pair: SideBySide; readonly isFirst: boolean }) {
  const id = placeInHistory(now.folder);
  return (
    <article
      class={`pair${isFirst ? ' first' : ''}${before === null ? ' alone' : ''}`}
      id={id}
      aria-labelledby={`${id}-of`}
      tabIndex={-1}
      data-before={before === null ? undefined : placeInHistory(before.folder)}
      data-good={toneOf(now.verdict) === 'good' ? '' : undefined}
    >
      <h3 id={`${id}-of`} data-name={nameOf(now)}>
        {now.command}
        {now.subject !== null && <small> {cut(now.subject, 120)}</small>}
      </h3>
      <table class="beside">
        <thead>
          <tr>
            <td />
            {before !== null && (
              <th scope="col">
                <small>before</small> <RunLink entry={before} />
              </th>
            )}
            <th scope="col" class="now">
              {before !== null && <small>this run</small>} <RunLink entry={now} />
            </th>
            {before !== null && (
              <th scope="col">
                <small>difference</small>
              </th>
            )}
          </tr>
        </thead>
        {parts.map(({ title, rows }) => (
          <tbody class={DETAILS.includes(title) ? 'details' : undefined}>
            <tr>
              <th colSpan={4} scope="rowgroup">
                {title}
              </th>
            </tr>
            {rows.map((row) => (
              <PairRow row={row} isAlone={before === null} />
            ))}
          </tbody>
        ))}
      </table>
      {before === null && <p class="muted">No run before it here is of the same command for the same.</p>}
    </article>
  );
}

/** @param props.isAlone there is no run to compare with */
function PairRow({ row: { name, before, now, change }, isAlone }: { readonly row: Row; readonly isAlone: boolean }) {
  const isSame = !isAlone && before?.text === now?.text;
  return (
    <tr class={change === '' ? undefined : change.replace(' ', '-')}>
      <th scope="row">{marked(name)}</th>
      {!isAlone && !isSame && <td>{marked(before?.text ?? '–')}</td>}
      <td class={now === null ? undefined : 'now'} data-ms={now?.ms} colSpan={isSame ? 2 : undefined}>
        {marked(now?.text ?? '–')}
      </td>
      {!isAlone && <td>{change}</td>}
    </tr>
  );
}

function RunLink({ entry }: { readonly entry: HistoryEntry }) {
  const time = entry.startedAt === null ? entry.folder : <Time at={entry.startedAt} />;
  return entry.link === null ? time : <a href={entry.link}>{time}</a>;
}

/** In the list from which a reader chooses. */
function nameOf({ command, startedAt, folder, subject }: HistoryEntry): string {
  const what = subject === null ? '' : `, ${cut(subject, 60)}`;
  return `${startedAt === null ? folder : formatUtc(startedAt)}, ${command}${what}`;
}
