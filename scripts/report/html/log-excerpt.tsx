/** @jsxRuntime automatic @jsxImportSource preact */
import type { ClassifiedLine } from '../../core/result.ts';
import { formatCount, toIso } from '../text.ts';
import { marked, Scroll, Section, StatusMark } from './parts.tsx';

/** The BFF's log, with the lines that decided marked. */
export function Log({ lines }: { readonly lines: readonly ClassifiedLine[] }) {
  if (lines.length === 0) return null;
  const shown = lines
    .filter((line, index) => line.meaning !== 'plain' || index < FIRST_LINES || index >= lines.length - LAST_LINES)
    .slice(-2 * LAST_LINES);
  const left = lines.length - shown.length;
  const hasTimes = shown.some((line) => line.at !== null);
  const size = `${formatCount(lines.length, 'line')}${hasTimes ? ', times in UTC' : ''}`;
  return (
    <Section id="log" title={['Log of the BFF ', <small>{size}</small>]}>
      {left > 0 && (
        <p class="muted">
          {formatCount(left, 'line')} in the middle left out; every line that decided something is here.
        </p>
      )}
      <Scroll label="Log lines" class="log">
        <ol>{shown.map(logLine)}</ol>
      </Scroll>
    </Section>
  );
}

function logLine({ at, meaning, text }: ClassifiedLine) {
  const iso = at && toIso(at);
  return (
    <li class={meaning}>
      {iso && <time dateTime={iso}>{iso.slice(11, 23)}</time>}
      {meaning === 'good' && <StatusMark status="passed" word="Good" />}
      {meaning === 'bad' && <StatusMark status="failed" word="Fault" />}
      <code>{marked(text, 2000)}</code>
    </li>
  );
}

const FIRST_LINES = 50;
const LAST_LINES = 300;
