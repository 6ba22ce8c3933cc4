import { AppError } from '../core/errors.ts';
import type { ReportFiles } from '../core/report-files.ts';
import { findIn } from './compressed.ts';
import type { Leak, Masker } from './masker.ts';

const BUG = 'This is a bug in this tool. Report it with the form and the place: they reveal nothing about the value.';

/**
 * The last check: reads what was written and searches it, and what is compressed in it, for every secret in every form.
 *
 * @throws AppError `leak` when a file held one: that file is removed, and the message says where it was
 */
export async function verifyNoLeak(paths: readonly string[], masker: Masker, files: ReportFiles): Promise<void> {
  const found: { readonly file: string; readonly leak: Leak }[] = [];
  for (const file of paths) {
    const [leak] = findIn(await files.read(file).catch(() => new Uint8Array()), masker);
    if (leak === undefined) continue;
    await files.remove(file);
    found.push({ file, leak });
  }
  const [first, ...others] = found;
  if (first === undefined) return;
  const also = others.length > 0 ? ` So were ${others.map(({ file }) => file).join(', ')}.` : '';
  throw new AppError(
    'leak',
    `A report held a secret and was removed: ${placeOf(first.leak)}, at ${first.leak.offset} in ${first.file}.${also}`,
    { hint: BUG },
  );
}

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

/** What was printed cannot be taken back, only reported. null: no secret was printed. */
export function terminalLeak(transcript: Transcript): AppError | null {
  const found = transcript.leak();
  if (found === null) return null;
  return new AppError('leak', `A secret was printed to ${found.stream}: ${placeOf(found.leak)}.`, {
    hint: `Clear the terminal, delete the log if this was written to one, and have the secret revoked. ${BUG}`,
  });
}

function placeOf({ label, form }: Leak): string {
  return `${label}, ${form}`;
}
