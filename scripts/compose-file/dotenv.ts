import { AppError } from '../core/errors.ts';
import type { EnvironmentEdit } from './environment.ts';
import {
  decodeSource,
  encodeSource,
  endOfMatch,
  lineEndOf,
  lineOf,
  REFUSED_IN_DOTENV,
  type SourceText,
  whereOf,
} from './source-text.ts';
import { applySplices, insertLines, lineRegion, removeLines, type Splice } from './splice.ts';
import { verifyAssignment, verifyName } from './yaml-scalar.ts';

/**
 * Name to value, as compose v2 reads the file: the last line of a name wins, `$X` and `${X:-default}` are replaced except in
 * single quotes. Lines that compose rejects are skipped.
 *
 * @param source null: there is no file
 * @param shell variables that beat the file's own in replacements
 * @throws AppError `encoding`, `line-break`, `control-character`
 */
export function readDotenv(
  source: Uint8Array | null,
  file = '.env',
  shell: Readonly<Record<string, string | undefined>> = {},
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (source === null) return values;
  for (const entry of parseDotenv(decodeSource(source, file, REFUSED_IN_DOTENV).text).entries) {
    const value = entry.valueIn((name) => shell[name] ?? values.get(name));
    if (value !== null) values.set(entry.name, value);
  }
  return values;
}

/**
 * Sets variables in the `.env` file that compose reads, so that both composes read exactly these values. Everything else stays
 * byte for byte. Of several lines with one name the last is changed: it is the one that counts.
 *
 * @param source null: there is no file yet
 * @throws AppError `encoding`, `line-break`, `control-character`; `dotenv-syntax` where compose does not read the file;
 *   `bad-value` for a value that has no spelling which both composes read alike
 */
export function setDotenv(
  source: Uint8Array | null,
  values: Readonly<Record<string, string>>,
  file = '.env',
): EnvironmentEdit {
  for (const [name, value] of Object.entries(values)) verifyAssignment(name, value);
  const before = open(source, file);
  const { text } = before.source;
  const splices: Splice[] = [];
  const additions: string[] = [];
  const changed: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const rendered = renderValue(name, value);
    const entry = lastOf(before.lines, name);
    if (entry === undefined) additions.push(`${name}=${rendered}`);
    else if (holds(entry, value, rendered)) continue;
    else {
      const after = value === '' && isLineEnd(text, entry.valueEnd) ? '' : rendered;
      // A colon, which compose v2 takes for an equals sign, is unknown to v1.
      const [start, sign] = entry.separator === '=' ? [entry.valueStart, ''] : [entry.keyEnd, '='];
      splices.push({ start, end: entry.valueEnd, text: sign + after });
    }
    changed.push(name);
  }
  if (additions.length > 0) splices.push(insertLines(text, text.length, additions));
  return finish(before, splices, changed, values);
}

/**
 * Takes variables out of the `.env` file, every line of them.
 *
 * @throws AppError as {@link setDotenv}
 */
export function unsetDotenv(source: Uint8Array | null, names: readonly string[], file = '.env'): EnvironmentEdit {
  for (const name of names) verifyName(name);
  const before = open(source, file);
  const { text } = before.source;
  const removed = before.lines.entries.filter((entry) => names.includes(entry.name));
  const regions = removed.map((entry) => lineRegion(text, entry.start, entry.valueEnd));
  const splices = regions.length > 0 ? removeLines(text, regions, false) : [];
  const { bytes } = finish(before, splices, [], Object.fromEntries(names.map((name) => [name, null])));
  return { bytes, changes: removed.map(({ name, start }) => ({ name, line: lineOf(text, start) })) };
}

/** Whether something is remarked behind a variable's value on its line. */
export function isDotenvCommented(source: Uint8Array | null, name: string, file = '.env'): boolean {
  if (source === null) return false;
  const { text } = decodeSource(source, file, REFUSED_IN_DOTENV);
  const entry = lastOf(parseDotenv(text), name);
  return entry !== undefined && !isLineEnd(text, entry.valueEnd);
}

interface Opened {
  readonly bytes: Uint8Array;
  readonly source: SourceText;
  readonly lines: DotenvLines;
}

