import type { ClassifiedLine, LogLine } from '../core/result.ts';
import { cleanLine, copyOf } from './log-line.ts';

const LAST = 40;
const AROUND = 3;
const PINNED = 120;

interface Kept {
  readonly at: number;
  readonly line: LogLine;
}

/** The part of a log worth showing: the decisive lines with a few around them, and the last ones. Bounded. */
export class Excerpt {
  readonly #ring: (LogLine | undefined)[] = new Array(LAST);
  readonly #pinned = new Map<number, Kept>();
  readonly #meanings = new Map<number, 'good' | 'bad'>();
  #count = 0;
  #pinUntil = 0;

  add(line: LogLine): void {
    this.#ring[this.#count % LAST] = line;
    this.#count += 1;
    if (this.#count <= this.#pinUntil) this.#keep(this.#count, line);
  }

  /** The newest line decided something. */
  pin(meaning: 'good' | 'bad'): void {
    for (let at = Math.max(1, this.#count - AROUND); at <= this.#count; at++) {
      const line = this.#ring[(at - 1) % LAST];
      if (line !== undefined) this.#keep(at, line);
    }
    this.#meanings.set(this.#count, meaning);
    this.#pinUntil = this.#count + AROUND;
  }

  /** A new start: what was pinned belongs to an older one. */
  unpin(): void {
    this.#pinned.clear();
    this.#meanings.clear();
    this.#pinUntil = 0;
  }

  lines(): ClassifiedLine[] {
    return this.#kept().map(({ at, line }) => {
      const clean = cleanLine(line.text);
      return {
        at: line.at ?? clean.at,
        stream: line.stream,
        text: clean.text,
        meaning: this.#meanings.get(at) ?? 'plain',
      };
    });
  }

  #kept(): Kept[] {
    const kept = new Map(this.#pinned);
    for (let at = Math.max(1, this.#count - LAST + 1); at <= this.#count; at++) {
      const line = this.#ring[(at - 1) % LAST];
      if (line !== undefined) kept.set(at, { at, line });
    }
    return [...kept.values()].sort((a, b) => a.at - b.at);
  }

  /** The first lines of a start's trouble tell most: when there is no more room, the newest pinned ones make way. */
  #keep(at: number, line: LogLine): void {
    if (this.#pinned.has(at) || this.#pinned.size >= PINNED) return;
    this.#pinned.set(at, { at, line: { at: line.at, stream: line.stream, text: copyOf(cleanLine(line.text).text) } });
  }
}
