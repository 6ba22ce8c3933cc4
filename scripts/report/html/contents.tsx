/** @jsxRuntime automatic @jsxImportSource preact */
import type { View } from '../view.ts';

/** Links to the parts of the page, and to the other runs. */
export function Contents({ view }: { readonly view: View }) {
  const { run, failures } = view;
  const parts = [
    failures.length > 0 && ['failures', 'Failures'],
    run.diagnosis && ['diagnosis', 'Diagnosis'],
    run.steps.length > 0 && ['timeline', 'Timeline'],
    run.log.length > 0 && ['log', 'Log'],
    run.compose && ['changes', 'Changes'],
    ['requests', 'Requests'],
    ['facts', 'Environment'],
  ].filter((part) => Array.isArray(part));
  return (
    <nav class="contents" aria-label="On this page">
      <ul>
        {parts.map(([id, word]) => (
          <li>
            <a href={`#${id}`}>{word}</a>
          </li>
        ))}
        <li>
          <a href="../index.html">All runs</a>
        </li>
      </ul>
    </nav>
  );
}