function open(bytes: Uint8Array | null, file: string): Opened {
  const present = bytes ?? new Uint8Array();
  const source = decodeSource(present, file, REFUSED_IN_DOTENV);
  const lines = parseDotenv(source.text);
  if (lines.problem === null) return { bytes: present, source, lines };
  throw new AppError('dotenv-syntax', `${file} has a line that compose does not read: ${lines.problem.what}.`, {
    hint: 'Correct that line: NAME=value, with the value in single quotes if it has blanks or other signs.',
    where: whereOf(source, lines.problem.offset),
  });
}

/**
 * Single quotes are the spelling that both composes read alike (python-dotenv in v1, compose-go in v2). v1 unescapes backslashes
 * inside them and still replaces `${X}`; v2 replaces `$X` inside double quotes; with a backslash before the closing quote v1 reads
 * on to the next quote of the file.
 */
function renderValue(name: string, value: string): string {
  const isVerbatim = !/\\\\|\\'|\$\{[^${}]*\}/.test(value);
  if (!value.endsWith('\\')) {
    if (isVerbatim && !value.includes("'")) return `'${value}'`;
    if (!value.includes('$')) return `"${value.replaceAll(/[\\"]/g, '\\$&')}"`;
    if (isVerbatim) return `'${value.replaceAll("'", "\\'")}'`;
  }
  const message = `The value for ${name} cannot be written into a .env file in a way that every compose version reads the same.`;
  throw new AppError('bad-value', message, {
    hint: 'It ends with a backslash, or has a dollar sign beside braces or backslashes. Write a value into the compose file in place of ${…}, and run again.',
  });
}

/** Nothing but blanks follows: v1 takes a comment right behind the equals sign for the value. */
function isLineEnd(text: string, at: number): boolean {
  return text.slice(at, lineEndOf(text, at)).trim() === '';
}

function holds({ separator, written }: DotenvEntry, value: string, rendered: string): boolean {
  if (separator !== '=') return false;
  if (value === '') return ['', "''", '""'].includes(written);
  return written === rendered || (/^[\w.~+/=:@%,-]+$/.test(value) && [value, `"${value}"`].includes(written));
}

function finish(
  before: Opened,
  splices: readonly Splice[],
  changed: readonly string[],
  values: Readonly<Record<string, string | null>>,
): EnvironmentEdit {
  if (splices.length === 0) return { bytes: before.bytes, changes: [] };
  const text = applySplices(before.source.text, splices);
  const after = parseDotenv(text);
  verifyOnly(before.lines, after, values);
  const changes = changed.map((name) => ({ name, line: lineOf(text, lastOf(after, name)?.start ?? 0) }));
  return { bytes: encodeSource(text), changes };
}

/** The entry that counts for a name. */
function lastOf({ entries }: DotenvLines, name: string): DotenvEntry | undefined {
  return entries.findLast((entry) => entry.name === name);
}

/** The edited file is read again: nothing but the named variables may differ. */
function verifyOnly(before: DotenvLines, after: DotenvLines, values: Readonly<Record<string, string | null>>): void {
  const others = ({ entries }: DotenvLines) =>
    JSON.stringify(
      entries.filter(({ name }) => !Object.hasOwn(values, name)).map(({ name, written }) => [name, written]),
    );
  const isRight = Object.entries(values).every(
    ([name, value]) => (lastOf(after, name)?.valueIn(() => undefined) ?? null) === value,
  );
  if (isRight && after.problem === null && others(before) === others(after)) return;
  throw new AppError('internal', 'The edited .env file would not be what it should be. Nothing was written.', {
    hint: 'This is a bug in this tool. Write the variable by hand, and report the shape of the file (without its values).',
  });
}

/** A `.env` file as compose v2 reads it, with the places of its entries. */
export interface DotenvLines {
  readonly entries: readonly DotenvEntry[];
  /** The first thing that makes compose reject the file, or that its versions read differently. null: nothing. */
  readonly problem: { readonly offset: number; readonly what: string } | null;
}

