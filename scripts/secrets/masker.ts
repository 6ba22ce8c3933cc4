import type { Secret } from '../core/secret.ts';
import { type Place, Search } from './masking/search.ts';

/** Shorter values would turn up in ordinary text, and masking them would eat the report; they are masked by place instead. */
export const SHORTEST_MASKED = 8;

/** A secret that stands where it must not. Says which and how it is written, never the value. */
export interface Leak {
  readonly label: string;
  /** "raw", "base64, offset 1, in decimal bytes", "part of raw". */
  readonly form: string;
  /** Characters before it, or bytes where bytes were searched. */
  readonly offset: number;
}

/**
 * Knows every secret of the run and takes it out of any text. Everything that leaves the process (terminal, reports, JSON,
 * errors) passes one masker. Secrets may be added at any time and count from then on.
 *
 * A secret is found raw and in every encoding (masking/readings.ts), broken over lines and cells, and, from 16 characters
 * on, by any 12 of its characters in a row.
 */
export class Masker {
  readonly #search = new Search();
  /** By value: the label that people see. */
  readonly #labels = new Map<string, string>();

  /**
   * @param how `found` where it stood, in a header or a body: a label from there gives way to one from whoever knows what the
   *   secret is
   */
  add(secret: Secret, how: 'known' | 'found' = 'known'): void {
    const value = secret.reveal();
    if (value.length < SHORTEST_MASKED) return;
    const isNew = !this.#labels.has(value);
    if (isNew || how === 'known') this.#labels.set(value, secret.label);
    if (isNew) this.#search.add(secret);
  }

  /** The text with each secret replaced by its label, as in `‹admin token›`. */
  mask(text: string): string {
    const places = this.#search.places(text);
    if (places.length === 0) return text;
    let masked = '';
    let at = 0;
    for (const place of places) {
      masked += text.slice(at, place.start) + this.#maskOf(place);
      at = place.end;
    }
    return masked + text.slice(at);
  }

  /** Where secrets stand in a text or in a file's bytes (UTF-8, UTF-16, or anything with ASCII in it). */
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
    return this.#search.places(text).map(({ start, hit }) => ({
      label: this.#labelOf(hit.spelling.secret),
      form: [
        (hit.length < hit.spelling.length ? 'part of ' : '') + hit.spelling.form,
        ...hit.encodings.toReversed().map((name) => `in ${name}`),
      ].join(', '),
      offset: offsetOf(start),
    }));
  }

  /** A label that would itself be masked, because someone took it for a password, is not shown. */
  #maskOf({ hit }: Place): string {
    const mask = `‹${this.#labelOf(hit.spelling.secret)}›`;
    return this.#search.places(mask).length === 0 ? mask : '‹secret›';
  }

  #labelOf(secret: Secret): string {
    return this.#labels.get(secret.reveal()) ?? secret.label;
  }
}
