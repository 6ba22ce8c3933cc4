/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import type { Failure, Verdict } from '../../core/result.ts';
import { countsOf, responseTimesOf } from '../counts.ts';
import { decidingExchanges, placeOf } from '../outline.ts';
import { formatBytes, formatNumber } from '../text.ts';
import type { View } from '../view.ts';
import { scriptName, verdictSentence, verdictWord } from '../words.ts';
import { Description } from './description.tsx';
import { CodeBlock, marked, sentence, Time } from './parts.tsx';

/** The answer at a glance: the verdict, one sentence, and the run in numbers. */
export function Hero(view: View) {
  const { run, tally } = view;
  const { requests, checks, failed, earlier } = tally;
  const passedSteps = run.steps.filter((step) => step.status === 'passed').length;
  const result = failed > 0 ? `${formatNumber(failed)} failed` : checks > 0 ? 'all passed' : '';
  const word = verdictWord(run, run.token !== null);
  const { name, title, description } = run.collection ?? { name: '', title: null, description: '' };
  const iterations = run.collection?.iterations ?? 1;
  return (
    <header class="hero">
      <p class="kicker">
        <span class="command">{run.calledAs ?? `npm run ${scriptName(run.command)}`}</span>{' '}
        {name !== '' && <b>{marked(name, 200)}</b>} <Time at={run.startedAt} />
      </p>
      {title !== null && <h1 class="title">{marked(title, 300)}</h1>}
      <div class="verdict">
        {/* The verdict as a large sign; the word is beside it */}
        <svg class="verdict-icon" viewBox="0 0 64 64" aria-hidden="true">
          <circle cx="32" cy="32" r="32" />
          <path d={SIGNS[run.verdict]} />
        </svg>
        <div>
          {title === null ? <h1>{word}</h1> : <p class="verdict-word">{word}</p>}
          <p class="sentence">{sentence(verdictSentence(run, tally))}</p>
          {run.error && <Place error={run.error} />}
        </div>
      </div>
      <dl class="numbers">
        {figure('Duration', formatDuration(run.durationMs))}
        {run.steps.length > 1 && figure('Steps', `${passedSteps} of ${run.steps.length}`, 'passed')}
        {iterations > 1 && figure('Iterations', formatNumber(iterations))}
        {figure('Requests', formatNumber(requests), earlier > 0 ? `${formatNumber(earlier)} more while waiting` : '')}
        {figure('Checks', formatNumber(checks), result)}
        {figure('Exit code', String(run.exitCode))}
        {run.command === 'collection' && <Answers {...view} />}
      </dl>
      <Description text={description} />
    </header>
  );
}

/** How long answers took, and how much came. */
function Answers({ run, numbers }: View) {
  const times = responseTimesOf(run);
  const { receivedBytes } = countsOf(run);
  const slowest = run.steps.flatMap(decidingExchanges).find(({ response }) => response?.timeMs === times?.slowest);
  return (
    <>
      {times && figure('Median answer', formatDuration(times.median))}
      {times && figure('95 % within', formatDuration(times.p95))}
      {times && slowest && (
        <div>
          <dt>Slowest</dt>
          <dd>
            <a href={`#x${numbers.get(slowest)}`}>{formatDuration(times.slowest)}</a>
          </dd>
        </div>
      )}
      {receivedBytes !== undefined && figure('Received', formatBytes(receivedBytes))}
    </>
  );
}

/** The error's code, and where in which file it is. */
function Place({ error: { code, where } }: { readonly error: Failure }) {
  return (
    <>
      <p class="place">
        <code>{code}</code> {where && marked(placeOf(where), 1000)}
      </p>
      {where?.excerpt !== undefined && <CodeBlock label="The line itself" text={where.excerpt} limit={2000} />}
    </>
  );
}

function figure(name: string, value: string, note = '') {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} {note !== '' && <small>{note}</small>}
      </dd>
    </div>
  );
}

const TICK = 'M19 33.5 28 42.5 45.5 23';
const CROSS = 'M22 22 42 42M42 22 22 42';
const SIGNS: Readonly<Record<Verdict, string>> = {
  healthy: TICK,
  passed: TICK,
  unhealthy: CROSS,
  failed: CROSS,
  interrupted: 'M24 24H40V40H24Z',
  planned: 'M21 24H43M21 33H43M21 42H34',
};
