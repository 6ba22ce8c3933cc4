/** @jsxRuntime automatic @jsxImportSource preact */
import type { Verdict } from '../../core/result.ts';

/** The verdict as a large sign; the word stands beside it. */
export function VerdictIcon({ verdict }: { readonly verdict: Verdict }) {
  return (
    <svg class="verdict-icon" viewBox="0 0 64 64" aria-hidden="true">
      <circle cx="32" cy="32" r="32" />
      <path d={PATHS[verdict]} />
    </svg>
  );
}

const CROSS = 'M22 22 42 42M42 22 22 42';
const PATHS: Readonly<Record<Verdict, string>> = {
  healthy: 'M19 33.5 28 42.5 45.5 23',
  unhealthy: CROSS,
  failed: CROSS,
  interrupted: 'M24 24H40V40H24Z',
  planned: 'M21 24H43M21 33H43M21 42H34',
};
