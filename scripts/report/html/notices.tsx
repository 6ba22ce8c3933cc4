/** @jsxRuntime automatic @jsxImportSource preact */
import type { Hint } from '../../core/errors.ts';
import type { Run } from '../../core/result.ts';
import { nextSteps } from '../outline.ts';
import { HintProse } from './parts.tsx';

/** What to do next, and the warnings. */
export function Notices({ run }: { readonly run: Run }) {
  return (
    <>
      <Notice title="What to do next" kind="next" items={nextSteps(run)} />
      <Notice
        title={run.warnings.length === 1 ? 'Warning' : 'Warnings'}
        kind="warnings"
        items={run.warnings.map((text) => ({ text }))}
      />
    </>
  );
}

interface NoticeProps {
  readonly title: string;
  readonly kind: 'next' | 'warnings';
  readonly items: readonly Hint[];
}

function Notice({ title, kind, items }: NoticeProps) {
  if (items.length === 0) return null;
  return (
    <section class={`card ${kind}`} aria-labelledby={kind}>
      <h2 id={kind}>{title}</h2>
      <ul class={items.length > 1 ? 'several' : undefined}>
        {items.map((item) => (
          <li>
            <HintProse hint={item} />
          </li>
        ))}
      </ul>
    </section>
  );
}
