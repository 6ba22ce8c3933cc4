import type { Assertion, ConsoleLine } from '../core/exchange.ts';
import type { Report } from './newman-messages.ts';
import { cutText, toText } from './to-exchange.ts';

/** Characters of one line of the console, which may be a whole answer. */
const LONGEST_LINE = 65_536;

/** What the scripts of one request may write: a script in a circle would fill the memory of those who listen. */
const MOST_LINES = 1_000;
const MOST_CHARACTERS = 1_048_576;
const MOST_ASSERTIONS = 10_000;

/** What the scripts of a run say, cut to sizes that people can read. */
export class ScriptOutput {
  readonly #report: (report: Report) => void;
  #current = '';
  #lines = 0;
  #characters = 0;
  #assertions = 0;

  constructor(report: (report: Report) => void) {
    this.#report = report;
  }

  /** The `ref` of the item that runs; '' before the first. */
  get current(): string {
    return this.#current;
  }

  begin(ref: string): void {
    this.#current = ref;
    this.#lines = 0;
    this.#characters = 0;
    this.#assertions = 0;
  }

  assertion(ref: string, { name, status, message }: Assertion): void {
    this.#assertions += 1;
    if (this.#assertions > MOST_ASSERTIONS) {
      if (this.#assertions === MOST_ASSERTIONS + 1) {
        const text = `the scripts made more than ${MOST_ASSERTIONS} tests; the others are left out`;
        this.#report({ kind: 'error', ref, error: { kind: 'script', code: '', message: text } });
      }
      return;
    }
    const assertion = { name: cutText(name), status, message: message === null ? null : cutText(message) };
    this.#report({ kind: 'assertion', ref, assertion });
  }

  console(ref: string, level: ConsoleLine['level'], messages: readonly unknown[]): void {
    const isFull = this.#lines >= MOST_LINES || this.#characters >= MOST_CHARACTERS;
    if (isFull) {
      if (this.#lines < Number.POSITIVE_INFINITY) {
        this.#lines = Number.POSITIVE_INFINITY;
        const line = { level: 'warn', text: 'The scripts wrote more than this; it is left out.' } as const;
        this.#report({ kind: 'console', ref, line });
      }
      return;
    }
    const text = cutText(messages.map(toText).join(' '), LONGEST_LINE);
    this.#lines += 1;
    this.#characters += text.length;
    this.#report({ kind: 'console', ref, line: { level, text } });
  }

  /** A script threw, also long after it had ended, and anything can be thrown. */
  exception(ref: string, thrown: unknown): void {
    const { name = '', message = thrown } = Object(thrown) as { readonly name?: unknown; readonly message?: unknown };
    const error = { kind: 'script', code: cutText(toText(name)), message: cutText(toText(message)) } as const;
    this.#report({ kind: 'error', ref, error });
  }
}
