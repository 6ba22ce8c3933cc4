import { formatDuration } from '../core/duration.ts';
import type { Assertion, Body, ConsoleLine, Exchange, Header } from '../core/exchange.ts';
import type { Look, Paragraph } from '../core/ports.ts';
import type { CollectionFacts } from '../core/result.ts';
import { toPlain } from '../core/visible.ts';
import { answerOf, describeError, pathOf } from '../report/outline.ts';
import { formatBytes, formatNumber } from '../report/text.ts';
import { maskBody, maskHeader } from '../secrets/by-place.ts';
import { cutEnd, cutMiddle, type Layout, toShown } from './terminal-text.ts';

interface LineOptions {
  /** Headers and bodies, too. */
  readonly verbose: boolean;
  /** Failures have the numbers that they have at the end; not where requests end in another order than they are listed. */
  readonly isNumbered: boolean;
}

type Lines = (string | Paragraph)[];

/**
 * What is printed of each request of a collection, in the shape that users of Newman know (lib/reporters/cli/index.js): the
 * folder where it is another than before, the request with its answer, what its scripts logged, and its checks.
 */
export function createCollectionLines(layout: () => Layout, { verbose, isNumbered }: LineOptions) {
  let facts: CollectionFacts | null = null;
  let iteration = -1;
  let folders = '';
  let failures = 0;

  const numbered = (text: string): Paragraph => {
    failures += 1;
    const sign = isNumbered ? `${failures}.` : layout().signs.failed;
    return { text: `${sign.padStart(4)} ${text}`, look: 'bad', indent: CHECK_INDENT };
  };
  const unchecked = (text: string): Paragraph => {
    return { text: `  ${layout().signs.skipped}  ${text}`, look: 'dim', indent: CHECK_INDENT };
  };
  const headings = (exchange: Exchange): Lines => {
    const lines: Lines = [];
    const { signs } = layout();
    if (facts !== null && facts.iterations > 1 && (exchange.iteration ?? 0) !== iteration) {
      iteration = exchange.iteration ?? 0;
      folders = '';
      const count = `${formatNumber(iteration + 1)} of ${formatNumber(facts.iterations)}`;
      lines.push('', { text: `Iteration ${count}`, look: 'title' }, ...rowOf(facts, iteration, layout()));
    }
    lines.push('');
    const path = exchange.folders.join(' / ');
    if (path !== folders && path !== '')
      lines.push({ text: `${signs.folder} ${toShown(path, layout(), LONGEST_NAME)}`, indent: '  ' });
    folders = path;
    const name = toShown(exchange.name, layout(), LONGEST_NAME);
    return [...lines, { text: `${path === '' ? signs.root : signs.sub} ${name}`, indent: '  ' }];
  };

  return {
    /** What is known of the run: its name is printed once. */
    begin(known: CollectionFacts): Lines {
      const isFirst = facts === null;
      facts = known;
      return isFirst ? ['', { text: toShown(known.name, layout(), LONGEST_NAME), look: 'title', indent: '' }] : [];
    },
    linesOf(exchange: Exchange): Lines {
      const { error, assertions } = exchange;
      const details = verbose ? messagesOf(exchange, layout()) : [];
      return [
        ...headings(exchange),
        ...requestLine(exchange, '  ', layout()),
        ...details,
        ...(error === null ? [] : [numbered(toShown(describeError(error), layout(), LONGEST_TEXT))]),
        ...consoleLines(exchange.console, layout()),
        ...assertions.map((check) => checkLine(check, error?.kind === 'network' ? unchecked : numbered, layout())),
      ];
    },
    /** How far the run is, for the moving line. */
    progressOf(exchange: Exchange, count: number, total: number | null): string {
      const { signs } = layout();
      const share = total === null ? formatNumber(count) : `${formatNumber(count)} of ${formatNumber(total)}`;
      return `${share} ${signs.dot} ${toShown(pathOf(exchange), layout(), LONGEST_NAME)}`;
    },
  };
}

const CHECK_INDENT = '     ';
const LONGEST_NAME = 240;
const LONGEST_TEXT = 400;

/** The data row of an iteration, in one line. */
function rowOf({ data }: CollectionFacts, iteration: number, layout: Layout): Paragraph[] {
  const row = data[iteration] ?? data.at(-1);
  if (row === undefined) return [];
  const cells = Object.entries(row).map(([name, value]) => {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    return `${toShown(name, layout, 60)}=${cutEnd(maskHeader(name, toShown(text, layout, LONGEST_TEXT)), 60, layout.signs)}`;
  });
  return [{ text: `  ${cutEnd(cells.join(', '), layout.columns - 2, layout.signs)}`, look: 'dim' }];
}

