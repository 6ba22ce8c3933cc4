/** @jsxRuntime automatic @jsxImportSource preact */

import { formatDuration } from '../../core/duration.ts';
import type { Run, StepRecord } from '../../core/result.ts';
import { formatCount } from '../text.ts';
import { type Scale, toScale } from './scale.ts';
import { StatusMark } from './status.tsx';
import { Prose } from './text.tsx';
import { TimelineBar } from './timeline-bar.tsx';

/** The steps in order, each with its place in time. */
export function Timeline({ run }: { readonly run: Run }) {
  if (run.steps.length === 0) return null;
  const scale = toScale(run);
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <div class="timeline">
        <Axis scale={scale} />
        <ol>
          {run.steps.map((step) => (
            <Step step={step} scale={scale} />
          ))}
        </ol>
      </div>
    </section>
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
          <Prose text={step.summary} />
          {step.attempts.length > 1 && <span class="muted"> {formatCount(step.attempts.length, 'attempt')}.</span>}
        </p>
        {step.notes.length > 0 && (
          <ul>
            {step.notes.map((note) => (
              <li>
                <Prose text={note} />
              </li>
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
