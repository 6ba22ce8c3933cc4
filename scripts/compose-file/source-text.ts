import { AppError, type Where } from '../core/errors.ts';

/** A file's text as compose reads it. A byte order mark stays in it as the first character, so that offsets hold. */
export interface SourceText {
  readonly text: string;
  /** Name of the file, for messages. */
  readonly file: string;
}

/**
 * The text behind the bytes; encoding it again gives the same bytes.
 *
 * @param refused characters that the file's readers do not accept, or read differently
 * @throws AppError `encoding` (not UTF-8), `line-break` (characters that compose takes for a new line and editors do not),
 *   `control-character` (compose reads no file that has one)
 */
export function decodeSource(bytes: Uint8Array, file: string, refused: RegExp = REFUSED_IN_YAML): SourceText {
  verifyNotUtf16(bytes, file);
  if (bytes.length > MOST_MB * 1024 * 1024) throw tooLarge(file, `${MOST_MB} MB`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notUtf8(bytes, file);
  }
  if (isLongerThan(text, MOST_PARTS)) throw tooLarge(file, `${MOST_PARTS.toLocaleString('en')} lines and entries`);
  const source = { text, file };
  verifyCharacters(source, refused);
  return source;
}

/** More than people write; reading it takes a few seconds. */
const MOST_MB = 16;
const MOST_PARTS = 400_000;

/** Whether a text has more lines and commas than that: what takes time are its entries. */
function isLongerThan(text: string, most: number): boolean {
  let count = 0;
  for (const sign of ['\n', ',']) {
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) if (++count > most) return true;
  }
  return false;
}

function tooLarge(file: string, most: string): AppError {
  return new AppError('compose-invalid', `${file} is larger than ${most}, which is the most that this tool edits.`, {
    hint: 'Put the service into a smaller file of its own, or change the variable by hand.',
    where: { file },
  });
}

/** What the YAML readers of both composes reject, or take for a line break where editors see none. */
export const REFUSED_IN_YAML = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]|\r(?!\n)|(?!^)\ufeff/;

/** In a `.env` file the Unicode separators are text like any other for both. */
export const REFUSED_IN_DOTENV = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)/;

export function encodeSource(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

export function lineStartOf(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return start === 0 && text.startsWith('\ufeff') ? 1 : start;
}

/** Where the line's own characters end: before its CRLF or LF, or at the end of the text. */
export function lineEndOf(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline < 0) return text.length;
  return newline > offset && text[newline - 1] === '\r' ? newline - 1 : newline;
}

/** The line break at the end of the offset's line; '' where the text ends there. */
export function lineBreakAt(text: string, offset: number): '' | '\n' | '\r\n' {
  const end = lineEndOf(text, offset);
  if (end === text.length) return '';
  return text[end] === '\r' ? '\r\n' : '\n';
}

/** The line break that a new line after this offset's line takes: that line's own, else the one before it, else LF. */
export function lineBreakNear(text: string, offset: number): '\n' | '\r\n' {
  const own = lineBreakAt(text, offset);
  if (own !== '') return own;
  return text[lineStartOf(text, offset) - 2] === '\r' ? '\r\n' : '\n';
}

/** The offset behind blanks, line breaks and comments of YAML. */
export function afterBlanks(text: string, offset: number): number {
  for (let at = offset; ; ) {
    if (' \t\r\n'.includes(text[at] ?? '-')) at++;
    else if (text[at] === '#' && ' \t\n'.includes(text[at - 1] ?? '-')) at = lineEndOf(text, at);
    else return at;
  }
}

/**
 * Where a match that begins exactly at the offset ends; null: there is none.
 *
 * @param pattern with the flag `y`
 */
export function endOfMatch(pattern: RegExp, text: string, offset: number): number | null {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** The blanks at the start of the offset's line. */
export function indentationOf(text: string, offset: number): string {
  return /[ \t]*/y.exec(text.slice(lineStartOf(text, offset), lineEndOf(text, offset)))?.[0] ?? '';
}

/** A place in the file, with its line as it may be shown: no value is in it. */
export function whereOf(source: SourceText, offset: number): Where {
  const start = lineStartOf(source.text, offset);
  return {
    file: source.file,
    line: lineOf(source.text, offset),
    column: offset - start + 1,
    excerpt: maskedLine(source.text.slice(start, lineEndOf(source.text, start))),
  };
}

/** `key: ***`, `- NAME=***`; what is no such line may be a piece of a secret and is not shown at all. */
function maskedLine(line: string): string {
  const shown =
    /^[ \t]*(?:\? +)?(?:"[\w.<-]{1,64}"|'[\w.<-]{1,64}'|[A-Za-z_<][\w.<-]{0,63})[ \t]*:(?=[ \t]|$)[ \t]*/.exec(line) ??
    /^[ \t]*- +["']?[A-Z][A-Z0-9_]{0,39}[ \t]*[=:]/.exec(line) ??
    /^[ \t]*/.exec(line);
  const head = shown?.[0] ?? '';
  const rest = line.slice(head.length).trim();
  return rest === '' ? line.trimEnd() : `${head}***`;
}

function verifyNotUtf16(bytes: Uint8Array, file: string): void {
  const [first, second] = bytes;
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const unmarked = bytes.length > 1 && (first === 0) !== (second === 0);
  if (!marked && !unmarked) return;
  throw new AppError('encoding', `${file} is UTF-16, and this tool edits UTF-8 only.`, {
    hint: 'Save it as UTF-8 in your editor (VS Code: "Save with Encoding"; PowerShell: Set-Content -Encoding utf8).',
    where: { file },
  });
}

function notUtf8(bytes: Uint8Array, file: string): AppError {
  const text = new TextDecoder().decode(bytes);
  const line = lineOf(text, text.indexOf('\ufffd'));
  return new AppError('encoding', `${file} is not valid UTF-8: line ${line} has other bytes (Latin-1?).`, {
    hint: 'Save it as UTF-8 in your editor. Compose does not read it as it is.',
    where: { file, line },
  });
}

function verifyCharacters(source: SourceText, refused: RegExp): void {
  const { text } = source;
  const found = refused.exec(text);
  if (!found) return;
  const name = `U+${found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  const where = whereOf(source, found.index);
  if (/[\r\x85\u2028\u2029]/.test(found[0])) {
    throw new AppError(
      'line-break',
      `${source.file} has a line break of an unusual kind (${name}) in line ${where.line}: compose starts a new line there, even inside a comment, but most editors do not show it.`,
      { hint: 'Delete that character, or replace it with an ordinary line break.', where },
    );
  }
  throw new AppError('control-character', `${source.file} has the control character ${name} in line ${where.line}.`, {
    hint: 'Delete that character. Compose does not read the file as it is.',
    where,
  });
}
