/** @jsxRuntime automatic @jsxImportSource preact */
import type { ChangeFacts } from '../../core/result.ts';
import { cut } from '../text.ts';
import { Prose, Scroll, Text } from './parts.tsx';

/** What was written where, as a diff. */
export function Changes({ compose, isPlan }: { readonly compose: ChangeFacts; readonly isPlan: boolean }) {
  const { diff, target, changed, service, files } = compose;
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">{isPlan ? 'What would change' : 'What changed'}</h2>
      <p>
        {changed.length === 0 ? (
          <>Nothing {isPlan ? 'would change' : 'changed'} in the environment of service </>
        ) : (
          <>
            <Prose text={changed.map((name) => `\`${name}\``).join(', ')} /> of service{' '}
          </>
        )}
        <code>{service}</code>
        {target !== null && (
          <>
            {' '}
            in <code class="path">{target}</code>
          </>
        )}
        {target === null && files.length > 0 && (
          <>
            {' '}
            (<code class="path">{files.join(', ')}</code>)
          </>
        )}
        .
      </p>
      {diff !== null && (
        <Scroll label="Difference" class="diff">
          <pre>
            {diff
              .replace(/\n$/, '')
              .split('\n')
              .slice(0, MOST_LINES)
              .map((line) => (
                <DiffLine line={cut(line, 1000)} />
              ))}
          </pre>
        </Scroll>
      )}
    </section>
  );
}

function DiffLine({ line }: { readonly line: string }) {
  const text = <Text text={line === '' ? ' ' : line} />;
  if (/^(?:---|\+\+\+|@@|===|Index:)/.test(line)) return <span class="meta">{text}</span>;
  if (line.startsWith('+')) return <ins>{text}</ins>;
  if (line.startsWith('-')) return <del>{text}</del>;
  return <span>{text}</span>;
}

const MOST_LINES = 400;
