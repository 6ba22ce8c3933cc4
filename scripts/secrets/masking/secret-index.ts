import { Buffer } from 'node:buffer';
import type { Secret } from '../../core/secret.ts';
import { NOT_ASCII } from './byte-lists.ts';
import { withoutSeparators } from './compact-text.ts';
import { FORM, QUOTING, withoutQuoting } from './escapes.ts';

/** Consecutive characters of a secret that count as the secret: assertion libraries cut what they print. */
const WINDOW = 12;

/** The same where one character takes several: of base64 in base64, for one. */
const NESTED_WINDOW = 24;

/** Characters. Of longer secrets only the plain spellings and base64 are searched: each spelling costs memory. */
const LONGEST_NESTED = 512;

/** From this length on pieces of `WINDOW` characters are searched; shorter secrets are found whole only. */
export const SHORTEST_CUT = 16;

/** Shorter texts are part of other texts by chance. */
const SHORTEST = 8;

/** A piece with fewer different characters may be a line of dashes. */
const FEWEST_CHARACTERS = 5;

const GRAM = 4;
const GRAM_MASK = 0xfffff;

/** One way to write one secret. */
export interface Spelling {
  readonly secret: Secret;
  readonly form: string;
  /** Characters of the whole. */
  readonly length: number;
  /** A short secret without separators of its own: `pass word` is not `password`, though `pass⏎word` is. */
  readonly strict: boolean;
}

/**
 * Every piece of every spelling of the secrets, for linear search: only runs in which every four characters in a row are part
 * of some secret are looked at closely, and such runs are rare in other texts.
 */
export class SecretIndex {
  /** Secrets of which little is left without their separators; only the exact text counts. */
  readonly exact: { readonly text: string; readonly spelling: Spelling }[] = [];
  /** Lengths of pieces, longest first. */
  lengths: readonly number[] = [];
  /** Characters that a secret has, or that an escape begins with. */
  readonly relevant = new Uint8Array(0x10000);
  hasSpaces = false;
  hasQuotes = false;
  /** Pairs of ASCII characters that follow each other in some secret, as `first * 128 + second`. */
  readonly #pairs = new Uint8Array(0x4000);
  readonly #pieces = new Map<string, readonly Spelling[]>();
  readonly #grams = new Int32Array((GRAM_MASK + 1) / 32);

  constructor() {
    this.#markRelevant('\\%&<');
  }

  get shortest(): number {
    return this.lengths.at(-1) ?? 0;
  }

  add(secret: Secret): void {
    const value = secret.reveal();
    const compact = withoutSeparators(value);
    const cut = compact.length >= SHORTEST_CUT;
    const strict = !cut && compact.length === value.length;
    if (compact.length !== value.length) {
      this.hasSpaces = true;
      this.#markRelevant(FORM.marks);
    }
    if ([...QUOTING.marks].some((mark) => value.includes(mark))) {
      this.hasQuotes = true;
      this.#markRelevant(QUOTING.marks);
    }
    for (let at = 1; at < compact.length; at++) {
      const [first, second] = [compact.charCodeAt(at - 1), compact.charCodeAt(at)];
      if (first < 0x80 && second < 0x80) this.#pairs[first * 0x80 + second] = 1;
    }
    for (const [form, text] of spellingsOf(value)) {
      const spelled = withoutSeparators(text);
      const spelling: Spelling = { secret, form, length: spelled.length, strict };
      if (spelled.length >= SHORTEST) this.#addText(spelled, spelling, cut ? WINDOW : null);
      else if (form === 'raw') this.exact.push({ text: value, spelling });
    }
    if (value.length > LONGEST_NESTED) return;
    for (const [form, text] of nestedSpellingsOf(value)) {
      const spelling: Spelling = { secret, form, length: text.length, strict };
      if (text.length >= SHORTEST) this.#addText(text, spelling, cut ? NESTED_WINDOW : null);
    }
  }

  /** Whether the two characters follow each other in some secret. */
  isPair(first: number, second: number): boolean {
    return first >= 0x80 || second >= 0x80 || this.#pairs[first * 0x80 + second] === 1;
  }

  /** Spellings of which `piece` is a piece. */
  at(piece: string): readonly Spelling[] {
    return this.#pieces.get(piece) ?? [];
  }

  /** Calls `visit` for each longest run of characters that may have a piece in it. */
  runs(codes: Uint16Array, length: number, visit: (start: number, end: number) => void): void {
    const grams = this.#grams;
    const need = this.shortest - GRAM + 1;
    let hash = 0;
    let run = 0;
    for (let at = 0; at < length; at++) {
      hash = ((hash << 5) ^ (codes[at] as number)) & GRAM_MASK;
      if (((grams[hash >>> 5] as number) >>> (hash & 31)) & 1) run++;
      else if (run !== 0) {
        if (run >= need) visit(Math.max(0, at - run - GRAM + 1), at);
        run = 0;
      }
    }
    if (run >= need) visit(Math.max(0, length - run - GRAM + 1), length);
  }

