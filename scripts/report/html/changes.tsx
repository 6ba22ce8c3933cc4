/** @jsxRuntime automatic @jsxImportSource preact */
import type { ChangeFacts, KubernetesFacts } from '../../core/result.ts';
import { marked, Scroll, Section } from './parts.tsx';

/** What was written where, as a diff. */
export function Changes(props: {
  readonly change: ChangeFacts;
  readonly kubernetes: KubernetesFacts | null;
  readonly isPlan: boolean;
}) {
  const { kubernetes, isPlan } = props;
  const { diff, target, changed, service, files } = props.change;
  const names = changed.map((name, index) => [index > 0 && ', ', <code>{name}</code>]);
  const nothing = `Nothing ${isPlan ? 'would change' : 'changed'} in the environment`;
  const path = <code class="path">{target ?? files.join(', ')}</code>;
  return (
    <Section id="changes" title={isPlan ? 'What would change' : 'What changed'}>
      <p>
        {changed.length > 0 ? names : nothing} of{' '}
        {kubernetes === null ? (
          <>
            service <code>{service}</code>
          </>
        ) : (
          <code>{kubernetes.workload}</code>
        )}
        {target !== null && <> in {path}</>}
        {target === null && files.length > 0 && <> ({path})</>}.
        {kubernetes?.wrote === 'own-secret' &&
          ' That Secret is for the token alone; the container has an optional reference to it.'}
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
