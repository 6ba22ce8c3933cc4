import type { PriorValue } from '../core/result.ts';

/**
 * How the token's variable stood in a file before the first write since it was last cleared.
 *
 * @param results texts of `result.json`, oldest first; null where a run has none
 * @param target the file, as the results name it
 * @returns null where they do not tell
 */
export function priorValueIn(results: readonly (string | null)[], target: string): PriorValue | null {
  let standing: PriorValue | null = null;
  for (const text of results.toReversed()) {
    const { compose, exitCode, steps } = parse(text);
    if (compose?.target !== target) continue;
    if (exitCode === 0 && steps?.some(({ name, status }) => name === 'clear' && status === 'passed')) break;
    if (isPriorValue(compose.before)) standing = compose.before;
  }
  return standing;
}

interface Result {
  readonly exitCode?: unknown;
  readonly compose?: { readonly target?: unknown; readonly before?: unknown } | null;
  readonly steps?: readonly { readonly name?: unknown; readonly status?: unknown }[];
}

/** Anybody may have written into the folder. */
function parse(text: string | null): Result {
  try {
    const result = text === null ? null : (JSON.parse(text) as Result | null);
    return { ...result, steps: Array.isArray(result?.steps) ? result.steps.filter((step) => step !== null) : [] };
  } catch {
    return {};
  }
}

function isPriorValue(value: unknown): value is PriorValue {
  return ['absent', 'empty', 'passed-through', 'value'].includes(String(value));
}
