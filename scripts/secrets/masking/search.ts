import type { Secret } from '../../core/secret.ts';
import { Ink, MAX_GAP } from './compact-text.ts';
import { Readings } from './decodings.ts';
import { SecretIndex, SHORTEST_CUT, type Spelling } from './secret-index.ts';

/** A place in a text where a secret stands, or a piece of one. */
export interface Hit {
  readonly spelling: Spelling;
  readonly start: number;
  readonly end: number;
  /** Characters of the spelling that were found. */
  readonly length: number;
  /** Encodings around the spelling, outermost first. */
  readonly encodings: readonly string[];
}

/** Overlapping hits as one, in the order of the text. */
export interface Place {
  readonly start: number;
  readonly end: number;
  /** The longest. */
  readonly hit: Hit;
}

/** Characters read at a time: more would only need more memory. */
const BLOCK = 64 * 1024;

/** Source characters that one piece of a secret can take when it is broken at every character. */
export const OVERLAP = SHORTEST_CUT * (MAX_GAP + 12);

/** Finds secrets in texts. Time grows with the text's length, not with the number of secrets. */
export class Search {
  readonly #index = new SecretIndex();
  readonly #readings = new Readings();
  readonly #new: Secret[] = [];

  /** Costs nothing yet: many secrets may be added before the first text comes. */
  add(secret: Secret): void {
    this.#new.push(secret);
  }

  places(text: string): Place[] {
    this.#learn();
    const hits: Hit[] = [];
    if (this.#index.shortest > 0) {
      for (let start = 0; start === 0 || start + OVERLAP < text.length; start += BLOCK) {
        const end = Math.min(text.length, start + BLOCK + OVERLAP);
        this.#readings.each(text, start, end, this.#index, (ink, encodings) => {
          this.#index.runs(ink.codes, ink.length, (from, to) => this.#verify(text, ink, from, to, encodings, hits));
        });
      }
    }
    for (const { text: value, spelling } of this.#index.exact) {
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
        hits.push({ spelling, start: at, end: at + value.length, length: spelling.length, encodings: [] });
      }
    }
    return merge(hits);
  }

  /**
   * Where the end of the text begins that may become a secret with text to come, and how many characters of one it has;
   * `text.length`: nowhere.
   */
  openEnd(text: string): { readonly start: number; readonly length: number } {
    this.#learn();
    let start = text.length;
    let length = 0;
    const look = (end: number, encodings: (names: readonly string[]) => boolean) => {
      this.#readings.each(text, Math.max(0, end - OVERLAP), end, this.#index, (ink, names) => {
        if (!encodings(names)) return;
        const run = this.#index.runs(ink.codes, ink.length, () => {});
        if (run === 0 || end - (ink.to[ink.length - 1] ?? 0) > MAX_GAP) return;
        length = Math.max(length, run);
        start = Math.min(start, ink.from[ink.length - run] ?? 0);
      });
    };
    if (this.#index.shortest > 0) {
      look(text.length, () => true);
      const colour = UNFINISHED_COLOUR.exec(text.slice(-32))?.[0].length ?? 0;
      const end = text.length - colour;
      if (colour > 0) look(end, () => true);
      const ink = new Ink();
      ink.read(text, Math.max(0, end - OVERLAP), end);
      const tail = ink.slice(Math.max(0, ink.length - UNFINISHED_LENGTH), ink.length);
      for (const [unfinished, encodings] of UNFINISHED) {
        const rest = unfinished.exec(tail)?.[0].length ?? 0;
        if (rest === 0) continue;
        const cut = ink.from[ink.length - rest] ?? 0;
        start = Math.min(start, cut);
        look(cut, encodings);
      }
      start = Math.min(start, end);
    }
    for (const { text: value } of this.#index.exact) {
      for (let size = Math.min(value.length - 1, text.length); size > 0; size--) {
        if (text.endsWith(value.slice(0, size))) start = Math.min(start, text.length - size);
      }
    }
    return { start, length };
  }

  #learn(): void {
    for (const secret of this.#new.splice(0)) this.#index.add(secret);
  }

  #verify(text: string, ink: Ink, from: number, to: number, encodings: readonly string[], hits: Hit[]): void {
    const region = ink.slice(from, to);
    /** The last hit of each spelling, as long as it grows; positions are the region's. */
    const growing = new Map<Spelling, { first: number; last: number }>();
    const push = (spelling: Spelling, first: number, last: number) =>
      hits.push({
        spelling,
        start: ink.from[from + first] ?? 0,
        end: ink.to[from + last - 1] ?? 0,
        length: last - first,
        encodings,
      });
    for (let at = 0; at < region.length; at++) {
      for (const length of this.#index.lengths) {
        if (at + length > region.length) continue;
        for (const spelling of this.#index.at(region.slice(at, at + length))) {
          if (spelling.strict && !ink.fromBytes && hasBlankGap(text, ink, from + at, from + at + length)) continue;
          const hit = growing.get(spelling);
          if (hit !== undefined && at < hit.last && length < spelling.length)
            hit.last = Math.max(hit.last, at + length);
          else {
            if (hit !== undefined) push(spelling, hit.first, hit.last);
            growing.set(spelling, { first: at, last: at + length });
          }
        }
      }
    }
    for (const [spelling, hit] of growing) push(spelling, hit.first, hit.last);
  }
}

/** What the end of the text may have cut, and the encodings for which that matters. */
const UNFINISHED: readonly (readonly [RegExp, (encodings: readonly string[]) => boolean])[] = [
  [/(?:(?<![\\%])[\\%]+[\\%0-9a-fA-FuUxX{]{0,12}|&[#\w]{0,20}|<(?:[!/?a-zA-Z][^<>]{0,300})?)$/, () => true],
  [/(?:\d{1,3}|[a-fA-F]|0[xX][0-9a-fA-F]?)$/, (encodings) => encodings.at(-1)?.endsWith('bytes') ?? false],
];
const UNFINISHED_LENGTH = 320;
const UNFINISHED_COLOUR = /\u001b(?:\[[\d;]*)?$/;

/** Whether two of the characters have only blanks between them. */
function hasBlankGap(text: string, ink: Ink, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) {
    const gap = text.slice(ink.to[at - 1], ink.from[at]);
    if (gap !== '' && /^[ \t\u00a0]+$/.test(gap)) return true;
  }
  return false;
}

function merge(hits: Hit[]): Place[] {
  const places: Place[] = [];
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  for (const hit of hits) {
    const last = places.at(-1);
    if (last === undefined || hit.start >= last.end) places.push({ start: hit.start, end: hit.end, hit });
    else {
      const longer = hit.end - hit.start > last.hit.end - last.hit.start;
      places[places.length - 1] = {
        start: last.start,
        end: Math.max(last.end, hit.end),
        hit: longer ? hit : last.hit,
      };
    }
  }
  return places;
}
