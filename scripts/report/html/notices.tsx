/** @jsxRuntime automatic @jsxImportSource preact */
import type { Run } from '../../core/result.ts';
import { Prose } from './text.tsx';

/** What to do next, and the loud things. */
export function Notices({ run }: { readonly run: Run }) {
  const hint = run.error?.hint ?? null;
  const next = hint === null || run.next.includes(hint) ? run.next : [hint, ...run.next];
  return (
    <>
      <Notice title="What to do next" kind="next" items={next} />
      <Notice title={run.warnings.length === 1 ? 'Warning' : 'Warnings'} kind="warnings" items={run.warnings} />
    </>
  );
}

interface NoticeProps {
  readonly title: string;
  readonly kind: 'next' | 'warnings';
  readonly items: readonly string[];
}

function Notice({ title, kind, items }: NoticeProps) {
  if (items.length === 0) return null;
  return (
    <section class={`card ${kind}`} aria-labelledby={kind}>
      <h2 id={kind}>{title}</h2>
      <ul class={items.length > 1 ? 'several' : undefined}>
        {items.map((item) => (
          <li>
            <Prose text={item} />
          </li>
        ))}
      </ul>
    </section>
  );
}
