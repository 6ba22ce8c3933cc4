/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import type { Run, StepRecord } from '../../core/result.ts';
import { formatCount } from '../text.ts';
import { Section, StatusMark, sentence } from './parts.tsx';

/** The steps in order, each with its place in time. */
export function Timeline({ run }: { readonly run: Run }) {
  if (run.steps.length === 0) return null;
  const scale = toScale(run);
  return (
    <Section id="timeline" title="Timeline">
      <div class="timeline">
        <Axis scale={scale} />
        <ol>
          {run.steps.map((step) => (
            <Step step={step} scale={scale} />
          ))}
        </ol>
      </div>
    </Section>
  );
}

function Step({ step, scale }: { readonly step: StepRecord; readonly scale: Scale }) {
  const wasRun = step.status !== 'skipped';
  return (
    <li class={`step ${step.status}`}>
      <div class="step-head">
        <h3>{step.name}</h3>
        <StatusMark status={step.status} />
      </div>
      {wasRun && <TimelineBar step={step} scale={scale} />}
      {wasRun && (
        <p class="step-time">
          {formatDuration(step.durationMs)} <small>{formatShare(step.durationMs / scale.totalMs)}</small>
        </p>
      )}
      <div class="step-text">
        <p>
          {sentence(step.summary)}
          {step.attempts.length > 1 && <span class="muted"> {formatCount(step.attempts.length, 'attempt')}.</span>}
        </p>
        {step.notes.length > 0 && (
          <ul>
            {step.notes.map((note) => (
              <li>{sentence(note)}</li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

function Axis({ scale }: { readonly scale: Scale }) {
  return (
    <svg class="axis" aria-hidden="true" focusable="false">
      {scale.ticks.map(({ ms, x }) => (
        <text x={x} y="12" class={ms === 0 ? 'first' : undefined}>
          {ms === 0 ? '0' : formatDuration(ms).replace('.0 ', ' ')}
        </text>
      ))}
    </svg>
  );
}

function formatShare(share: number): string {
  return share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`;
}

/** One step in time, and inside it each attempt: filled where it passed, hollow where it did not. */
function TimelineBar({ step, scale }: { readonly step: StepRecord; readonly scale: Scale }) {
  const attempts = step.attempts.length > 1 ? step.attempts : [];
  return (
    <svg class={`bar ${step.status}`} role="img" aria-label={describe(step)} focusable="false">
      {scale.ticks.map(({ x }) => (
        <line x1={x} x2={x} y1="0" y2="100%" />
      ))}
      <rect class={attempts.length > 0 ? 'span' : 'solid'} {...scale.place(step)} y="8" height="16" rx="3" />
      {attempts.map((attempt, index) => {
        const [name, words] = attempt.passed ? ['passed', 'passed'] : ['failed', 'did not pass'];
        return (
          <rect class={`attempt ${name}`} {...scale.place(attempt)} y="11" height="10" rx="2">
            <title>{`Attempt ${index + 1}: ${words}, ${formatDuration(attempt.durationMs)}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

function describe(step: StepRecord): string {
  const span = `${step.name}: ${step.status}, from ${formatDuration(step.startMs)} to ${formatDuration(step.startMs + step.durationMs)}`;
  if (step.attempts.length < 2) return span;
  const passed = step.attempts.filter((attempt) => attempt.passed).length;
  return `${span}, ${formatCount(step.attempts.length, 'attempt')}, ${passed} passed`;
}

type Scale = ReturnType<typeof toScale>;

/** Time along the width of the picture: at most seven round moments from 0, and where a step or an attempt is. */
function toScale(run: Run) {
  const ends = run.steps.map((step) => step.startMs + step.durationMs);
  const totalMs = Math.max(1, run.durationMs, ...ends);
  const tick = ROUND.find((ms) => totalMs / ms <= 6) ?? totalMs;
  const percent = (ms: number) => `${(Math.max(0, Math.min(100, (ms / totalMs) * 100))).toFixed(2)}%`;
  const at = (ms: number) => percent(Math.min(ms, totalMs * (1 - THINNEST)));
  const moments = Array.from({ length: Math.floor((totalMs * 0.96) / tick) + 1 }, (_, index) => index * tick);
  return {
    totalMs,
    ticks: moments.map((ms) => ({ ms, x: at(ms) })),
    place: ({ startMs, durationMs }: Pick<StepRecord, 'startMs' | 'durationMs'>) => ({
      x: at(startMs),
      width: percent(Math.max(durationMs, totalMs * THINNEST)),
    }),
  };
}

/** The thinnest bar, as a share of the width. */
const THINNEST = 0.005;
const ROUND = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  1_800_000, 3_600_000,
];
