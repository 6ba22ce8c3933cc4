import { toDisplay } from '../bff/log-line.ts';
import type { Output } from '../core/ports.ts';
import type { LogLine } from '../core/result.ts';
import { createStyle, wrap } from './style.ts';

/** Lines of the BFF's log that are shown. */
const SHOWN_LINES = 5;

/** Of one line, in characters. */
const LONGEST = 1_000;

/** The last words of the BFF. */
export function showLog(lines: readonly LogLine[], output: Output, print: (text: string) => void): void {
  const style = createStyle(output);
  for (const line of lines.slice(-SHOWN_LINES))
    print(style.dim(wrap(`  bff | ${toDisplay(line.text).slice(0, LONGEST)}`, output.columns, '        ')));
}
