/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import type { Assertion } from '../../core/exchange.ts';
import { readExpectation } from '../expectation.ts';
import { type FailedExchange, failedChecks, iterationOf, pathOf, uncheckedInWords } from '../outline.ts';
import { cut, formatCount, formatNumber } from '../text.ts';
import type { View } from '../view.ts';
import { linked } from './linked.tsx';
import { Entry, ErrorMessage, marked, Section, StatusMark } from './parts.tsx';

/** Which request did not pass, which check, what it wanted and what it found. */
export function Failures({ run, failures, numbers }: View) {
  if (failures.length === 0) return null;
  const rest = failures.length - MOST;
  return (
    <Section id="failures" title={formatCount(failures.length, 'failed request')}>
      <ol class="failures">
        {failures.slice(0, MOST).map((failure) => (
          <FailureCard
            failure={failure}
            number={numbers.get(failure.exchange) ?? 0}
            iteration={iterationOf(failure.exchange, run)}
          />
        ))}
      </ol>
      {rest > 0 && (
        <p class="muted more">
          And {formatCount(rest, 'more failed request')}, in <a href="#requests">the list of requests</a>.
        </p>
      )}
    </Section>
  );
}

function FailureCard(props: {
  readonly failure: FailedExchange;
  readonly number: number;
  readonly iteration: number | null;
}) {
  const { failure, number, iteration } = props;
  const { step, exchange } = failure;
  const { request, response, error } = exchange;
  const failed = failedChecks(exchange);
  const unchecked = uncheckedInWords(exchange);
  return (
    <li class="card failure">
      <h3>
        <StatusMark status="failed" /> {marked(pathOf(exchange), 400)}
      </h3>
      <p class="line">
        <b class="method">{request.method}</b> <span class="url">{marked(request.url, 1000)}</span>
      </p>
      <p class="muted">
        {response ? `${response.status} ${response.reason}, ${formatDuration(response.timeMs)}` : 'No answer'}, in{' '}
        {iteration === null ? `step ${step.name}` : `iteration ${formatNumber(iteration)}`}.{' '}
        <a href={`#x${number}`}>Request and response</a>
      </p>
      {error && <ErrorMessage error={error} />}
      {unchecked !== '' && <p class="muted">{unchecked}</p>}
      {failed.slice(0, MOST_CHECKS).map(failedCheck)}
      {failed.length > MOST_CHECKS && (
        <p class="muted">And {formatCount(failed.length - MOST_CHECKS, 'more check')}.</p>
      )}
    </li>
  );
}

function failedCheck({ name, message }: Assertion) {
  const text = cut(message ?? '', 4000);
  const expectation = readExpectation(text);
  return (
    <div class="check">
      <p class="check-name">{linked(name, 400)}</p>
      {expectation ? (
        <dl class="expectation">
          <Entry term="Expected">{marked(expectation.expected)}</Entry>
          <Entry term="Actual">{marked(expectation.actual)}</Entry>
        </dl>
      ) : (
        <p class="message">{marked(text)}</p>
      )}
    </div>
  );
}

const MOST = 10;
const MOST_CHECKS = 20;
