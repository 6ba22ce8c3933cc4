/** @jsxRuntime automatic @jsxImportSource preact */
import { Fragment } from 'preact';
import type { Hint } from '../../core/errors.ts';
import { cut } from '../text.ts';

/** Text in which masks stand out, so that the reader sees that something was there. */
export function Text({ text }: { readonly text: string }) {
  if (!text.includes('‹')) return <>{text}</>;
  const parts = text.split(/(‹[^‹›\n]{1,80}›)/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <i class="mask">{part}</i> : part))}</>;
}

/** A way out: its words, and its command to be copied. */
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

/** A sentence is a sentence; a server's message of a megabyte is none. */
const LONGEST = 1200;
