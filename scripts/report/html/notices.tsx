import type { Failure, Run } from '../../core/result.ts';
import { CodeBlock } from './code-block.tsx';
import { Prose, Text } from './text.tsx';

/** What to do next, what went wrong where, and the loud things. */
export function Notices({ run }: { readonly run: Run }) {
  return (
    <>
      {run.next.length > 0 && (
        <section class="card next" aria-labelledby="next">
          <h2 id="next">What to do next</h2>
          <ol>
            {run.next.map((item) => (
              <li>
                <Prose text={item} />
              </li>
            ))}
          </ol>
        </section>
      )}
      {run.error && <Problem error={run.error} />}
      {run.warnings.length > 0 && (
        <section class="card warnings" aria-labelledby="warnings">
          <h2 id="warnings">{run.warnings.length === 1 ? 'Warning' : 'Warnings'}</h2>
          <ul>
            {run.warnings.map((item) => (
              <li>
                <Prose text={item} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Problem({ error }: { readonly error: Failure }) {
  const { where } = error;
  const place = where && [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
  return (
    <section class="card problem" aria-labelledby="problem">
      <h2 id="problem">
        What went wrong <code>{error.code}</code>
      </h2>
      <p>
        <Prose text={error.message} />
      </p>
      {error.hint !== null && (
        <p>
          <Prose text={error.hint} />
        </p>
      )}
      {place && (
        <p class="muted">
          <Text text={place} />
        </p>
      )}
      {where?.excerpt !== undefined && <CodeBlock label="The line itself" text={where.excerpt} limit={2000} />}
    </section>
  );
}
