/** @jsxRuntime automatic @jsxImportSource preact */

import type { ComponentChildren } from 'preact';
import { formatDuration } from '../../core/duration.ts';
import type { Assertion, Body, Exchange, Header } from '../../core/exchange.ts';
import { isJson, layOutJson } from '../../secrets/json-text.ts';
import { cut, formatBytes, head } from '../text.ts';
import { LONGEST_BODY } from '../view.ts';
import { CodeBlock, StatusMark, Text } from './parts.tsx';

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

interface MessageProps {
  readonly title: 'Request' | 'Response';
  readonly headers: readonly Header[];
  readonly body: Body | null;
  /** The first line. */
  readonly children: ComponentChildren;
}

/** One half of an exchange: first line, headers, body. */
function Message({ title, headers, body, children }: MessageProps) {
  return (
    <section class="message-half">
      <h4>{title}</h4>
      <p class="line">{children}</p>
      {headers.length > 0 && (
        <dl class="headers">
          {headers.slice(0, MOST_HEADERS).map(({ name, value }) => (
            <div>
              <dt>{cut(name, 200)}</dt>
              <dd>
                <Text text={cut(value, 2000)} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {body && body.bytes > 0 && <BodyText title={title} body={body} />}
    </section>
  );
}

function BodyText({ title, body }: { readonly title: string; readonly body: Body }) {
  const { text, type, bytes } = body;
  const isLong = text.length > LONGEST_BODY;
  // A little more than is shown, so that the block knows that it cuts.
  const start = isLong ? head(text, LONGEST_BODY + 10) : text;
  const shown = isJson(start, type) ? layOutJson(start) : start;
  return (
    <>
      <p class="body-kind">
        {type === '' ? 'Body' : cut(type, 100)} <span class="muted">{formatBytes(bytes)}</span>
      </p>
      <CodeBlock label={`${title} body`} text={shown} limit={LONGEST_BODY} bytes={bytes} />
    </>
  );
}

const MOST_HEADERS = 100;
