/** @jsxRuntime automatic @jsxImportSource preact */

import { formatDuration } from '../../core/duration.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { Attempt, StepRecord } from '../../core/result.ts';
import { formatCount, formatNumber } from '../text.ts';
import type { View } from '../view.ts';
import { ExchangeRow } from './exchange-row.tsx';
import { Toolbar } from './toolbar.tsx';

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
