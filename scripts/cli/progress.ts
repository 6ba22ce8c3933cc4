import { formatDuration } from '../core/duration.ts';
import type { Output, Paragraph, Spinner } from '../core/ports.ts';
import type { StepRecord } from '../core/result.ts';
import { HARD_BLANK } from '../core/wrap.ts';
import type { RunEvent } from '../runbook/recorder.ts';
import { createCollectionLines } from './collection-lines.ts';
import { type Layout, type Signs, signsOf } from './terminal-text.ts';

interface ProgressOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** A step that failed or was skipped has its line and summary, too. */
  readonly showsEachOutcome?: boolean;
  /** Each request has its lines, and a step has one only where it failed before the requests. */
  readonly showsRequests?: boolean;
  /** How many of them run at the same time. */
  readonly parallel?: number;
}

/** Width of the column with the steps' names. */
const NAME_WIDTH = 10;

/**
 * One line for each step: on a terminal a moving one that names what the step waits for, and everywhere the finished one with
 * its time. Of a collection the requests are shown in its place, and the moving line says how many of them have ended.
 *
 * @param mask every text passes it, the moving one too
 */
export function createProgress(output: Output, mask: (text: string) => string, options: ProgressOptions) {
  const signs = signsOf(output);
  const masked = (step: StepRecord) => ({ ...step, summary: mask(step.summary), notes: step.notes.map(mask) });
  let spinner: Spinner | null = null;
  /** What the moving line says, for when it comes back. */
  let current: { readonly name: string; readonly text: string } | null = null;
  const hide = () => {
    spinner?.stop();
    spinner = null;
  };
  const moving = (name: string, text: string) =>
    name === '' ? mask(text) : `${name.padEnd(NAME_WIDTH)} ${mask(text)}`;
  const show = (name: string, text: string) => {
    current = { name, text };
    if (output.isTerminal && !options.quiet) spinner = output.spin(moving(name, text));
  };
  const layout = (): Layout => ({ columns: output.columns, signs, quiet: options.quiet, redact: mask });
  const lines = createCollectionLines(layout, { verbose: options.verbose, isNumbered: (options.parallel ?? 1) === 1 });
  /** The moving line stays below what is printed meanwhile: it is drawn again after each write. */
  const print = (paragraphs: (string | Paragraph)[]) => {
    if (!options.quiet && paragraphs.length > 0) output.print(...paragraphs);
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
          // It is in the reports.
          if (options.quiet) break;
          hide();
          output.print({ text: `${signs.warning} ${mask(event.text)}`, look: 'warning', indent: '  ' });
          if (current !== null) show(current.name, current.text);
          break;
        case 'collection':
          print(lines.begin(event.facts));
          break;
        case 'exchange': {
          // Of a quiet run none of these lines is needed, and masking them takes time.
          if (options.quiet) break;
          print(lines.linesOf(event.exchange));
          if (spinner === null) break;
          current = { name: '', text: lines.progressOf(event.exchange, event.count, event.total) };
          spinner.update(current.text);
          break;
        }
        case 'step-ended':
          hide();
          current = null;
          if (options.showsRequests && (event.step.status !== 'failed' || event.step.name === 'collection')) break;
          if (!options.quiet) output.print(...renderStep(masked(event.step), signs, output.columns, options));
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
  signs: Signs,
  columns: number,
  { verbose, showsEachOutcome = false }: ProgressOptions,
): Paragraph[] {
  if (step.status === 'skipped' && !verbose && !showsEachOutcome) return [];
  const indent = ' '.repeat(NAME_WIDTH + 3);
  const time = step.status === 'skipped' ? '' : `(${formatDuration(step.durationMs)})`.replaceAll(' ', HARD_BLANK);
  const summary = step.status === 'failed' && !showsEachOutcome ? '' : step.summary;
  // The time is not left alone on a line where there is room for it beside the last word.
  const lastWord = summary.slice(summary.lastIndexOf(' ') + 1);
  const blank = indent.length + lastWord.length + time.length < columns ? HARD_BLANK : ' ';
  const words = [summary, time].filter((each) => each !== '').join(blank);
  const first = {
    text: `${signs[step.status]} ${step.name.padEnd(NAME_WIDTH)} ${words}`,
    look: LOOKS[step.status],
    indent,
  };
  // A colour of their own would make the notes of a step louder than its line.
  const rest = step.status === 'passed' ? {} : { look: LOOKS[step.status] };
  return [first, ...(verbose ? step.notes.map((note) => ({ text: indent + note, indent, ...rest })) : [])];
}

const LOOKS = { passed: 'done', failed: 'bad', skipped: 'dim' } as const;
