/** @jsxRuntime automatic @jsxImportSource preact */

import { formatDuration } from '../../core/duration.ts';
import type { Assertion } from '../../core/exchange.ts';
import { readExpectation } from '../expectation.ts';
import { type FailedExchange, pathOf } from '../outline.ts';
import { cut, formatCount } from '../text.ts';
import type { View } from '../view.ts';
import { StatusMark, Text } from './parts.tsx';

/** Which request did not pass, which check, what it wanted and what it found. */
export function Failures({ view }: { readonly view: View }) {
  const { failures, numbers } = view;
  if (failures.length === 0) return null;
  const rest = failures.length - MOST;
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">{formatCount(failures.length, 'failed request')}</h2>
      <ol class="failures">
        {failures.slice(0, MOST).map((failure) => (
          <FailureCard failure={failure} number={numbers.get(failure.exchange) ?? 0} />
        ))}
      </ol>
      {rest > 0 && (
        <p class="muted more">
          And {formatCount(rest, 'more failed request')}, in <a href="#requests">the list of requests</a>.
        </p>
      )}
    </section>
  );
}

function FailureCard({ failure, number }: { readonly failure: FailedExchange; readonly number: number }) {
  const { step, exchange } = failure;
  const { request, response, error } = exchange;
  const failed = exchange.assertions.filter((assertion) => assertion.status === 'failed');
  return (
    <li class="card failure">
      <h3>
        <StatusMark status="failed" /> <Text text={cut(pathOf(exchange), 400)} />
      </h3>
      <p class="line">
        <b class="method">{request.method}</b>{' '}
        <span class="url">
          <Text text={cut(request.url, 1000)} />
        </span>
      </p>
      <p class="muted">
        {response ? `${response.status} ${response.reason}, ${formatDuration(response.timeMs)}` : 'No answer'}, in step{' '}
        {step.name}. <a href={`#x${number}`}>Request and response</a>
      </p>
      {error && (
        <p class="message">
          {error.code !== '' && <code>{error.code}</code>} <Text text={cut(error.message, 4000)} />
        </p>
      )}
      {failed.slice(0, MOST_CHECKS).map((assertion) => (
        <FailedCheck assertion={assertion} />
      ))}
      {failed.length > MOST_CHECKS && (
        <p class="muted">And {formatCount(failed.length - MOST_CHECKS, 'more check')}.</p>
      )}
    </li>
  );
}

function FailedCheck({ assertion }: { readonly assertion: Assertion }) {
  const message = cut(assertion.message ?? '', 4000);
  const expectation = readExpectation(message);
  return (
    <div class="check">
      <p class="check-name">
        <Text text={cut(assertion.name, 400)} />
      </p>
      {expectation && (
        <dl class="expectation">
          <div>
            <dt>Expected</dt>
            <dd>
              <Text text={expectation.expected} />
            </dd>
          </div>
          <div>
            <dt>Actual</dt>
            <dd>
              <Text text={expectation.actual} />
            </dd>
          </div>
        </dl>
      )}
      {!expectation && (
        <p class="message">
          <Text text={message} />
        </p>
      )}
    </div>
  );
}

const MOST = 10;
const MOST_CHECKS = 20;
