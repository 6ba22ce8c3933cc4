import { OVERLAP, type Place, type Search } from './search.ts';

/** Text held back; a secret that is still going on after this much is masked in parts. */
const MOST_HELD = 512 * 1024;

/** A line is not held back for fewer characters of a secret at its end: too many words end in three of them. */
const FEWEST_HELD = 8;

export interface MaskStreamOptions {
  /**
   * Whole lines go out at once, for people who watch. Up to 7 characters of a secret may then be seen where a line ends
   * inside of it; the rest of it is masked on the next line. Default false: nothing goes out that may become a secret.
   */
  readonly lines?: boolean;
}

/** Masks text that comes in pieces, cut anywhere. What comes out, put together, is what `mask` makes of the whole. */
export class MaskStream {
  readonly #search: Search;
  readonly #maskOf: (place: Place) => string;
  readonly #lines: boolean;
  /** Begins with text that is out already, while it may be the beginning of a secret. */
  #buffer = '';
  #out = 0;
  /** What is out of the buffer was shown as a mask, which may go on. */
  #masked = false;

  constructor(search: Search, maskOf: (place: Place) => string, options: MaskStreamOptions = {}) {
    this.#search = search;
    this.#maskOf = maskOf;
    this.#lines = options.lines ?? false;
  }

  /** What can go out now. */
  write(chunk: string): string {
    this.#buffer += chunk;
    const places = this.#search.places(this.#buffer);
    const open = this.#search.openEnd(this.#buffer);
    const last = places.at(-1);
    const held = last !== undefined && last.end > open.start ? last.start : open.start;
    if (this.#buffer.length - held > MOST_HELD) {
      return this.#release(places, last?.end ?? held, Math.max(held, this.#buffer.length - OVERLAP));
    }
    const isMasked = last !== undefined && last.start <= open.start && this.#buffer.slice(last.end).trim() === '';
    const isSafe = open.length < FEWEST_HELD || isMasked;
    const afterLine = this.#lines && isSafe ? this.#buffer.lastIndexOf('\n') + 1 : 0;
    return this.#release(places, Math.max(held, afterLine), held);
  }

  /** The rest. */
  end(): string {
    const { length } = this.#buffer;
    return this.#release(this.#search.places(this.#buffer), length, length);
  }

  /** Gives out the text before `upTo` and goes on knowing the text from `keep` on. */
  #release(places: readonly Place[], upTo: number, keep: number): string {
    let text = '';
    let at = this.#out;
    let shown: Place | undefined;
    if (upTo <= at) {
      this.#out -= keep;
      this.#buffer = this.#buffer.slice(keep);
      return text;
    }
    for (const place of places) {
      if (place.end <= this.#out || place.start >= upTo) continue;
      const goesOn = this.#masked && place.start < this.#out;
      text += this.#buffer.slice(at, Math.max(at, place.start)) + (goesOn ? '' : this.#maskOf(place));
      at = place.end;
      shown = place;
    }
    this.#masked = shown !== undefined && shown.end > keep;
    text += this.#buffer.slice(at, Math.max(at, upTo));
    this.#out = Math.max(at, upTo) - keep;
    this.#buffer = this.#buffer.slice(keep);
    return text;
  }
}
