import { createHash } from 'node:crypto';

/**
 * A value that must not be shown. It prints as `***` wherever a value is turned into text by accident (template strings,
 * JSON, console, errors); only `reveal()` gives it out, and every caller of that is a place to look at.
 */
export class Secret {
  readonly #value: string;
  /** What a reader sees in its place, as in `‹admin token›`. */
  readonly label: string;

  /** @param label what the secret is, in the field's own words: "admin token", "IAT" */
  constructor(value: string, label: string) {
    this.#value = value;
    this.label = label;
  }

  /** The value itself. For the one place that needs it: the request, the target file. */
  reveal(): string {
    return this.#value;
  }

  get length(): number {
    return this.#value.length;
  }

  /** A public name for the secret: the first 8 hex digits of its SHA-256. Long random tokens cannot be found from it. */
  get handle(): string {
    return `sha256:${createHash('sha256').update(this.#value).digest('hex').slice(0, 8)}`;
  }

  equals(other: string): boolean {
    return this.#value === other;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}
