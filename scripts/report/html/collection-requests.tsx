/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import type { Exchange } from '../../core/exchange.ts';
import type { FolderGroup, Group, IterationGroup } from '../grouped.ts';
import { cut, formatCount, formatNumber } from '../text.ts';
import type { View } from '../view.ts';
import { Description } from './description.tsx';
import { Entry, marked } from './parts.tsx';
import { Exchanges } from './request-row.tsx';

/** The requests of a collection's run by iteration and folder, which open and close. */
export function CollectionRequests({ view }: { readonly view: View }) {
  const iterations = view.iterations ?? [];
  const total = Math.max(view.run.collection?.iterations ?? 1, iterations.length);
  return iterations.map((iteration, index) =>
    total === 1 ? (
      <div>
        <h3>
          {marked(view.run.collection?.name ?? 'collection', 200)}{' '}
          <small>
            <Counts group={iteration} />
          </small>
        </h3>
        <Entries group={iteration} view={view} isDescribed />
      </div>
    ) : (
      <Iteration iteration={iteration} total={total} isFirst={index === 0} view={view} />
    ),
  );
}

/** So many requests are seen at once; of more only those folders and iterations are open that did not pass. */
const MANY = 100;

/** @param props.isFirst the descriptions of folders are the same in all of them, and are in the first one */
function Iteration(props: {
  readonly iteration: IterationGroup;
  readonly total: number;
  readonly isFirst: boolean;
  readonly view: View;
}) {
  const { iteration, total, isFirst, view } = props;
  const row = Object.entries(iteration.data ?? {}).map(([name, value]) => [name, String(value)] as const);
  const line = row.map(([name, value]) => `${name}: ${value}`).join(', ');
  return (
    <details class="iteration" open={view.numbers.size <= MANY || iteration.failed > 0}>
      <summary>
        <h3>
          Iteration {formatNumber(iteration.number)}{' '}
          <small>
            of {formatNumber(total)}, <Counts group={iteration} />
          </small>
        </h3>
        {row.length > 0 && <p class="data">{marked(line, LONGEST_LINE)}</p>}
      </summary>
      {line.length > LONGEST_LINE && (
        <dl class="headers">
          {row.slice(0, MOST_VALUES).map(([name, value]) => (
            <Entry term={cut(name, 100)}>{marked(value, 500)}</Entry>
          ))}
        </dl>
      )}
      <Entries group={iteration} view={view} isDescribed={isFirst} />
    </details>
  );
}

/** Of a data row, which is one line where it can be. */
const LONGEST_LINE = 160;
const MOST_VALUES = 50;

/** Requests that stand beside each other are one list. */
function Entries(props: { readonly group: Group; readonly view: View; readonly isDescribed: boolean }) {
  const { group, view, isDescribed } = props;
  const shown: ComponentChildren[] = [];
  let list: Exchange[] = [];
  const end = () => {
    if (list.length > 0) shown.push(<Exchanges exchanges={list} view={view} />);
    list = [];
  };
  for (const entry of group.entries) {
    if ('entries' in entry) {
      end();
      shown.push(<Folder folder={entry} isAlone={group.entries.length === 1} view={view} isDescribed={isDescribed} />);
    } else list.push(entry);
  }
  end();
  return <div class="group">{shown}</div>;
}

function Folder(props: {
  readonly folder: FolderGroup;
  readonly isAlone: boolean;
  readonly view: View;
  readonly isDescribed: boolean;
}) {
  const { folder, isAlone, view, isDescribed } = props;
  return (
    <details class="folder" open={isAlone || view.numbers.size <= MANY || folder.failed > 0}>
      <summary>
        <b>
          <bdi>{marked(folder.name, 200)}</bdi>
        </b>{' '}
        <small>
          <Counts group={folder} />
        </small>
      </summary>
      {isDescribed && <Description text={folder.description} />}
      <Entries group={folder} view={view} isDescribed={isDescribed} />
    </details>
  );
}

function Counts({ group: { requests, failed, checks } }: { readonly group: Group }) {
  return (
    <>
      {formatCount(requests, 'request')}
      {failed > 0 && (
        <>
          , <b class="bad">{formatNumber(failed)} failed</b>
        </>
      )}
      {checks > 0 && `, ${formatCount(checks, 'check')}`}
    </>
  );
}
