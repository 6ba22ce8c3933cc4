/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import { formatDuration } from '../../core/duration.ts';
import type { Assertion, Body, ConsoleLine, Exchange, Header } from '../../core/exchange.ts';
import { isJson, layOutJson } from '../../secrets/json-text.ts';
import { cut, formatBytes, head } from '../text.ts';
import { LONGEST_BODY } from '../view.ts';
import { Description } from './description.tsx';
import { linked } from './linked.tsx';
import { CodeBlock, Entry, ErrorMessage, marked, StatusMark } from './parts.tsx';

/** Everything about one request: checks, what was sent, what came back, what its scripts wrote. */
export function ExchangeDetail(props: { readonly exchange: Exchange; readonly description: string }) {
  const { exchange } = props;
  const { request, response, assertions, console, error } = exchange;
  return (
    <div class="detail">
      <Description text={props.description} />
      {error && <ErrorMessage error={error} />}
      {assertions.length > 0 && (
        <ul class="checks" aria-label="Checks">
          {assertions.map((each) => check(error?.kind === 'network' ? { ...each, message: null } : each))}
        </ul>
      )}
      {exchange.isSkipped ? (
        <p>A script of the collection skipped this request (pm.execution.skipRequest), so it was not sent.</p>
      ) : (
        <Message title="Request" message={request}>
          <b class="method">{cut(request.method, 20)}</b> <span class="url">{marked(request.url, 2000)}</span>
        </Message>
      )}
      {response && (
        <Message title="Response" message={response}>
          <b class="method">{response.status}</b> {cut(response.reason, 200)}{' '}
          <span class="muted">in {formatDuration(response.timeMs)}</span>
        </Message>
      )}
      {console.length > 0 && (
        <>
          <h4>Console</h4>
          <ul class="console">{console.slice(0, MOST_LINES).map(consoleLine)}</ul>
        </>
      )}
    </div>
  );
}

function check({ status, name, message }: Assertion) {
  return (
    <li>
      <StatusMark status={status} /> {linked(name, 400)}
      {message && <p class="message">{marked(message, 4000)}</p>}
    </li>
  );
}

function consoleLine({ level, text }: ConsoleLine) {
  return (
    <li>
      <b>{level}</b> <code>{marked(text, 4000)}</code>
    </li>
  );
}

/** One half of an exchange: first line, headers, body. */
function Message(props: {
  readonly title: 'Request' | 'Response';
  readonly message: { readonly headers: readonly Header[]; readonly body: Body | null };
  readonly children: ComponentChildren;
}) {
  const { headers, body } = props.message;
  return (
    <section class="message-half">
      <h4>{props.title}</h4>
      <p class="line">{props.children}</p>
      {headers.length > 0 && (
        <dl class="headers">
          {headers.slice(0, MOST_HEADERS).map(({ name, value }) => (
            <Entry term={cut(name, 200)}>{marked(value, 2000)}</Entry>
          ))}
        </dl>
      )}
      {body && body.bytes > 0 && <BodyText label={`${props.title} body`} body={body} />}
    </section>
  );
}

function BodyText({ label, body }: { readonly label: string; readonly body: Body }) {
  const { text, type, bytes } = body;
  // A little more than is shown, so that the block knows that it cuts.
  const start = text.length > LONGEST_BODY ? head(text, LONGEST_BODY + 10) : text;
  return (
    <>
      <p class="body-kind">
        {type === '' ? 'Body' : cut(type, 100)} <span class="muted">{formatBytes(bytes)}</span>
      </p>
      <CodeBlock
        label={label}
        text={isJson(start, type) ? layOutJson(start) : start}
        limit={LONGEST_BODY}
        bytes={bytes}
      />
    </>
  );
}

const MOST_LINES = 50;
const MOST_HEADERS = 100;
