import { readDecimalBytes, readHexBytes } from './byte-lists.ts';
import { CompactText } from './compact-text.ts';
import { BACKSLASHES, type Escapes, FORM, PERCENTS, PIECES, PRINTABLES, QUOTING, REFERENCES, TAGS } from './escapes.ts';
import type { SecretIndex } from './secret-index.ts';

/** Called with each decoding of a text, and the names of the encodings that were undone, outermost first. */
type Visit = (decoded: CompactText, encodings: readonly string[]) => void;

/** Characters around an escape that may belong to the same piece of a secret, each of them encoded twice. */
const REACH = 192;

/**
 * Decodes a text in every way in which it may hold a secret: as it is, with each encoding undone, and with further encodings
 * undone in the result. Only the surroundings of an escape are read again, so ordinary text is read little more than once.
 */
export class Decoder {
  /** The text itself, and up to three encodings in each other: JSON in JSON as decimal bytes. */
  readonly #texts = [new CompactText(), new CompactText(), new CompactText(), new CompactText()] as const;

  /** Visits every decoding of `text` from `start` to `end`. What is visited is valid during the call only. */
  each(text: string, start: number, end: number, index: SecretIndex, visit: Visit): void {
    const [input] = this.#texts;
    input.read(text, start, end);
    visit(input, []);
    this.#undo(input, index, [], -1, visit);
    if (!CONTROL_STRING.test(text.slice(start, end))) return;
    // What is in a control string may be the secret, and it may be between two characters of one.
    input.read(text, start, end, true);
    visit(input, ['control strings']);
    this.#undo(input, index, ['control strings'], -1, visit);
  }

  /** @param last the step that made `input` */
  #undo(input: CompactText, index: SecretIndex, encodings: readonly string[], last: number, visit: Visit): void {
    const depth = encodings.length + 1;
    const out = this.#texts[depth];
    if (out === undefined) return;
    for (const [step, { name, read }] of STEPS.entries()) {
      // Encodings that were there before can be undone in either order; one order is enough. What the last step uncovered is new.
      const isNew = depth === 1 || (input.uncovered & (1 << step)) !== 0;
      if (!isNew && (step <= last || step >= ESCAPES.length)) continue;
      if (!read(input, out, index)) continue;
      const path = [...encodings, name];
      visit(out, path);
      this.#undo(out, index, path, step, visit);
    }
  }
}

/** What begins a control string (ECMA-48, 5.6): titles, links, data for the terminal. */
const CONTROL_STRING = /\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f]/;

/** In the order in which they are usually nested, outermost first. */
const ESCAPES = [TAGS, REFERENCES, BACKSLASHES, PERCENTS, PRINTABLES, FORM, QUOTING, PIECES];

interface Step {
  readonly name: string;
  /** Writes `input` with this encoding undone to `out`; false: there is nothing of it that matters. */
  readonly read: (input: CompactText, out: CompactText, index: SecretIndex) => boolean;
}

const STEPS: readonly Step[] = [
  ...ESCAPES.map(
    (escapes, step): Step => ({
      name: escapes.name,
      read: (input, out, index) => undo(input, out, escapes, step, index),
    }),
  ),
  listStep('hexadecimal bytes', (input, out, relevant) => readHexBytes(input, out, relevant, 0)),
  listStep('hexadecimal bytes', (input, out, relevant) => readHexBytes(input, out, relevant, 1)),
  listStep('decimal bytes', (input, out, relevant) => readDecimalBytes(input, out, relevant, false)),
  listStep('decimal bytes', (input, out, relevant) => readDecimalBytes(input, out, relevant, true)),
];

/** @param append appends the bytes of each list in `input` to `out` */
function listStep(name: string, append: (input: CompactText, out: CompactText, relevant: Uint8Array) => void): Step {
  const read: Step['read'] = (input, out, { relevant }) => {
    out.clear();
    out.fromBytes = true;
    out.uncovered = -1;
    append(input, out, relevant);
    return out.length > 0;
  };
  return { name, read };
}

/** For each character the steps for which it is a mark, or part of a list, as bits. */
const MARKS = new Uint16Array(0x80);
for (const [step, { marks }] of ESCAPES.entries()) mark(marks, 1 << step);
const LISTS = 2 ** STEPS.length - 2 ** ESCAPES.length;
mark('0123456789abcdefABCDEF,:;', LISTS);

function mark(characters: string, bits: number): void {
  for (const character of characters) MARKS[character.charCodeAt(0)] = (MARKS[character.charCodeAt(0)] ?? 0) | bits;
}

/** Copies the surroundings of escapes to `out`, with the escapes undone; false: there is no escape that matters. */
function undo(input: CompactText, out: CompactText, escapes: Escapes, step: number, index: SecretIndex): boolean {
  out.clear();
  if ((escapes === FORM && !index.hasSpaces) || (escapes === QUOTING && !index.hasQuotes)) return false;
  out.fromBytes = input.fromBytes;
  const isPair = (one: number, other: number) => index.isPair(one, other);
  const bit = 1 << step;
  let copied = 0;
  for (;;) {
    const first = nextEscape(input, copied, escapes, bit, index);
    if (first < 0) break;
    let at = Math.max(copied, first - REACH);
    if (at > copied) out.pushBarrier();
    let until = first + REACH;
    while (at < until && at < input.length) {
      const code = input.codes[at] as number;
      const { length } = out;
      const used = code < 0x80 && ((MARKS[code] as number) & bit) !== 0 ? escapes.unit(input, at, out, isPair) : 0;
      if (used > 0) {
        at += used;
        const last = out.length > length ? (out.codes[out.length - 1] as number) : -1;
        if (last < 0 || index.relevant[last] === 1) until = Math.max(until, at + REACH);
        if (last < 0x80) out.uncovered |= last < 0 ? LISTS : (MARKS[last] as number);
      } else {
        out.copy(input, at);
        at++;
      }
    }
    copied = at;
  }
  if (copied === 0) return false;
  if (copied < input.length) out.pushBarrier();
  out.finish();
  return true;
}

const probe = new CompactText();

/** The next escape of a character of a secret, of a mark of a further escape, or of a gap; -1: none. */
function nextEscape(input: CompactText, start: number, escapes: Escapes, bit: number, index: SecretIndex): number {
  const { codes, length } = input;
  const { relevant } = index;
  const isPair = (one: number, other: number) => index.isPair(one, other);
  for (let at = start; at < length; at++) {
    const code = codes[at] as number;
    if (code >= 0x80 || ((MARKS[code] as number) & bit) === 0) continue;
    probe.clear();
    const used = escapes.unit(input, at, probe, isPair);
    if (used === 0) continue;
    if (probe.length === 0 || relevant[probe.codes[0] as number] === 1) return at;
    at += used - 1;
  }
  return -1;
}
