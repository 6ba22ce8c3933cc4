/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import type { Run, StepRecord } from '../../core/result.ts';
import { formatCount } from '../text.ts';
import { prose, Section, StatusMark } from './parts.tsx';

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
          {prose(step.summary)}
          {step.attempts.length > 1 && <span class="muted"> {formatCount(step.attempts.length, 'attempt')}.</span>}
        </p>
        {step.notes.length > 0 && (
          <ul>
            {step.notes.map((note) => (
              <li>{prose(note)}</li>
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
      {scale.ticks.map((tick) => (
        <text x={scale.at(tick)} y="12" class={tick === 0 ? 'first' : undefined}>
          {tick === 0 ? '0' : formatDuration(tick).replace('.0 ', ' ')}
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
  const hasAttempts = step.attempts.length > 1;
  return (
    <svg class={`bar ${step.status}`} role="img" aria-label={describe(step)} focusable="false">
      {scale.ticks.map((tick) => (
        <line x1={scale.at(tick)} x2={scale.at(tick)} y1="0" y2="100%" />
      ))}
      <rect
        class={hasAttempts ? 'span' : 'solid'}
        x={scale.at(step.startMs)}
        width={scale.width(step.durationMs)}
        y="8"
        height="16"
        rx="3"
      />
      {hasAttempts &&
        step.attempts.map((attempt, index) => (
          <rect
            class={attempt.passed ? 'attempt passed' : 'attempt failed'}
            x={scale.at(attempt.startMs)}
            width={scale.width(attempt.durationMs)}
            y="11"
            height="10"
            rx="2"
          >
            <title>
              {`Attempt ${index + 1}: ${attempt.passed ? 'passed' : 'did not pass'}, ${formatDuration(attempt.durationMs)}`}
            </title>
          </rect>
        ))}
    </svg>
  );
}

function describe(step: StepRecord): string {
  const span = `${step.name}: ${step.status}, from ${formatDuration(step.startMs)} to ${formatDuration(step.startMs + step.durationMs)}`;
  if (step.attempts.length < 2) return span;
  const passed = step.attempts.filter((attempt) => attempt.passed).length;
  return `${span}, ${formatCount(step.attempts.length, 'attempt')}, ${passed} passed`;
}

/** Time along the width of the picture. */
interface Scale {
  readonly totalMs: number;
  /** Round moments, from 0, at most seven. */
  readonly ticks: readonly number[];
  /** A moment as a percentage of the width. */
  at(ms: number): string;
  /** A duration as a percentage of the width, never too thin to see. */
  width(ms: number): string;
}

function toScale(run: Run): Scale {
  const ends = run.steps.map((step) => step.startMs + step.durationMs);
  const totalMs = Math.max(1, run.durationMs, ...ends);
  const tick = ROUND.find((ms) => totalMs / ms <= 6) ?? totalMs;
  const percent = (ms: number) => `${(Math.max(0, Math.min(100, (ms / totalMs) * 100))).toFixed(2)}%`;
  return {
    totalMs,
    ticks: Array.from({ length: Math.floor((totalMs * 0.96) / tick) + 1 }, (_, index) => index * tick),
    at: (ms) => percent(Math.min(ms, totalMs * (1 - THINNEST))),
    width: (ms) => percent(Math.max(ms, totalMs * THINNEST)),
  };
}

/** The thinnest bar, as a share of the width. */
const THINNEST = 0.005;
const ROUND = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  1_800_000, 3_600_000,
];
