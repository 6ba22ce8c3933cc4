import type { ClassifiedLine, LogLine } from '../core/result.ts';
import { cleanLine, copyOf } from './log-line.ts';

const LAST = 40;
const AROUND = 3;
const PINNED = 120;

/** The part of a log worth showing: the decisive lines with a few around them, and the last ones. Bounded. */
export class Excerpt {
  readonly #ring: (LogLine | undefined)[] = new Array(LAST);
  readonly #pinned = new Map<number, LogLine>();
  readonly #meanings = new Map<number, 'good' | 'bad'>();
  #count = 0;
  #pinUntil = 0;

  add(line: LogLine): void {
    this.#count += 1;
    this.#ring[this.#count % LAST] = line;
    if (this.#count <= this.#pinUntil) this.#keep(this.#count, line);
  }

  /** The newest line decided something. */
  pin(meaning: 'good' | 'bad'): void {
    for (const [at, line] of this.#last(AROUND + 1)) this.#keep(at, line);
    this.#meanings.set(this.#count, meaning);
    this.#pinUntil = this.#count + AROUND;
  }

  /** A new start: what was pinned belongs to an older one. */
  unpin(): void {
    this.#pinned.clear();
    this.#meanings.clear();
    this.#pinUntil = 0;
  }

  /** Oldest first, clean. */
  lines(): ClassifiedLine[] {
    const kept = new Map(this.#pinned);
    for (const [at, line] of this.#last(LAST)) kept.set(at, line);
    return [...kept]
      .sort(([a], [b]) => a - b)
      .map(([at, line]) => {
        const clean = cleanLine(line.text);
        const meaning = this.#meanings.get(at) ?? 'plain';
        return { at: line.at ?? clean.at, stream: line.stream, text: clean.text, meaning };
      });
  }

  /** The newest lines by their numbers. */
  *#last(count: number): Iterable<[number, LogLine]> {
    for (let at = Math.max(1, this.#count - count + 1); at <= this.#count; at++) {
      const line = this.#ring[at % LAST];
      if (line !== undefined) yield [at, line];
    }
  }

  /** The first lines of a start's trouble tell most: when there is no more room, the newest pinned ones make way. */
  #keep(at: number, line: LogLine): void {
    if (this.#pinned.has(at) || this.#pinned.size >= PINNED) return;
    this.#pinned.set(at, { ...line, text: copyOf(cleanLine(line.text).text) });
  }
}
