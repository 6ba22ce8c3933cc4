import type { Facts } from './facts.ts';

/** Where a start of the BFF begins and ends. Those that begin one are told apart, since one start prints several of them. */
export type Mark = 'parent' | 'process' | 'waiting' | 'banner' | 'bootstrap' | 'complete' | 'closed';

export function markOf({ text, served, retry, hint }: Facts): Mark | null {
  if (served) return null;
  for (const [mark, pattern] of MARKS) {
    if (pattern.test(text) && !(mark === 'bootstrap' && (retry || hint || /kafka|fail|error/i.test(text)))) return mark;
  }
  return null;
}

const MARKS: readonly (readonly [Mark, RegExp])[] = [
  ['parent', /Started (?:parent|reloader) process|Starting gunicorn/],
  ['process', /Started server process/],
  ['waiting', /Waiting for application startup/],
  [
    'complete',
    /Application startup complete|Uvicorn running on|Running on http|^Listening (?:at|on)|startup complete/i,
  ],
  [
    'closed',
    /Application shutdown complete|Finished server process|Application startup failed|received SIGTERM|\bexited with code \d+|has been recreated$/i,
  ],
  ['banner', /\bbff\b[^.\n]{0,20}\b(?:starting|booting)\b|\b(?:starting|booting)\b[^.\n]{0,16}\bbff\b/i],
  [
    'bootstrap',
    /(?<![a-z])(?:dcr|bootstrap)\b[^.;\n]{0,24}\b(?:starting|started|begins?|beginning)\b|\b(?:starting|running|beginning)\b[^.;\n]{0,16}(?<![a-z])(?:dcr|bootstrap)(?![a-z])|dcr_bootstrap_start/i,
  ],
];
