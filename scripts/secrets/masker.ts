import type { Secret } from '../core/secret.ts';
import { type MaskedSpan, SecretSearch } from './masking/search.ts';
import { SHORTEST_MASKED } from './values.ts';

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

  /** @param how `found`: its label is the name of a header or a member, and gives way to one that says what the secret is */
  add(secret: Secret, how: 'known' | 'found' = 'known'): void {
    const value = secret.reveal();
    if (value.length < SHORTEST_MASKED) return;
    const isNew = !this.#labels.has(value);
    if (isNew || how === 'known') this.#labels.set(value, secret.label);
    if (isNew) this.#search.add(secret);
  }

  /** The text with each secret replaced by its label, as in `‹admin token›`. */
  mask(text: string): string {
    const spans = this.#search.spans(text);
    if (spans.length === 0) return text;
    let masked = '';
    let at = 0;
    for (const span of spans) {
      masked += text.slice(at, span.start) + this.#maskOf(span);
      at = span.end;
    }
    return masked + text.slice(at);
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

  #leaks(text: string, offsetOf: (at: number) => number): Leak[] {
    return this.#search.spans(text).map(({ start, hit }) => ({
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
    return this.#search.spans(mask).length === 0 ? mask : '‹secret›';
  }

  #labelOf(secret: Secret): string {
    return this.#labels.get(secret.reveal()) ?? secret.label;
  }
}
