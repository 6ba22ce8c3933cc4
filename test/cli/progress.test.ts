import { describe, expect, test } from 'vitest';
import { createProgress } from '../../scripts/cli/progress.ts';
import type { Output, Paragraph } from '../../scripts/core/ports.ts';
import type { StepRecord } from '../../scripts/core/result.ts';
import { wrap } from '../../scripts/core/wrap.ts';

function linesOf(each: string | Paragraph, columns: number): string[] {
  return typeof each === 'string' ? [each] : wrap(each.text, columns, each.indent);
}

/** Writes down what is written, and what the moving line says, in [brackets]; `[]` when it goes. */
function createTerminal(columns = 60) {
  const shown: string[] = [];
  const output: Output = {
    print: (...paragraphs) => shown.push(...paragraphs.map((each) => `${linesOf(each, columns).join('\n')}\n`)),
    ask: (question) => shown.push(question),
    columns,
    isTerminal: true,
    hasUnicode: false,
    spin(text) {
      shown.push(`[${text}]`);
      return { update: (next) => shown.push(`[${next}]`), stop: () => shown.push('[]') };
    },
  };
  return { shown, output };
}

function step(summary: string): StepRecord {
  return {
    name: 'write',
    status: 'passed',
    startMs: 0,
    durationMs: 340,
    summary,
    notes: [],
    attempts: [],
  };
}

const loud = { quiet: false, verbose: false };

describe('the moving line', () => {
  test('comes back after a warning, with what it said', () => {
    const { shown, output } = createTerminal();
    const progress = createProgress(output, (text) => text, loud);
    progress.handle({ type: 'step-started', name: 'restart' });
    progress.handle({ type: 'progress', name: 'restart', text: 'docker up' });
    progress.handle({ type: 'warning', text: 'Careful.' });
    progress.handle({ type: 'step-ended', step: step('done') });
    progress.handle({ type: 'warning', text: 'Late.' });
    expect(shown).toEqual([
      '[restart    ]',
      '[restart    docker up]',
      '[]',
      '! Careful.\n',
      '[restart    docker up]',
      '[]',
      '+ write      done (340 ms)\n',
      '! Late.\n',
    ]);
  });

  test('is not there when quiet, and neither are warnings', () => {
    const { shown, output } = createTerminal();
    const progress = createProgress(output, (text) => text, { quiet: true, verbose: false });
    progress.handle({ type: 'step-started', name: 'restart' });
    progress.handle({ type: 'warning', text: 'Careful.' });
    progress.handle({ type: 'step-ended', step: step('done') });
    expect(shown).toEqual([]);
  });
});

describe('the line of a finished step', () => {
  const written = (summary: string, columns: number) => {
    const { shown, output } = createTerminal(columns);
    const mask = (text: string) => text.replaceAll('/project/', '');
    createProgress(output, mask, loud).handle({ type: 'step-ended', step: step(summary) });
    return shown.join('');
  };

  test('is broken after paths have got their final length', () => {
    expect(written('DCR_IAT in /project/a.yml', 40)).toBe('+ write      DCR_IAT in a.yml (340 ms)\n');
  });

  test('does not leave the time alone on a line', () => {
    expect(written('one two three four five', 40)).toBe(
      '+ write      one two three four\n             five (340 ms)\n',
    );
  });

  test('unless it has no room beside a path', () => {
    const path = '/srv/app/docker-compose.yml';
    expect(written(path, 40)).toBe(`+ write      ${path}\n             (340 ms)\n`);
  });
});
