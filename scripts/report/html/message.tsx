/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import type { Body, Header } from '../../core/exchange.ts';
import { isJson, layOutJson } from '../../secrets/json-text.ts';
import { cut, formatBytes, head } from '../text.ts';
import { LONGEST_BODY } from '../view.ts';
import { CodeBlock } from './code-block.tsx';
import { Text } from './text.tsx';

export interface MessageProps {
  readonly title: 'Request' | 'Response';
  readonly headers: readonly Header[];
  readonly body: Body | null;
  /** The first line. */
  readonly children: ComponentChildren;
}

/** One half of an exchange: first line, headers, body. */
export function Message({ title, headers, body, children }: MessageProps) {
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