/** `GET https://… [200 OK, 292 B, 25 ms]`; the URL is cut so that it stays one line. None where nothing was about to be sent. */
export function requestLine(exchange: Exchange, indent: string, layout: Layout): Paragraph[] {
  const { request, response, isSkipped } = exchange;
  if (isSkipped) return [{ text: `${indent}[not sent: a script skipped it]`, look: 'dim' }];
  if (request.method === '' && request.url === '') return [];
  const size = response?.sizeBytes === undefined ? [] : [formatBytes(response.sizeBytes)];
  const time = response === null ? [] : [formatDuration(response.timeMs)];
  const answer = [toShown(answerOf(exchange), layout, 40), ...size, ...time].join(', ');
  const method = toShown(request.method, layout, 20);
  const room = Math.max(
    SHORTEST_URL,
    layout.columns - indent.length - method.length - answer.length - ' '.length - ' []'.length,
  );
  const url = cutMiddle(toShown(request.url, layout, LONGEST_URL), room, layout.signs);
  return [{ text: `${indent}${method} ${url} [${answer}]`, look: response === null ? 'bad' : 'dim' }];
}

const SHORTEST_URL = 20;
const LONGEST_URL = 8_000;

function checkLine(check: Assertion, numbered: (text: string) => Paragraph, layout: Layout): Paragraph {
  const { signs } = layout;
  const name = toShown(check.name, layout, LONGEST_TEXT);
  if (check.status === 'failed') return numbered(name);
  const isSkipped = check.status === 'skipped';
  const text = isSkipped ? `  ${signs.skipped}  [skipped] ${name}` : `  ${signs.check}  ${name}`;
  return { text, look: isSkipped ? 'dim' : 'done', indent: CHECK_INDENT };
}

/** What scripts logged, in a box open to the right; the report has the rest. */
function consoleLines(console: readonly ConsoleLine[], layout: Layout): Paragraph[] {
  if (console.length === 0) return [];
  const { signs } = layout;
  const all = console.flatMap(({ level, text }) => linesIn(layout.redact(text)).map((line) => ({ level, line })));
  const shown = all.slice(0, MOST_LOGGED);
  const rest = all.length - shown.length;
  return [
    { text: `  ${signs.boxTop}`, look: 'dim' },
    ...shown.map(({ level, line }) => boxed(line, layout, LOOKS[level] ?? 'dim')),
    ...(rest === 0 ? [] : [boxed(`${signs.dots} and ${formatNumber(rest)} more`, layout, 'dim')]),
    { text: `  ${signs.boxBottom}`, look: 'dim' },
  ];
}

const MOST_LOGGED = 20;
const LOOKS: Readonly<Partial<Record<ConsoleLine['level'], Look>>> = { warn: 'warning', error: 'bad' };

function boxed(line: string, layout: Layout, look: Look): Paragraph {
  return { text: cutEnd(`  ${layout.signs.boxSide} ${toPlain(line)}`, layout.columns, layout.signs), look };
}

/** The lines of a text that is masked already, up to a bound: one line of megabytes is none that people read. */
function linesIn(text: string): string[] {
  return text.slice(0, LONGEST_LOGGED).split(/\r?\n/);
}

const LONGEST_LOGGED = 20_000;

/** Request and answer in detail: headers, and how the bodies begin. */
function messagesOf({ request, response }: Exchange, layout: Layout): Paragraph[] {
  const { signs } = layout;
  return [
    ...messageLines(signs.sent, request.headers, request.body, layout),
    ...(response === null ? [] : messageLines(signs.received, response.headers, response.body, layout)),
  ];
}

function messageLines(sign: string, headers: readonly Header[], body: Body | null, layout: Layout): Paragraph[] {
  const { redact, columns, signs } = layout;
  const named = headers.map(({ name, value }) => `${redact(name)}: ${maskHeader(name, redact(value))}`);
  const lines = body === null ? [] : linesIn(maskBody(redact(body.text), body.type));
  const isCut = body !== null && lines.length > MOST_BODY_LINES;
  const rest = isCut ? [`${signs.dots} (${formatBytes(body.bytes)} in all)`] : [];
  return [...named, ...lines.slice(0, MOST_BODY_LINES), ...rest].map((line) => ({
    text: cutEnd(`  ${sign} ${toPlain(line)}`, columns, signs),
    look: 'dim',
  }));
}

const MOST_BODY_LINES = 20;
