/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import { type Exchange, isPassed } from '../../core/exchange.ts';
import type { Attempt, StepRecord } from '../../core/result.ts';
import { cut, formatCount, formatNumber } from '../text.ts';
import type { View } from '../view.ts';
import { ExchangeDetail } from './exchange-detail.tsx';
import { StatusMark, Text } from './parts.tsx';

/** Every request of the run, by step and attempt. */
export function Requests({ view }: { readonly view: View }) {
  const total = view.numbers.size;
  const steps = view.run.steps.filter((step) => step.attempts.length > 0);
  return (
    <section class={total > MANY ? 'requests many' : 'requests'} aria-labelledby="requests">
      <h2 id="requests">Requests</h2>
      {total === 0 && <p class="muted">No request was sent.</p>}
      {total > 3 && <Toolbar exchanges={[...view.numbers.keys()]} />}
      {view.detailed.size < total && (
        <p class="muted">
          {formatNumber(view.detailed.size)} of {formatCount(total, 'request')} are shown with headers and bodies, those
          that failed first; the others have one line each, to keep this page quick.
        </p>
      )}
      {steps.map((step) => (
        <StepRequests step={step} view={view} />
      ))}
    </section>
  );
}

function StepRequests({ step, view }: { readonly step: StepRecord; readonly view: View }) {
  const earlier = step.attempts.slice(0, -1);
  const last = step.attempts.at(-1);
  const waited = earlier.filter((attempt) => !attempt.passed).length;
  return (
    <div class="group">
      <h3>
        {step.name}{' '}
        {last && (
          <small>
            {earlier.length > 0 && `last of ${formatCount(step.attempts.length, 'attempt')}, `}
            {formatCount(last.exchanges.length, 'request')}
          </small>
        )}
      </h3>
      {last && <Exchanges exchanges={last.exchanges} view={view} />}
      {earlier.length > 0 && (
        <details class="earlier">
          <summary>
            {formatCount(earlier.length, 'earlier attempt')}
            {waited > 0 && (
              <span class="muted">, {waited === earlier.length ? 'none passed' : `${waited} did not pass`}</span>
            )}
          </summary>
          {earlier.map((attempt, index) => (
            <EarlierAttempt attempt={attempt} number={index + 1} view={view} />
          ))}
        </details>
      )}
    </div>
  );
}

function EarlierAttempt({
  attempt,
  number,
  view,
}: {
  readonly attempt: Attempt;
  readonly number: number;
  readonly view: View;
}) {
  return (
    <div class="attempt-group">
      <h4>
        Attempt {number}{' '}
        <small>
          {attempt.passed ? 'passed' : 'did not pass'}, {formatDuration(attempt.startMs)} after the start
        </small>
      </h4>
      <Exchanges exchanges={attempt.exchanges} view={view} />
    </div>
  );
}

function Exchanges({ exchanges, view }: { readonly exchanges: readonly Exchange[]; readonly view: View }) {
  return (
    <ol class="exchanges">
      {exchanges.map((exchange) => (
        <ExchangeRow
          exchange={exchange}
          number={view.numbers.get(exchange) ?? 0}
          isDetailed={view.detailed.has(exchange)}
        />
      ))}
    </ol>
  );
}

/** From here on rows are laid out only when they come into sight. */
const MANY = 100;

interface ExchangeRowProps {
  readonly exchange: Exchange;
  readonly number: number;
  readonly isDetailed: boolean;
}

/** One request as a line that opens, or as a line alone. */
function ExchangeRow({ exchange, number, isDetailed }: ExchangeRowProps) {
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

/** Filter and search; the script removes `hidden`, so that without scripts there are no controls that do nothing. */
function Toolbar({ exchanges }: { readonly exchanges: readonly Exchange[] }) {
  const total = exchanges.length;
  const passed = exchanges.filter(isPassed).length;
  return (
    <div class="toolbar" hidden data-total={total}>
      <fieldset>
        <legend class="sr-only">Show requests</legend>
        <Filter name="all" word="All" count={total} />
        <Filter name="failed" word="Failed" count={total - passed} />
        <Filter name="passed" word="Passed" count={passed} />
      </fieldset>
      <label>
        <span class="sr-only">Search requests by name, method, URL or status</span>
        <input type="search" placeholder="Search requests" autocomplete="off" spellcheck={false} />
      </label>
      <output aria-live="polite" />
    </div>
  );
}

function Filter({ name, word, count }: { readonly name: string; readonly word: string; readonly count: number }) {
  return (
    <button type="button" data-filter={name} aria-pressed={name === 'all' ? 'true' : 'false'}>
      {word} <small>{formatNumber(count)}</small>
    </button>
  );
}
