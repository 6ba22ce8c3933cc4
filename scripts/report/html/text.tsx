import { Fragment } from 'preact';

/** Text in which masks stand out, so that the reader sees that something was there. */
export function Text({ text }: { readonly text: string }) {
  if (!text.includes('‹')) return <>{text}</>;
  const parts = text.split(/(‹[^‹›\n]{1,80}›)/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <i class="mask">{part}</i> : part))}</>;
}

/** A sentence in which `backticks` mark what the reader may copy. */
export function Prose({ text }: { readonly text: string }) {
  const parts = text.split(/`([^`]+)`/);
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? (
          <code data-copy>
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
