/** @jsxRuntime automatic @jsxImportSource preact */

import { formatDuration } from '../../core/duration.ts';
import type { StepRecord } from '../../core/result.ts';
import { formatCount } from '../text.ts';
import type { Scale } from './scale.ts';

/** One step in time, and inside it each attempt: filled where it passed, hollow where it did not. */
export function TimelineBar({ step, scale }: { readonly step: StepRecord; readonly scale: Scale }) {
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
