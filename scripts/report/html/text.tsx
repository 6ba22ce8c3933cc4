/** @jsxRuntime automatic @jsxImportSource preact */
import { Fragment } from 'preact';
import { cut } from '../text.ts';

/** Text in which masks stand out, so that the reader sees that something was there. */
export function Text({ text }: { readonly text: string }) {
  if (!text.includes('‹')) return <>{text}</>;
  const parts = text.split(/(‹[^‹›\n]{1,80}›)/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <i class="mask">{part}</i> : part))}</>;
}

/** A sentence in which `backticks` mark names and commands; commands may be copied. */
export function Prose({ text }: { readonly text: string }) {
  const parts = cut(text, LONGEST).split(/`([^`]+)`/);
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? (
          <code data-copy={isCommand(part)}>
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

function isCommand(text: string): boolean | undefined {
  return /^(?:npm|npx|node|docker|docker-compose|git|export|curl) /.test(text) || undefined;
}

/** A sentence is a sentence; a server's message of a megabyte is none. */
const LONGEST = 1200;
