/** @jsxRuntime automatic @jsxImportSource preact */

import { formatDuration } from '../../core/duration.ts';
import type { Assertion, Exchange } from '../../core/exchange.ts';
import { cut } from '../text.ts';
import { Message } from './message.tsx';
import { StatusMark } from './status.tsx';
import { Text } from './text.tsx';

/** Everything about one request: checks, what was sent, what came back, what its scripts wrote. */
export function ExchangeDetail({ exchange }: { readonly exchange: Exchange }) {
  const { request, response, assertions, console, error } = exchange;
  return (
    <div class="detail">
      {error && (
        <p class="message">
          {error.code !== '' && <code>{error.code}</code>} <Text text={cut(error.message, 4000)} />
        </p>
      )}
      {assertions.length > 0 && (
        <ul class="checks" aria-label="Checks">
          {assertions.map((assertion) => (
            <Check assertion={assertion} />
          ))}
        </ul>
      )}
      <Message title="Request" headers={request.headers} body={request.body}>
        <b class="method">{cut(request.method, 20)}</b>{' '}
        <span class="url">
          <Text text={cut(request.url, 2000)} />
        </span>
      </Message>
      {response && (
        <Message title="Response" headers={response.headers} body={response.body}>
          <b class="method">{response.status}</b> {cut(response.reason, 200)}{' '}
          <span class="muted">in {formatDuration(response.timeMs)}</span>
        </Message>
      )}
      {console.length > 0 && (
        <>
          <h4>Console</h4>
          <ul class="console">
            {console.slice(0, MOST_LINES).map((line) => (
              <li>
                <b>{line.level}</b>{' '}
                <code>
                  <Text text={cut(line.text, 4000)} />
                </code>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Check({ assertion }: { readonly assertion: Assertion }) {
  return (
    <li>
      <StatusMark status={assertion.status} /> <Text text={cut(assertion.name, 400)} />
      {assertion.message !== null && assertion.message !== '' && (
        <p class="message">
          <Text text={cut(assertion.message, 4000)} />
        </p>
      )}
    </li>
  );
}

const MOST_LINES = 50;
