import type { Secret } from '../core/secret.ts';
import { type MaskedSpan, SecretSearch } from './masking/search.ts';
import { SHORTEST_MASKED } from './values.ts';

/** Characters of a short value that is masked as a word. */
const SHORTEST_WORD = 4;

/** From so many characters on a secret may be the beginning of a longer one (found.ts). */
const LONGEST_KNOWN = 4_000;

const TOKEN_SIGN = /[\w.~+/=%-]/;
const WORD_SIGN = /[\p{L}\p{N}_]/u;

/** A secret in a place where none may be: which one and in which form, never the value. */
export interface Leak {
  readonly label: string;
  /** "raw", "base64, offset 1, in decimal bytes", "part of raw". */
  readonly form: string;
  /** Characters before it, or bytes where bytes were searched. */
  readonly offset: number;
}

/**
 * Knows every secret of the run and masks it in any text. Everything that leaves the process (terminal, reports, JSON,
 * errors) passes one masker. Secrets may be added at any time and count from then on.
 *
 * A secret is found raw and in every encoding (masking/decodings.ts), broken over lines and cells, and, from 16 characters
 * on, by any 12 of its characters in a row.
 */
export class Masker {
  readonly #search = new SecretSearch();
  /** By value: the label that people see. */
  readonly #labels = new Map<string, string>();
  /** Short values that somebody marked as secret: masked as whole words, because in other words they stand by chance. */
  readonly #words = new Map<string, string>();

  /** @param how `found`: its label is the name of a header or a member, and gives way to one that says what the secret is;
   *   `certain`: somebody marked it as secret, so that a short one counts as a word, too */
  add(secret: Secret, how: 'known' | 'found' | 'certain' = 'known'): void {
    const value = secret.reveal();
    if (value.length < SHORTEST_MASKED) {
      if (how === 'certain' && value.trim().length >= SHORTEST_WORD) this.#addWord(value.trim(), secret.label);
      return;
    }
    const isNew = !this.#labels.has(value);
    if (isNew || how !== 'found') this.#labels.set(value, secret.label);
    if (isNew) this.#search.add(secret);
  }

  /** The text with each secret replaced by its label, as in `‹admin token›`. */
  mask(text: string): string {
    let masked = '';
    let at = 0;
    for (const span of this.#search.spans(text)) {
      masked += this.#maskWords(text.slice(at, span.start)) + this.#maskOf(span);
      at = span.end;
      // Of a very long secret only the beginning is known; the rest of it goes on without a gap.
      if (span.hit.spelling.length >= LONGEST_KNOWN) while (TOKEN_SIGN.test(text.charAt(at))) at++;
    }
    return masked + this.#maskWords(at === 0 ? text : text.slice(at));
  }

  /** Every secret in a text or in a file's bytes (UTF-8, UTF-16, or anything with ASCII in it), in order. */
  find(input: string | Uint8Array): Leak[] {
    if (typeof input === 'string') return this.#leaks(input, (at) => at);
    const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    const text = bytes.toString('utf8');
    const leaks = this.#leaks(text, (at) => Buffer.byteLength(text.slice(0, at)));
    if (text.includes('\ufffd')) leaks.push(...this.#leaks(bytes.toString('latin1'), (at) => at));
    if (bytes.includes(0)) {
      for (const start of [0, 1]) {
        leaks.push(...this.#leaks(bytes.subarray(start).toString('utf16le'), (at) => start + at * 2));
      }
    }
    return leaks;
  }

  #addWord(value: string, label: string): void {
    if (/^(?:true|false|null|none)$/i.test(value)) return;
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
      if (!this.#words.has(form)) this.#words.set(form, label);
  }

  #maskWords(text: string): string {
    let masked = text;
    for (const [word, label] of this.#words) {
      if (!masked.includes(word)) continue;
      const parts = masked.split(word);
      masked = parts.reduce((before, after) => {
        const isWhole = !WORD_SIGN.test(before.slice(-1)) && !WORD_SIGN.test(after.charAt(0));
        return before + (isWhole ? `‹${label}›` : word) + after;
      });
    }
    return masked;
  }

  #leaks(text: string, offsetOf: (at: number) => number): Leak[] {
    return Array.from(this.#search.spans(text), ({ start, hit }) => ({
      label: this.#labelOf(hit.spelling.secret),
      form: [
        (hit.length < hit.spelling.length ? 'part of ' : '') + hit.spelling.form,
        ...hit.encodings.toReversed().map((name) => `in ${name}`),
      ].join(', '),
      offset: offsetOf(start),
    }));
  }

  /** A label that is itself a secret, because somebody chose those words as a password, is not shown. */
  #maskOf({ hit }: MaskedSpan): string {
    const mask = `‹${this.#labelOf(hit.spelling.secret)}›`;
    return this.#search.spans(mask).next().done ? mask : '‹secret›';
  }

  #labelOf(secret: Secret): string {
    return this.#labels.get(secret.reveal()) ?? secret.label;
  }
}
