import { jsonOrNull } from '../core/json.ts';

/**
 * Masks the values of members with secret names in a JSON text, and leaves everything else as it is: the digits of large
 * numbers, repeated names, and text that was cut in the middle. It works on pieces, so that what `JSON.parse` refuses is
 * masked too, and large texts need no memory. Under a secret name that holds an object or a list, every string and number is
 * masked. The private members of a JSON Web Key (RFC 7518 §6) count in an object that says `kty`.
 *
 * @param toMask what to show in place of the value, by the secret name that it is under
 */
export function maskMembers(
  text: string,
  isSecretName: (name: string) => boolean,
  toMask: (value: string, name: string) => string,
): string {
  const keys = /"kty"|\\u/.test(text) ? keysIn(text) : NO_KEYS;
  const pieces = new Pieces(text);
  const isKey: boolean[] = [];
  let shown = '';
  let copied = 0;
  let depth = 0;
  /** The depth of the object or list that is secret as a whole; 0: none. */
  let hidden = 0;
  let secret = false;
  let name = '';
  while (pieces.next()) {
    const { kind } = pieces;
    if (isOpening(kind)) {
      depth++;
      if (depth < MOST_LEVELS) isKey[depth] = keys.has(pieces.start);
      if (secret && hidden === 0) hidden = depth;
    } else if (isClosing(kind)) {
      if (depth === hidden) hidden = 0;
      depth = Math.max(0, depth - 1);
    }
    if (kind === '"' && pieces.isName()) {
      secret = hidden > 0;
      if (!secret) {
        name = decode(pieces.piece());
        secret = isSecretName(name) || (isKey[depth] === true && PRIVATE_KEY_MEMBERS.has(name));
      }
    } else if (secret && isValue(pieces)) {
      const value = decode(pieces.piece());
      const masked = toMask(value, name);
      if (masked !== value) {
        shown += `${text.slice(copied, pieces.start)}"${masked}"`;
        copied = pieces.end;
      }
    }
    if (kind === ',' || isClosing(kind)) secret = hidden > 0;
  }
  return copied === 0 ? text : shown + text.slice(copied);
}

/** Calls `visit` with each string and bare word of a JSON text, or of any other text; names of members are told apart. */
export function eachValue(text: string, visit: (value: string, isName: boolean) => void): void {
  const pieces = new Pieces(text);
  while (pieces.next()) {
    if (pieces.kind === '"' || pieces.kind === 'word') visit(decode(pieces.piece()), pieces.isName());
  }
}

/** The JSON text on many lines, indented by two spaces a level; one that was cut in the middle is laid out to its end. */
export function layOutJson(text: string): string {
  const pieces = new Pieces(text);
  let depth = 0;
  let result = '';
  let before = '';
  const line = () => `\n${'  '.repeat(Math.min(depth, DEEPEST))}`;
  while (pieces.next()) {
    const { kind } = pieces;
    if (kind === ' ') continue;
    const wasOpening = isOpening(before);
    if (isClosing(kind)) depth = Math.max(0, depth - 1);
    if (wasOpening !== isClosing(kind)) result += line();
    if (isOpening(kind)) depth++;
    result += pieces.piece();
    if (kind === ',') result += line();
    else if (kind === ':') result += ' ';
    before = kind;
  }
  return result;
}

/** Whether the text is meant as JSON: by its media type, or because it parses. */
export function isJson(text: string, type: string): boolean {
  if (/[/+]json$/.test(type)) return true;
  if (!/^\s*[{[]/.test(text)) return false;
  return jsonOrNull(text) !== null;
}

/** Levels. Indentation stops growing here: ten thousand open brackets are a body, too. */
const DEEPEST = 40;

/** Levels in which keys are looked for. */
const MOST_LEVELS = 64;

const PRIVATE_KEY_MEMBERS: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']);
const NO_KEYS: ReadonlySet<number> = new Set();

type Kind = '{' | '}' | '[' | ']' | ',' | ':' | '"' | ' ' | 'word' | '';

/** The pieces of a JSON text, one after the other. */
class Pieces {
  kind: Kind = '';
  start = 0;
  end = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Goes on to the next piece; false: there is none. */
  next(): boolean {
    const text = this.#text;
    this.start = this.end;
    if (this.start >= text.length) return false;
    const code = text.charCodeAt(this.start);
    let at = this.start + 1;
    if (code === QUOTE) {
      this.kind = '"';
      while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
      at = Math.min(at + 1, text.length);
    } else if (isMark(code)) this.kind = text.charAt(this.start) as Kind;
    else if (isBlank(code)) {
      this.kind = ' ';
      while (at < text.length && isBlank(text.charCodeAt(at))) at++;
    } else {
      this.kind = 'word';
      while (at < text.length && isWordPart(text.charCodeAt(at))) at++;
    }
    this.end = at;
    return true;
  }

  piece(): string {
    return this.#text.slice(this.start, this.end);
  }

  /** Whether it is a string that a colon follows. */
  isName(): boolean {
    if (this.kind !== '"') return false;
    let at = this.end;
    while (isBlank(this.#text.charCodeAt(at))) at++;
    return this.#text.charAt(at) === ':';
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** `{` `}` `[` `]` `,` `:` */
function isMark(code: number): boolean {
  return code === 0x7b || code === 0x7d || code === 0x5b || code === 0x5d || code === 0x2c || code === 0x3a;
}

function isBlank(code: number): boolean {
  return code <= 0x20 || code === 0xa0 || code === 0xfeff;
}

function isWordPart(code: number): boolean {
  return code !== QUOTE && !isMark(code) && !isBlank(code);
}

/** Where the objects begin that have a member `kty`. */
function keysIn(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  const pieces = new Pieces(text);
  const starts: number[] = [];
  let depth = 0;
  while (pieces.next()) {
    if (isOpening(pieces.kind)) {
      depth++;
      if (depth < MOST_LEVELS) starts[depth] = pieces.start;
    } else if (isClosing(pieces.kind)) depth = Math.max(0, depth - 1);
    else if (pieces.isName() && depth < MOST_LEVELS && pieces.end - pieces.start < 24) {
      if (decode(pieces.piece()) === 'kty') found.add(starts[depth] ?? 0);
    }
  }
  return found;
}

/** Strings and numbers; `null`, `true` and `false` give nothing away. */
function isValue(pieces: Pieces): boolean {
  if (pieces.kind === '"') return true;
  return pieces.kind === 'word' && /^[\w+-]/.test(pieces.piece()) && !/^(?:null|true|false)$/.test(pieces.piece());
}

function isOpening(kind: string): boolean {
  return kind === '{' || kind === '[';
}

function isClosing(kind: string): boolean {
  return kind === '}' || kind === ']';
}

function decode(piece: string): string {
  if (!piece.startsWith('"')) return piece;
  try {
    return String(JSON.parse(piece));
  } catch {
    return piece.slice(1).replace(/"$/, '');
  }
}