  #markRelevant(characters: string): void {
    for (const character of characters) this.relevant[character.charCodeAt(0)] = 1;
  }

  /** @param window characters of a piece; null: only the whole counts */
  #addText(text: string, spelling: Spelling, window: number | null): void {
    const own = [spelling];
    let whole = window === null || text.length < window;
    if (window !== null) {
      for (let at = 0; at + window <= text.length; at++) {
        const piece = text.slice(at, at + window);
        if (isVaried(piece)) this.#addPiece(piece, own);
        else whole = true;
      }
    }
    if (whole) this.#addPiece(text, own);
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      this.relevant[code] = 1;
      if (code > NOT_ASCII) this.relevant[NOT_ASCII] = 1;
      hash = ((hash << 5) ^ code) & GRAM_MASK;
      if (at >= GRAM - 1) this.#grams[hash >>> 5] = (this.#grams[hash >>> 5] as number) | (1 << (hash & 31));
    }
  }

  #addPiece(piece: string, own: readonly Spelling[]): void {
    const known = this.#pieces.get(piece);
    if (known === undefined) {
      this.#pieces.set(piece, own);
      if (!this.lengths.includes(piece.length)) this.lengths = [...this.lengths, piece.length].sort((a, b) => b - a);
    } else if (!known.some((one) => one.secret === own[0]?.secret)) this.#pieces.set(piece, [...known, ...own]);
  }
}

/** Spellings that cannot be found by decoding, because nothing tells them from other text. */
function spellingsOf(value: string): Map<string, string> {
  const spellings = new Map([['raw', value]]);
  const add = (form: string, text: string) => {
    if (![...spellings.values()].includes(text)) spellings.set(form, text);
  };
  add('UTF-8 read as Latin-1', Buffer.from(value).toString('latin1'));
  add('quoted', withoutQuoting(value));
  // RFC 6749 section 2.3.1: client credentials are form-encoded before they become Basic authentication.
  const url = encodeURIComponent(Buffer.from(value).toString());
  const inner = {
    '': value,
    ' of URL encoding': url,
    ' of form encoding': url.replaceAll('%20', '+'),
    ' of JSON': JSON.stringify(value).slice(1, -1),
  };
  for (const [of, text] of Object.entries(inner)) {
    for (const offset of [0, 1, 2]) {
      const core = base64Core(text, offset);
      add(`base64${of}, offset ${offset}`, core);
      add(`base64url${of}, offset ${offset}`, core.replaceAll('+', '-').replaceAll('/', '_'));
    }
  }
  return spellings;
}

/**
 * Spellings that tools make of a spelling, or of other units than bytes: base64 in base64 (Kubernetes), of hexadecimal digits, of
 * UTF-16 (PowerShell); base32; backwards; the other case of hexadecimal digits, and a UUID with or without its hyphens.
 */
function nestedSpellingsOf(value: string): Map<string, string> {
  const spellings = new Map<string, string>();
  const bytes = Buffer.from(value);
  const addBase64 = (of: string, inner: string | Buffer) => {
    for (const offset of [0, 1, 2]) spellings.set(`base64 of ${of}, offset ${offset}`, base64Core(inner, offset));
  };
  for (const offset of [0, 1, 2]) {
    const core = base64Core(value, offset);
    addBase64(`base64, offset ${offset}`, core);
    const url = core.replaceAll('+', '-').replaceAll('/', '_');
    if (url !== core) addBase64(`base64url, offset ${offset}`, url);
  }
  addBase64('hexadecimal', bytes.toString('hex'));
  addBase64('hexadecimal in upper case', bytes.toString('hex').toUpperCase());
  addBase64('UTF-16', Buffer.from(value, 'utf16le'));
  for (const offset of [0, 1, 2, 3, 4]) {
    const digits = base32Core(bytes, offset);
    spellings.set(`base32, offset ${offset}`, digits);
    spellings.set(`base32 in lower case, offset ${offset}`, digits.toLowerCase());
  }
  spellings.set('backwards', withoutSeparators(Array.from(value).reverse().join('')));
  if (!/^[0-9a-f-]+$/i.test(value)) return spellings;
  const bare = value.replaceAll('-', '');
  const uuid = bare.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  for (const text of new Set([value, bare, uuid])) {
    spellings.set(`${text.length} digits in lower case`, text.toLowerCase());
    spellings.set(`${text.length} digits in upper case`, text.toUpperCase());
  }
  return spellings;
}

/** The base64 digits (RFC 4648) that depend on `text` alone, when `offset` bytes are before it. */
function base64Core(text: string | Buffer, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text as string)]);
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

/** The same for base32 (RFC 4648 section 6). */
function base32Core(bytes: Buffer, offset: number): string {
  const bits = '00000000'.repeat(offset) + Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  let digits = '';
  for (let at = Math.ceil((offset * 8) / 5) * 5; at + 5 <= bits.length; at += 5) {
    digits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(Number.parseInt(bits.slice(at, at + 5), 2));
  }
  return digits;
}

function isVaried(piece: string): boolean {
  let different = '';
  for (let at = 0; at < piece.length && different.length < FEWEST_CHARACTERS; at++) {
    const character = piece.charAt(at);
    if (!different.includes(character)) different += character;
  }
  return different.length === FEWEST_CHARACTERS;
}
