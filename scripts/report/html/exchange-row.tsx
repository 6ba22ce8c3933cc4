/** @jsxRuntime automatic @jsxImportSource preact */

import { formatDuration } from '../../core/duration.ts';
import { type Exchange, isPassed } from '../../core/exchange.ts';
import { cut } from '../text.ts';
import { ExchangeDetail } from './exchange-detail.tsx';
import { StatusMark } from './status.tsx';
import { Text } from './text.tsx';

export interface ExchangeRowProps {
  readonly exchange: Exchange;
  readonly number: number;
  readonly isDetailed: boolean;
}

/** One request as a line that opens, or as a line alone. */
export function ExchangeRow({ exchange, number, isDetailed }: ExchangeRowProps) {
  const status = isPassed(exchange) ? 'passed' : 'failed';
  return (
    <li id={`x${number}`} class={`x ${status}`}>
      {isDetailed ? (
        <details>
          <summary class="row">
            <RowCells exchange={exchange} status={status} url={pathOnly(exchange.request.url)} />
          </summary>
          <ExchangeDetail exchange={exchange} />
        </details>
      ) : (
        <div class="row">
          <RowCells exchange={exchange} status={status} url={hostAndPath(exchange.request.url)} />
        </div>
      )}
    </li>
  );
}

interface RowCellsProps {
  readonly exchange: Exchange;
  readonly status: 'passed' | 'failed';
  readonly url: string;
}

function RowCells({ exchange, status, url }: RowCellsProps) {
  const { request, response, folders } = exchange;
  return (
    <>
      <StatusMark status={status} />
      <span class="name">
        {folders.length > 0 && (
          <small>
            <Text text={cut(`${folders.join(' / ')} / `, 120)} />
          </small>
        )}
        <bdi>
          <Text text={cut(exchange.name, 200)} />
        </bdi>
      </span>
      <span class="target">
        <b>{cut(request.method, 20)}</b> <Text text={cut(url, 160)} />
      </span>
      <span class="code">{response ? response.status : 'no answer'}</span>
      <span class="time">{response ? formatDuration(response.timeMs) : ''}</span>
    </>
  );
}

/** Enough to recognize a request whose detail has the whole URL. */
function pathOnly(url: string): string {
  return hostAndPath(url).replace(/^[^/]*(?=\/)/, '');
}

function hostAndPath(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/[?#][\s\S]*$/, '');
}
