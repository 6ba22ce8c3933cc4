/** @jsxRuntime automatic @jsxImportSource preact */
import type { ClassifiedLine } from '../../core/result.ts';
import { cut, formatCount, toIso } from '../text.ts';
import { Scroll, StatusMark, Text } from './parts.tsx';

/** The BFF's log, with the lines that decided marked. */
export function Log({ lines }: { readonly lines: readonly ClassifiedLine[] }) {
  if (lines.length === 0) return null;
  const shown = selectLines(lines);
  const left = lines.length - shown.length;
  const hasTimes = shown.some((line) => line.at !== null);
  return (
    <section aria-labelledby="log">
      <h2 id="log">
        Log of the BFF{' '}
        <small>
          {formatCount(lines.length, 'line')}
          {hasTimes && ', times in UTC'}
        </small>
      </h2>
      {left > 0 && (
        <p class="muted">
          {formatCount(left, 'line')} in the middle left out; every line that decided something is here.
        </p>
      )}
      <Scroll label="Log lines" class="log">
        <ol>
          {shown.map((line) => (
            <Line line={line} />
          ))}
        </ol>
      </Scroll>
    </section>
  );
}

function Line({ line }: { readonly line: ClassifiedLine }) {
  const iso = line.at && toIso(line.at);
  return (
    <li class={line.meaning}>
      {iso && <time dateTime={iso}>{iso.slice(11, 23)}</time>}
      {line.meaning === 'good' && <StatusMark status="passed" word="Good" />}
      {line.meaning === 'bad' && <StatusMark status="failed" word="Fault" />}
      <code>
        <Text text={cut(line.text, 2000)} />
      </code>
    </li>
  );
}

function selectLines(lines: readonly ClassifiedLine[]): ClassifiedLine[] {
  return lines
    .filter((line, index) => line.meaning !== 'plain' || index < FIRST_LINES || index >= lines.length - LAST_LINES)
    .slice(-2 * LAST_LINES);
}

const FIRST_LINES = 50;
const LAST_LINES = 300;
