import { readDecimalBytes, readHexBytes } from './byte-lists.ts';
import { Ink } from './compact-text.ts';
import { BACKSLASHES, type Escapes, FORM, PERCENTS, QUOTING, REFERENCES, TAGS } from './escapes.ts';
import type { SecretIndex } from './secret-index.ts';

/** Called with each way to read a text, and the names of the encodings that were undone, outermost first. */
export type Visit = (ink: Ink, encodings: readonly string[]) => void;

/** Encodings in encodings: JSON in JSON as decimal bytes. */
const DEEPEST = 3;

/** Characters around an escape that may belong to the same piece of a secret, each of them encoded twice. */
const REACH = 192;

/**
 * Reads a text in every way in which a secret may stand in it: as it is, and with each encoding undone, and the next one in
 * what that gave. Only the surroundings of what was undone are read again, so ordinary text is read little more than once.
 */
export class Readings {
  readonly #inks: readonly Ink[] = Array.from({ length: DEEPEST + 1 }, () => new Ink());

  each(text: string, start: number, end: number, index: SecretIndex, visit: Visit): void {
    const ink = this.#ink(0);
    ink.read(text, start, end);
    visit(ink, []);
    this.#undo(ink, index, [], -1, visit);
  }

  /** @param last the step that made `ink` */
  #undo(ink: Ink, index: SecretIndex, encodings: readonly string[], last: number, visit: Visit): void {
    const depth = encodings.length + 1;
    if (depth > DEEPEST) return;
    const out = this.#ink(depth);
    for (const [step, { name, read }] of STEPS.entries()) {
      // What stood there before can be undone in either order; one is enough. What the last step uncovered is new.
      const isNew = depth === 1 || (ink.uncovered & (1 << step)) !== 0;
      if (!isNew && (step <= last || step >= ESCAPES.length)) continue;
      if (!read(ink, out, index)) continue;
      const path = [...encodings, name];
      visit(out, path);
      this.#undo(out, index, path, step, visit);
    }
  }

  #ink(depth: number): Ink {
    return this.#inks[depth] ?? new Ink();
  }
}

/** In the order in which they usually stand in each other, outermost first. */
const ESCAPES = [TAGS, REFERENCES, BACKSLASHES, PERCENTS, FORM, QUOTING];

interface Step {
  readonly name: string;
  /** Reads `ink` with this encoding undone into `out`; false: there is nothing of it that matters. */
  readonly read: (ink: Ink, out: Ink, index: SecretIndex) => boolean;
}

const STEPS: readonly Step[] = [
  ...ESCAPES.map((escapes, step) => ({
    name: escapes.name,
    read: (ink: Ink, out: Ink, index: SecretIndex) => undo(ink, out, escapes, step, index),
  })),
  { name: 'hexadecimal bytes', read: (ink, out, { relevant }) => readHexBytes(ink, out, relevant, 0) },
  { name: 'hexadecimal bytes', read: (ink, out, { relevant }) => readHexBytes(ink, out, relevant, 1) },
  { name: 'decimal bytes', read: (ink, out, { relevant }) => readDecimalBytes(ink, out, relevant, false) },
  { name: 'decimal bytes', read: (ink, out, { relevant }) => readDecimalBytes(ink, out, relevant, true) },
];

/** For each character the steps for which it is a mark, or part of a list, as bits. */
const MARKS = new Uint16Array(0x80);
for (const [step, { marks }] of ESCAPES.entries()) mark(marks, 1 << step);
const LISTS = 2 ** STEPS.length - 2 ** ESCAPES.length;
mark('0123456789abcdefABCDEF,:;', LISTS);

function mark(characters: string, bits: number): void {
  for (const character of characters) MARKS[character.charCodeAt(0)] = (MARKS[character.charCodeAt(0)] ?? 0) | bits;
}

/** Copies to `out` what stands near escapes, with the escapes undone; false: there is none that matters. */
function undo(ink: Ink, out: Ink, escapes: Escapes, step: number, index: SecretIndex): boolean {
  out.clear();
  if ((escapes === FORM && !index.hasSpaces) || (escapes === QUOTING && !index.hasQuotes)) return false;
  out.fromBytes = ink.fromBytes;
  const bit = 1 << step;
  let copied = 0;
  for (;;) {
    const first = nextEscape(ink, copied, escapes, bit, index.relevant);
    if (first < 0) break;
    let at = Math.max(copied, first - REACH);
    if (at > copied) out.pushBarrier();
    let until = first + REACH;
    while (at < until && at < ink.length) {
      const code = ink.codes[at] as number;
      const { length } = out;
      const used = code < 0x80 && ((MARKS[code] as number) & bit) !== 0 ? escapes.unit(ink, at, out) : 0;
      if (used > 0) {
        at += used;
        const last = out.length > length ? (out.codes[out.length - 1] as number) : -1;
        if (last < 0 || index.relevant[last] === 1) until = Math.max(until, at + REACH);
        if (last < 0x80) out.uncovered |= last < 0 ? LISTS : (MARKS[last] as number);
      } else {
        out.copy(ink, at);
        at++;
      }
    }
    copied = at;
  }
  if (copied === 0) return false;
  if (copied < ink.length) out.pushBarrier();
  out.finish();
  return true;
}

const probe = new Ink();

/** The next escape that stands for a character of a secret, for a mark of a further escape, or for a gap; -1: none. */
function nextEscape(ink: Ink, start: number, escapes: Escapes, bit: number, relevant: Uint8Array): number {
  const { codes, length } = ink;
  for (let at = start; at < length; at++) {
    const code = codes[at] as number;
    if (code >= 0x80 || ((MARKS[code] as number) & bit) === 0) continue;
    probe.clear();
    const used = escapes.unit(ink, at, probe);
    if (used === 0) continue;
    if (probe.length === 0 || relevant[probe.codes[0] as number] === 1) return at;
    at += used - 1;
  }
  return -1;
}
