import { formatDuration } from '../core/duration.ts';
import type { Output, Spinner } from '../core/ports.ts';
import type { StepRecord } from '../core/result.ts';
import type { RunEvent } from '../runbook/recorder.ts';
import { createStyle, HARD_BLANK, type Style, wrap } from './terminal-text.ts';

interface ProgressOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** A step that failed or was skipped has its line and summary, too. */
  readonly showsEachOutcome?: boolean;
}

/** Width of the column with the steps' names. */
const NAME_WIDTH = 10;

/**
 * One line for each step: on a terminal a moving one that names what the step waits for, and everywhere the finished one with
 * its time.
 *
 * @param mask every text passes it, the moving one too
 */
export function createProgress(output: Output, mask: (text: string) => string, options: ProgressOptions) {
  const style = createStyle(output);
  const masked = (step: StepRecord) => ({ ...step, summary: mask(step.summary), notes: step.notes.map(mask) });
  let spinner: Spinner | null = null;
  /** What the moving line says, for when it comes back. */
  let current: { readonly name: string; readonly text: string } | null = null;
  const hide = () => {
    spinner?.stop();
    spinner = null;
  };
  const moving = (name: string, text: string) =>
    `${name.padEnd(NAME_WIDTH)} ${mask(text).slice(0, Math.max(0, output.columns - NAME_WIDTH - 4))}`;
  const show = (name: string, text: string) => {
    current = { name, text };
    if (output.isTerminal && !options.quiet) spinner = output.spin(moving(name, text));
  };

  return {
    handle(event: RunEvent) {
      switch (event.type) {
        case 'step-started':
          show(event.name, '');
          break;
        case 'progress':
          if (current !== null) current = event;
          spinner?.update(moving(event.name, event.text));
          break;
        case 'warning':
          hide();
          output.write(`${style.warn(wrap(`${style.signs.warning} ${mask(event.text)}`, output.columns, '  '))}\n`);
          if (current !== null) show(current.name, current.text);
          break;
        case 'step-ended':
          hide();
          current = null;
          if (!options.quiet) output.write(renderStep(masked(event.step), style, output.columns, options));
          break;
      }
    },
    /** Removes the moving line, so that something else can use the terminal (a prompt). */
    pause: hide,
  };
}

/**
 * The finished line of a step, wrapped under its own column. Why a step failed is printed once, below all steps, unless each
 * shows its outcome.
 */
function renderStep(
  step: StepRecord,
  style: Style,
  columns: number,
  { verbose, showsEachOutcome = false }: ProgressOptions,
): string {
  if (step.status === 'skipped' && !verbose && !showsEachOutcome) return '';
  const indent = ' '.repeat(NAME_WIDTH + 3);
  const sign = style.signs[step.status];
  const time = step.status === 'skipped' ? '' : `(${formatDuration(step.durationMs)})`.replaceAll(' ', HARD_BLANK);
  const summary = step.status === 'failed' && !showsEachOutcome ? '' : step.summary;
  // The time is not left alone on a line where there is room for it beside the last word.
  const lastWord = summary.slice(summary.lastIndexOf(' ') + 1);
  const blank = indent.length + lastWord.length + time.length < columns ? HARD_BLANK : ' ';
  const words = [summary, time].filter((each) => each !== '').join(blank);
  const lines = [wrap(`${sign} ${step.name.padEnd(NAME_WIDTH)} ${words}`, columns, indent)];
  if (verbose) for (const note of step.notes) lines.push(wrap(`${indent}${note}`, columns, indent));
  const text = lines.join('\n');
  if (step.status === 'failed') return `${style.bad(text)}\n`;
  return `${step.status === 'skipped' ? style.dim(text) : text.replace(sign, style.good(sign))}\n`;
}
