/** A line longer than this is cut into several: one line must not fill the memory. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** Text that comes in pieces, as lines without their line feeds. */
export class LineSplitter {
  #rest = '';

  /** The lines that end in this piece. */
  take(text: string): string[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return this.#rest.length > MAX_LINE_LENGTH ? [...lines, ...this.end()] : lines;
  }

  /** What is left without a line feed behind it; at most one line. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}
