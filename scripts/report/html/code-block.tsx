/** @jsxRuntime automatic @jsxImportSource preact */
import { formatBytes, head } from '../text.ts';
import { Scroll } from './scroll.tsx';
import { Text } from './text.tsx';

export interface CodeBlockProps {
  /** What it is, for screen readers. */
  readonly label: string;
  readonly text: string;
  readonly limit: number;
  /** The size of the whole, where the text is only its beginning. */
  readonly bytes?: number;
}

/** Text as it stands, cut where it is long, with its size said. */
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
