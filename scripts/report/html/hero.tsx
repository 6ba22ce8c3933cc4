/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import type { Failure, Verdict } from '../../core/result.ts';
import { cut, formatNumber } from '../text.ts';
import type { View } from '../view.ts';
import { scriptName, verdictSentence, verdictWord } from '../words.ts';
import { CodeBlock, Prose, Text, Time } from './parts.tsx';

/** The answer at a glance: the verdict, one sentence, and the run in numbers. */
export function Hero({ run, tally }: View) {
  const passedSteps = run.steps.filter((step) => step.status === 'passed').length;
  return (
    <header class="hero">
      <p class="kicker">
        <span class="command">npm run {scriptName(run.command)}</span> <Time at={run.startedAt} />
      </p>
      <div class="verdict">
        <VerdictIcon verdict={run.verdict} />
        <div>
          <h1>{verdictWord(run)}</h1>
          <p class="sentence">
            <Prose text={verdictSentence(run, tally)} />
          </p>
          {run.error && <Place error={run.error} />}
        </div>
      </div>
      <dl class="numbers">
        <Figure name="Duration" value={formatDuration(run.durationMs)} />
        {run.steps.length > 1 && <Figure name="Steps" value={`${passedSteps} of ${run.steps.length}`} note="passed" />}
        <Figure
          name="Requests"
          value={formatNumber(tally.requests)}
          {...(tally.earlier > 0 ? { note: `${formatNumber(tally.earlier)} more while waiting` } : {})}
        />
        <Figure
          name="Checks"
          value={formatNumber(tally.checks)}
          note={tally.failed > 0 ? `${formatNumber(tally.failed)} failed` : tally.checks > 0 ? 'all passed' : ''}
        />
        <Figure name="Exit code" value={String(run.exitCode)} />
      </dl>
    </header>
  );
}

/** The error's code, and where in which file it is. */
function Place({ error }: { readonly error: Failure }) {
  const { code, where } = error;
  const place = where && [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
  return (
    <>
      <p class="place">
        <code>{code}</code> {place && <Text text={cut(place, 1000)} />}
      </p>
      {where?.excerpt !== undefined && <CodeBlock label="The line itself" text={where.excerpt} limit={2000} />}
    </>
  );
}

function Figure({ name, value, note = '' }: { readonly name: string; readonly value: string; readonly note?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} {note !== '' && <small>{note}</small>}
      </dd>
    </div>
  );
}

/** The verdict as a large sign; the word is beside it. */
function VerdictIcon({ verdict }: { readonly verdict: Verdict }) {
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
