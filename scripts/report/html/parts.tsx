/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import type { Hint } from '../../core/errors.ts';
import type { ExchangeError } from '../../core/exchange.ts';
import type { StepStatus } from '../../core/result.ts';
import { cut, formatBytes, formatUtc, head, toIso } from '../text.ts';

/** The first `limit` characters of a text, with the masks in it marked, so that the reader sees that something was there. */
export function marked(text: string, limit = Number.POSITIVE_INFINITY): ComponentChildren {
  const shown = cut(text, limit);
  if (!shown.includes('‹')) return shown;
  return shown.split(/(‹[^‹›\n]{1,80}›)/).map((part, index) => (index % 2 === 1 ? <i class="mask">{part}</i> : part));
}

/**
 * A hint: its words, and its command to be copied, which is the tool's own. No sign in a text makes a command or code of a
 * part of it, because words of servers are in texts.
 */
export function hintWords({ text, command }: Hint): ComponentChildren {
  return [sentence(text), command !== undefined && [' ', <code data-copy>{marked(command, LONGEST)}</code>]];
}

/** Plain words. A server's message in them may be a megabyte long. */
export function sentence(text: string): ComponentChildren {
  return marked(text, LONGEST);
}

const LONGEST = 1200;

/** A part of the page, with the heading that names it. */
export function Section(props: {
  readonly id: string;
  readonly title: ComponentChildren;
  readonly class?: string | undefined;
  readonly children: ComponentChildren;
}) {
  return (
    <section class={props.class} aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      {props.children}
    </section>
  );
}

/** A term and what there is to say about it, inside a `dl`. */
export function Entry({ term, children }: { readonly term: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Why there was no answer, or why a script broke. */
export function ErrorMessage({ error }: { readonly error: ExchangeError }) {
  return (
    <p class="message">
      {error.code !== '' && <code>{error.code}</code>} {marked(error.message, 4000)}
    </p>
  );
}

/** A moment in UTC. The script shows it in the reader's zone and keeps the UTC beside it. */
export function Time({ at }: { readonly at: Date }) {
  const iso = toIso(at);
  if (iso === null) return <>unknown time</>;
  return (
    <time dateTime={iso} data-local>
      {formatUtc(at)}
    </time>
  );
}

/** A status as shape, word and colour. The shape is drawn by the style. */
export function StatusMark({ status, word }: { readonly status: StepStatus; readonly word?: string }) {
  return <b class={`status ${status}`}>{word ?? status.replace(/^./, (letter) => letter.toUpperCase())}</b>;
}

/**
 * A box that scrolls when it is high. It takes the focus, because without a mouse that is how it is scrolled (WCAG 2.1.1).
 * Screen readers name it by its label.
 */
export function Scroll(props: {
  readonly label: string;
  readonly class: string;
  readonly children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups controls, and this holds text
    <div class={`scroll ${props.class}`} tabIndex={0} role="group" aria-label={props.label}>
      {props.children}
    </div>
  );
}

/**
 * Text as it is, cut where it is long, with its size.
 *
 * @param bytes the size of the whole, where the text is only its beginning
 */
export function CodeBlock(props: {
  readonly label: string;
  readonly text: string;
  readonly limit: number;
  readonly bytes?: number;
}) {
  const { label, text, limit, bytes = 0 } = props;
  return (
    <>
      <Scroll label={label} class="block">
        <pre data-copy>{marked(head(text, limit))}</pre>
      </Scroll>
      {text.length > limit && (
        <p class="cut">
          Cut here: the first {formatBytes(limit)} of {formatBytes(Math.max(bytes, text.length))} are shown.
        </p>
      )}
    </>
  );
}
