/** @jsxRuntime automatic @jsxImportSource preact */
import { type ComponentChildren, Fragment } from 'preact';
import type { Hint } from '../../core/errors.ts';
import { cut, formatBytes, formatUtc, head, toIso } from '../text.ts';

/** Text in which masks stand out, so that the reader sees that something was there. */
export function Text({ text }: { readonly text: string }) {
  if (!text.includes('‹')) return <>{text}</>;
  const parts = text.split(/(‹[^‹›\n]{1,80}›)/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <i class="mask">{part}</i> : part))}</>;
}

/** A hint: its words, and its command to be copied. */
export function HintProse({ hint }: { readonly hint: Hint }) {
  return (
    <>
      <Prose text={hint.text} />
      {hint.command !== undefined && (
        <>
          {' '}
          <code data-copy>
            <Text text={cut(hint.command, LONGEST)} />
          </code>
        </>
      )}
    </>
  );
}

/** A sentence in which `backticks` mark names. */
export function Prose({ text }: { readonly text: string }) {
  const parts = cut(text, LONGEST).split(/`([^`]+)`/);
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? (
          <code>
            <Text text={part} />
          </code>
        ) : (
          <Fragment>
            <Text text={part} />
          </Fragment>
        ),
      )}
    </>
  );
}

/** A server's message may be a megabyte long. */
const LONGEST = 1200;

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

export type Status = 'passed' | 'failed' | 'skipped' | 'warning' | 'neutral';

/** A status as shape, word and colour. The shape is drawn by the style. */
export function StatusMark({ status, word }: { readonly status: Status; readonly word?: string }) {
  return <b class={`status ${status}`}>{word ?? WORDS[status]}</b>;
}

const WORDS: Readonly<Record<Status, string>> = {
  passed: 'Passed',
  failed: 'Failed',
  skipped: 'Skipped',
  warning: 'Warning',
  neutral: 'Note',
};

export interface ScrollProps {
  /** What scrolls, for screen readers. */
  readonly label: string;
  readonly class: string;
  readonly children: ComponentChildren;
}

/** A box that scrolls when it is high. It takes the focus, because without a mouse that is how it is scrolled (WCAG 2.1.1). */
export function Scroll({ label, class: className, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups controls, and this holds text
    <div class={`scroll ${className}`} tabIndex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}

export interface CodeBlockProps {
  /** What it is, for screen readers. */
  readonly label: string;
  readonly text: string;
  readonly limit: number;
  /** The size of the whole, where the text is only its beginning. */
  readonly bytes?: number;
}

/** Text as it is, cut where it is long, with its size. */
export function CodeBlock({ label, text, limit, bytes = 0 }: CodeBlockProps) {
  const isCut = text.length > limit;
  const size = Math.max(bytes, text.length);
  return (
    <>
      <Scroll label={label} class="block">
        <pre data-copy>
          <Text text={isCut ? head(text, limit) : text} />
        </pre>
      </Scroll>
      {isCut && (
        <p class="cut">
          Cut here: the first {formatBytes(limit)} of {formatBytes(size)} are shown.
        </p>
      )}
    </>
  );
}
