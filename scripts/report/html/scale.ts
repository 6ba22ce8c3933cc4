import type { Run } from '../../core/result.ts';

/** Time along the width of the picture. */
export interface Scale {
  readonly totalMs: number;
  /** Round moments, from 0, at most seven. */
  readonly ticks: readonly number[];
  /** A moment as a percentage of the width. */
  at(ms: number): string;
  /** A duration as a percentage of the width, never too thin to see. */
  width(ms: number): string;
}

export function toScale(run: Run): Scale {
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
