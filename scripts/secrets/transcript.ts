import type { Leak, Masker } from './masker.ts';

/** Characters of a stream that are kept. */
const MOST_KEPT = 1024 * 1024;

/** Characters at the end of what is dropped that stay: a secret may have begun there. */
const OVERLAP = 16 * 1024;

export type StreamName = 'stdout' | 'stderr';

/**
 * What was written to the terminal's two streams, to be searched at the end for every secret that is known by then. Memory is
 * bounded: text beyond `MOST_KEPT` is searched for the secrets known so far, and dropped.
 */
export class Transcript {
  readonly #masker: Masker;
  readonly #texts = { stdout: '', stderr: '' };
  #found: { readonly stream: StreamName; readonly leak: Leak } | null = null;

  constructor(masker: Masker) {
    this.#masker = masker;
  }

  write(stream: StreamName, text: string): void {
    this.#texts[stream] += text;
    if (this.#texts[stream].length <= MOST_KEPT) return;
    this.#search(stream);
    this.#texts[stream] = this.#texts[stream].slice(-OVERLAP);
  }

  /** The first secret that was found in what was written; null: none. */
  leak(): { readonly stream: StreamName; readonly leak: Leak } | null {
    this.#search('stdout');
    this.#search('stderr');
    return this.#found;
  }

  #search(stream: StreamName): void {
    if (this.#found !== null) return;
    const [leak] = this.#masker.find(this.#texts[stream]);
    if (leak !== undefined) this.#found = { stream, leak };
  }
}
