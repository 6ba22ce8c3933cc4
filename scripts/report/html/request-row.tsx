/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import { type Exchange, statusOf } from '../../core/exchange.ts';
import { cut } from '../text.ts';
import type { View } from '../view.ts';
import { ExchangeDetail } from './exchange-detail.tsx';
import { marked, StatusMark } from './parts.tsx';

/** Requests as a list of lines that open, or of lines alone. */
export function Exchanges({ exchanges, view }: { readonly exchanges: readonly Exchange[]; readonly view: View }) {
  return <ol class="exchanges">{exchanges.map((exchange) => exchangeRow(exchange, view))}</ol>;
}

/** Everything about one request of the view. */
export function detailOf(exchange: Exchange, { descriptions }: View) {
  return <ExchangeDetail exchange={exchange} description={descriptions.get(exchange.id ?? '') ?? ''} />;
}

function exchangeRow(exchange: Exchange, view: View) {
  const how = view.details.get(exchange);
  const hasFolders = view.iterations === null;
  const place = hostAndPath(exchange.request.url);
  return (
    <li id={`x${view.numbers.get(exchange)}`} class={`x ${statusOf(exchange)}`}>
      {how === undefined ? (
        <div class="row">
          <RowCells exchange={exchange} url={place} hasFolders={hasFolders} />
        </div>
      ) : (
        <details class={how === 'packed' ? 'packed' : undefined}>
          <summary class="row">
            {/* The detail has the whole URL, so that the path is enough. */}
            <RowCells exchange={exchange} url={place.replace(/^[^/]*(?=\/)/, '')} hasFolders={hasFolders} />
          </summary>
          {how === 'plain' && detailOf(exchange, view)}
        </details>
      )}
    </li>
  );
}

function RowCells(props: { readonly exchange: Exchange; readonly url: string; readonly hasFolders: boolean }) {
  const { name, request, response, folders, isSkipped } = props.exchange;
  return (
    <>
      <StatusMark status={statusOf(props.exchange)} />
      <span class="name">
        {props.hasFolders && folders.length > 0 && <small>{marked(`${folders.join(' / ')} / `, 120)}</small>}
        <bdi>{marked(name, 200)}</bdi>
      </span>
      <span class="target">
        <b>{cut(request.method, 20)}</b> {marked(props.url, 160)}
      </span>
      <span class="code">{response ? response.status : isSkipped ? 'not sent' : 'no answer'}</span>
      <span class="time">{response && formatDuration(response.timeMs)}</span>
    </>
  );
}

function hostAndPath(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/[?#][\s\S]*$/, '');
}
