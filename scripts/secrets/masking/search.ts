import type { Secret } from '../../core/secret.ts';
import { type CompactText, MAX_GAP } from './compact-text.ts';
import { Decoder } from './decodings.ts';
import { SecretIndex, SHORTEST_CUT, type Spelling } from './secret-index.ts';

/** A secret, or a piece of one, in a text. */
export interface Hit {
  readonly spelling: Spelling;
  readonly start: number;
  readonly end: number;
  /** Characters of the spelling that were found. */
  readonly length: number;
  /** Encodings around the spelling, outermost first. */
  readonly encodings: readonly string[];
}

/** The part of a text that is masked: a hit, or several that overlap. */
export interface MaskedSpan {
  readonly start: number;
  readonly end: number;
  /** The longest. */
  readonly hit: Hit;
}

/** Characters read at a time: more would only need more memory. */
const BLOCK = 64 * 1024;

/** Source characters that one piece of a secret can take when it is broken at every character. */
const OVERLAP = SHORTEST_CUT * (MAX_GAP + 12);

/** Finds secrets in texts. The time it takes grows with the length of the text, not with the number of secrets. */
export class SecretSearch {
  readonly #index = new SecretIndex();
  readonly #decoder = new Decoder();
  readonly #new: Secret[] = [];

  /** Costs nothing yet: the index is made when the next text is searched. */
  add(secret: Secret): void {
    this.#new.push(secret);
  }

  /** In the order of the text, without overlaps; found block by block, so that many of them need no memory. */
  *spans(text: string): Generator<MaskedSpan, void, undefined> {
    for (const secret of this.#new.splice(0)) this.#index.add(secret);
    const { shortest, exact } = this.#index;
    if (shortest === 0 && exact.length === 0) return;
    let open: Hit[] = [];
    for (let start = 0; start === 0 || start + OVERLAP < text.length; start += BLOCK) {
      const end = Math.min(text.length, start + BLOCK + OVERLAP);
      const hits = open;
      if (shortest > 0) {
        this.#decoder.each(text, start, end, this.#index, (compact, encodings) => {
          this.#index.runs(compact.codes, compact.length, (from, to) =>
            this.#verify(text, compact, from, to, encodings, hits),
          );
        });
      }
      const block = exact.length === 0 ? '' : text.slice(start, end);
      for (const { text: value, spelling } of exact) {
        for (let at = block.indexOf(value); at >= 0; at = block.indexOf(value, at + value.length)) {
          const from = start + at;
          hits.push({ spelling, start: from, end: from + value.length, length: spelling.length, encodings: [] });
        }
      }
      // What the next block may go on with stays open.
      const isLast = start + BLOCK + OVERLAP >= text.length;
      const merged = merge(hits);
      const closed = isLast ? merged.length : merged.findIndex((span) => span.end >= start + BLOCK);
      yield* merged.slice(0, closed < 0 ? merged.length : closed);
      open = closed < 0 ? [] : merged.slice(closed).map(({ start, end, hit }) => ({ ...hit, start, end }));
    }
  }

  #verify(
    text: string,
    compact: CompactText,
    from: number,
    to: number,
    encodings: readonly string[],
    hits: Hit[],
  ): void {
    const region = compact.slice(from, to);
    /** The last hit of each spelling, as long as it grows; positions are the region's. */
    const growing = new Map<Spelling, { first: number; last: number }>();
    const push = (spelling: Spelling, first: number, last: number) =>
      hits.push({
        spelling,
        start: compact.from[from + first] ?? 0,
        end: compact.to[from + last - 1] ?? 0,
        length: last - first,
        encodings,
      });
    for (let at = 0; at < region.length; at++) {
      for (const length of this.#index.lengths) {
        if (at + length > region.length) continue;
        for (const spelling of this.#index.at(region.slice(at, at + length))) {
          if (spelling.strict && !compact.fromBytes && hasBlankGap(text, compact, from + at, from + at + length))
            continue;
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

/** Whether two of the characters have only blanks between them. */
function hasBlankGap(text: string, compact: CompactText, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) {
    const gap = text.slice(compact.to[at - 1], compact.from[at]);
    if (gap !== '' && /^[ \t\u00a0]+$/.test(gap)) return true;
  }
  return false;
}

function merge(hits: Hit[]): MaskedSpan[] {
  const spans: MaskedSpan[] = [];
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  for (const hit of hits) {
    const last = spans.at(-1);
    if (last === undefined || hit.start >= last.end) spans.push({ start: hit.start, end: hit.end, hit });
    else {
      const longer = hit.end - hit.start > last.hit.end - last.hit.start;
      const end = Math.max(last.end, hit.end);
      spans[spans.length - 1] = { start: last.start, end, hit: longer ? hit : last.hit };
    }
  }
  return spans;
}
