/** @jsxRuntime automatic @jsxImportSource preact */
import { formatUtc, toIso } from '../text.ts';

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
