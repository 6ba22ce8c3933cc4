/** @jsxRuntime automatic @jsxImportSource preact */
import { Fragment } from 'preact';
import { cut, splitAdvice } from '../text.ts';

/** Text in which masks stand out, so that the reader sees that something was there. */
export function Text({ text }: { readonly text: string }) {
  if (!text.includes('‹')) return <>{text}</>;
  const parts = text.split(/(‹[^‹›\n]{1,80}›)/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <i class="mask">{part}</i> : part))}</>;
}

/** A sentence in which `backticks` mark names and commands, or that ends in a command; commands may be copied. */
export function Prose({ text }: { readonly text: string }) {
  const short = cut(text, LONGEST);
  const advice = splitAdvice(short);
  const parts = advice && !short.includes('`') ? [`${advice.words} `, advice.command] : short.split(/`([^`]+)`/);
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