export interface DotenvEntry {
  readonly name: string;
  /** Where it starts, with its `export`. */
  readonly start: number;
  readonly keyEnd: number;
  /** null: a name alone, whose value comes from the shell. */
  readonly separator: '=' | ':' | null;
  /** With its quotes, without blanks and comments around it. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The text between these two. */
  readonly written: string;
  /** The value; null for a name alone. */
  valueIn(lookup: (name: string) => string | undefined): string | null;
}

export function parseDotenv(text: string): DotenvLines {
  const entries: DotenvEntry[] = [];
  let problem: DotenvLines['problem'] = null;
  const complain = (offset: number, what: string): void => {
    problem ??= { offset, what };
  };
  let at = text.startsWith('\ufeff') ? 1 : 0;
  for (;;) {
    at = afterComments(text, at);
    if (at >= text.length) return { entries, problem };
    const start = /(?:export[ \t]+)?([\p{L}\p{N}_.\-[\]]+)(?=[ \t]*([=:]|\r?\n|$))/uy;
    start.lastIndex = at;
    const key = start.exec(text);
    if (key === null) {
      complain(at, 'it does not start with a name and an equals sign');
      at = lineEndOf(text, at);
      continue;
    }
    const keyEnd = at + key[0].length;
    const separator = key[2] === '=' || key[2] === ':' ? key[2] : null;
    const valueStart = separator ? (endOfMatch(/[ \t]*[=:][ \t]*/y, text, keyEnd) ?? keyEnd) : keyEnd;
    const valueEnd = separator ? endOfValue(text, valueStart) : keyEnd;
    if (valueEnd === null) {
      complain(valueStart, 'a quote is opened and not closed');
      at = lineEndOf(text, valueStart);
      continue;
    }
    const written = text.slice(valueStart, valueEnd);
    const valueIn = (lookup: (name: string) => string | undefined) => (separator ? readValue(written, lookup) : null);
    entries.push({ name: key[1] ?? '', start: at, keyEnd, separator, valueStart, valueEnd, written, valueIn });
    at = lineEndOf(text, valueEnd);
    if (isQuoted(written) && !/^[ \t]*(?:#.*)?$/s.test(text.slice(valueEnd, at))) {
      complain(valueEnd, 'there is something behind the closing quote');
    }
  }
}

/** The offset behind white space and comments. */
function afterComments(text: string, offset: number): number {
  for (let at = offset; ; ) {
    at = endOfMatch(/\s*/y, text, at) ?? at;
    if (text[at] !== '#') return at;
    at = lineEndOf(text, at);
  }
}

/** null: the quote is not closed. */
function endOfValue(text: string, start: number): number | null {
  const quote = text[start];
  if (quote === '"' || quote === "'") {
    for (let at = start + 1; at < text.length; at++) {
      if (text[at] === '\\') at++;
      else if (text[at] === quote) return at + 1;
    }
    return null;
  }
  const line = text.slice(start, lineEndOf(text, start));
  const comment = line.indexOf(' #');
  return start + (comment < 0 ? line : line.slice(0, comment)).trimEnd().length;
}

function readValue(written: string, lookup: (name: string) => string | undefined): string {
  const inner = isQuoted(written) ? written.slice(1, -1) : written;
  if (written.startsWith("'")) return inner.replaceAll("\\'", "'");
  return inner.replaceAll(
    /(\\[nrtabfv"\\$])|\$\$|\$\{([A-Za-z_]\w*)(?:(:?[-?+])([^}]{0,1024}))?\}|\$([A-Za-z_]\w*)/g,
    (
      all,
      escaped: string | undefined,
      braced: string | undefined,
      operator: string | undefined,
      word: string,
      bare: string,
    ) => {
      if (escaped) return written.startsWith('"') ? (ESCAPES[escaped] ?? escaped.slice(1)) : all;
      if (all === '$$') return '$';
      const found = lookup(braced ?? bare);
      const isThere = operator?.startsWith(':') ? Boolean(found) : found !== undefined;
      if (operator?.endsWith('+')) return isThere ? word : '';
      return isThere || !operator?.endsWith('-') ? (found ?? '') : word;
    },
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
  '\\a': '\x07',
  '\\b': '\b',
  '\\f': '\f',
  '\\v': '\v',
};

function isQuoted(written: string): boolean {
  return /^["']/.test(written);
}
