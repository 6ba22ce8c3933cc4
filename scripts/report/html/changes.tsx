/** @jsxRuntime automatic @jsxImportSource preact */
import type { ChangeFacts } from '../../core/result.ts';
import { marked, Scroll, Section } from './parts.tsx';

/** What was written where, as a diff. */
export function Changes({ compose, isPlan }: { readonly compose: ChangeFacts; readonly isPlan: boolean }) {
  const { diff, target, changed, service, files } = compose;
  const names = changed.map((name, index) => [index > 0 && ', ', <code>{name}</code>]);
  const nothing = `Nothing ${isPlan ? 'would change' : 'changed'} in the environment`;
  const path = <code class="path">{target ?? files.join(', ')}</code>;
  return (
    <Section id="changes" title={isPlan ? 'What would change' : 'What changed'}>
      <p>
        {changed.length > 0 ? names : nothing} of service <code>{service}</code>
        {target !== null && <> in {path}</>}
        {target === null && files.length > 0 && <> ({path})</>}.
      </p>
      {diff !== null && (
        <Scroll label="Difference" class="diff">
          <pre>{diff.replace(/\n$/, '').split('\n').slice(0, MOST_LINES).map(diffLine)}</pre>
        </Scroll>
      )}
    </Section>
  );
}

function diffLine(line: string) {
  const text = marked(line || ' ', 1000);
  if (/^(?:---|\+\+\+|@@|===|Index:)/.test(line)) return <span class="meta">{text}</span>;
  if (line.startsWith('+')) return <ins>{text}</ins>;
  if (line.startsWith('-')) return <del>{text}</del>;
  return <span>{text}</span>;
}

const MOST_LINES = 400;
