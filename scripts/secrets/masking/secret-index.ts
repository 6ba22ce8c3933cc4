import { Buffer } from 'node:buffer';
import type { Secret } from '../../core/secret.ts';
import { NOT_ASCII } from './byte-lists.ts';
import { withoutSeparators } from './compact-text.ts';
import { FORM, QUOTING, withoutQuoting } from './escapes.ts';

/** Consecutive characters of a secret that count as the secret: assertion libraries cut what they print. */
const WINDOW = 12;

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
    for (const [form, text] of spellingsOf(value)) {
      const spelled = withoutSeparators(text);
      const spelling: Spelling = { secret, form, length: spelled.length, strict };
      if (spelled.length >= SHORTEST) this.#addText(spelled, spelling, cut);
      else if (form === 'raw') this.exact.push({ text: value, spelling });
    }
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

  #addText(text: string, spelling: Spelling, cut: boolean): void {
    const own = [spelling];
    let whole = !cut;
    if (cut) {
      for (let at = 0; at + WINDOW <= text.length; at++) {
        const piece = text.slice(at, at + WINDOW);
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

/** The base64 digits (RFC 4648) that depend on `text` alone, when `offset` bytes are before it. */
function base64Core(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

function isVaried(piece: string): boolean {
  let different = '';
  for (let at = 0; at < piece.length && different.length < FEWEST_CHARACTERS; at++) {
    const character = piece.charAt(at);
    if (!different.includes(character)) different += character;
  }
  return different.length === FEWEST_CHARACTERS;
}
