import { describe, expect, test } from 'vitest';
import { createProgress } from '../../scripts/cli/progress.ts';
import type { Exchange } from '../../scripts/core/exchange.ts';
import type { Output, Paragraph } from '../../scripts/core/ports.ts';
import type { CollectionFacts, StepRecord } from '../../scripts/core/result.ts';
import { wrap } from '../../scripts/core/wrap.ts';
import { maskText } from '../../scripts/secrets/by-place.ts';
import {
  ADMIN_TOKEN,
  exchange,
  failed,
  header,
  notSent,
  passed,
  sampleMasker,
  unanswered,
} from '../report/sample-exchanges.ts';

function linesOf(each: string | Paragraph, columns: number): string[] {
  return typeof each === 'string' ? [each] : wrap(each.text, columns, each.indent);
}

/** Writes down what is written, and what the moving line says, in [brackets]; `[]` when it goes. */
function createTerminal(columns = 60, more: Partial<Output> = {}) {
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
    ...more,
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

describe('the requests of a collection', () => {
  const masker = sampleMasker();
  const mask = (text: string) => maskText(masker.mask(text));
  const FACTS: CollectionFacts = {
    ...{ name: 'Shop', description: '', title: null, selection: [], tree: [], iterations: 1, data: [], counts: null },
  };
  const whole = { isTerminal: false, hasUnicode: true };
  const answered = { status: 200, reason: 'OK', headers: [], body: null, timeMs: 12, sizeBytes: 1292 };

  /** What is printed of these requests, in this order. */
  function shownOf(
    exchanges: readonly Exchange[],
    {
      facts = FACTS,
      more = whole,
      ...options
    }: {
      readonly facts?: Partial<CollectionFacts>;
      readonly more?: Partial<Output>;
      readonly quiet?: boolean;
      readonly verbose?: boolean;
      readonly parallel?: number;
    } = {},
  ): string {
    const { shown, output } = createTerminal(80, more);
    const progress = createProgress(output, mask, { ...loud, showsRequests: true, ...options });
    progress.handle({ type: 'step-started', name: 'collection' });
    progress.handle({ type: 'collection', facts: { ...FACTS, ...facts } });
    for (const [index, each] of exchanges.entries())
      progress.handle({ type: 'exchange', exchange: each, count: index + 1, total: exchanges.length });
    progress.handle({ type: 'collection', facts: { ...FACTS, ...facts } });
    progress.handle({ type: 'step-ended', step: { ...step(''), name: 'collection', status: 'failed' } });
    return shown.join('');
  }

  test('look as in Newman: folders as they are entered, the answer, the checks, numbered failures', () => {
    const inFolder = { folders: ['Orders', 'Refunds'], response: answered };
    expect(
      shownOf([
        exchange({ name: 'Login', folders: [], assertions: [passed('200 OK')], response: answered }),
        exchange({
          ...inFolder,
          name: 'List',
          assertions: [failed('has lines', 'm'), { ...passed('b'), status: 'skipped' }],
        }),
        unanswered({ name: 'Refused', folders: inFolder.folders, assertions: [failed('200 OK', 'm')] }),
        notSent({ name: 'Skipped', folders: ['Orders'] }),
        exchange({
          ...{ name: 'Last', folders: [], assertions: [], response: { ...answered, status: 204, reason: '' } },
          error: { kind: 'script', code: 'TypeError', message: 'x is not a function' },
        }),
      ]),
    ).toBe(`
Shop

→ Login
  GET http://localhost:8000/health [200 OK, 1.3 kB, 12 ms]
  ✓  200 OK

❏ Orders / Refunds
↳ List
  GET http://localhost:8000/health [200 OK, 1.3 kB, 12 ms]
  1. has lines
  -  [skipped] b

↳ Refused
  GET http://localhost:8000/health [no answer]
  2. connect ECONNREFUSED 127.0.0.1:8000
  -  200 OK

❏ Orders
↳ Skipped
  [not sent: a script skipped it]

→ Last
  GET http://localhost:8000/health [204, 1.3 kB, 12 ms]
  3. TypeError: x is not a function
`);
  });

  test('have a heading for each iteration, with the row of data that it runs with, masked', () => {
    const text = shownOf(
      [0, 1, 2].map((iteration) => exchange({ iteration, name: 'A', folders: [], assertions: [] })),
      {
        facts: {
          iterations: 3,
          data: [
            { user: 'anna', password: 'test only' },
            { user: 'x'.repeat(200), count: 2 },
          ],
        },
      },
    );
    expect(text).toContain('\nIteration 1 of 3\n  user=anna, password=‹masked›\n\n→ A\n');
    expect(text).toMatch(/\nIteration 2 of 3\n {2}user=x+…, count=2\n/);
    // The last row goes on.
    expect(text).toMatch(/\nIteration 3 of 3\n {2}user=x+…, count=2\n/);
    expect(shownOf([exchange({ iteration: 0 })])).not.toContain('Iteration');
  });

  test('fit into the width: a URL is cut in the middle, in ASCII where the terminal has nothing else', () => {
    const url = `https://api.test/orders/${'x'.repeat(90)}/end?of=url`;
    const long = exchange({ request: { ...exchange().request, url }, response: answered, assertions: [passed('a')] });
    const lines = shownOf([long]).split('\n');
    expect(lines.find((line) => line.includes('GET'))).toMatch(
      /^ {2}GET https:\/\/api.*…x*\/end\?of=url \[200 OK, 1.3 kB, 12 ms\]$/,
    );
    expect(Math.max(...lines.map((line) => line.length))).toBe(80);
    const ascii = shownOf([long], { more: { ...whole, hasUnicode: false } });
    expect(ascii).toMatch(/^[\x20-\x7e\n]+$/);
    expect(ascii).toContain('\n  +  a\n');
  });

  test('show what scripts logged, cut', () => {
    const text = shownOf([
      exchange({
        console: [
          { level: 'log', text: `token=${ADMIN_TOKEN} and two\nlines` },
          { level: 'warn', text: 'w'.repeat(400) },
          ...Array.from({ length: 40 }, () => ({ level: 'log', text: 'again' }) as const),
        ],
      }),
    ]);
    expect(text).toContain('\n  ┌\n  │ token=‹admin token› and two\n  │ lines\n  │ www');
    expect(text).toMatch(/\n {2}│ w{75}…\n/);
    expect(text).toContain('\n  │ … and 23 more\n  └\n  ✓  200 OK\n');
  });

  test('with --verbose have headers and bodies, masked by value and by place', () => {
    const request = {
      ...{ method: 'POST', url: 'http://a.test/' },
      headers: [header('Authorization', `Bearer ${ADMIN_TOKEN}`), header('Cookie', 'sid=abc123')],
      body: { text: '{"password":"test only","user":"a"}', bytes: 35, type: 'application/json' },
    };
    const text = shownOf([exchange({ request })], { verbose: true });
    expect(text).toContain(
      [
        '  ↑ Authorization: Bearer ‹admin token›',
        '  ↑ Cookie: sid=‹masked›',
        '  ↑ {"password":"‹masked›","user":"a"}',
        '  ↓ content-type: application/json',
      ].join('\n'),
    );
    expect(shownOf([exchange({ request })])).not.toContain('Cookie');
  });

  test('are one moving line on a terminal, below what is printed', () => {
    const text = shownOf([exchange({ folders: ['Orders'], name: 'Get', assertions: [] }), exchange({ name: 'Put' })], {
      more: { isTerminal: true },
    });
    expect(text).toMatch(
      /^\[collection \]\nShop\n\n# Orders\n> Get\n.*\n\[1 of 2 - Orders \/ Get\]\n# BFF Health\n> Put\n/,
    );
    expect(text).toMatch(/\[2 of 2 - BFF Health \/ Put\]\[\]$/);
  });

  test('are not printed when quiet', () => {
    expect(shownOf([exchange()], { quiet: true })).toBe('');
  });

  test('have no numbers where they end in another order than the report has', () => {
    expect(shownOf([exchange({ assertions: [failed('a', 'm')] })], { parallel: 2 })).toContain('\n   ✖ a\n');
  });

  test('a step that fails before them has its line, one that passes has none', () => {
    const { shown, output } = createTerminal(80, whole);
    const progress = createProgress(output, mask, { ...loud, showsRequests: true });
    progress.handle({ type: 'step-ended', step: { ...step('fine'), name: 'preflight' } });
    expect(shown).toEqual([]);
    progress.handle({ type: 'step-ended', step: { ...step('no file'), name: 'preflight', status: 'failed' } });
    expect(shown).toEqual(['✖ preflight  (340 ms)\n']);
  });
});
