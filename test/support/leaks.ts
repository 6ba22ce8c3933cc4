import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PIECE, plantedForms } from './planted-forms.ts';

/**
 * Finds a secret in texts: whole, in every form of `plantedForms`, or any `PIECE` of its characters in a row. It shares no
 * code with the masker that it checks, and compares plain text with plain text.
 *
 * @returns each as `name of the text: form`; empty when there is none
 */
export function findLeaks(secret: string, texts: Readonly<Record<string, string>>): string[] {
  const forms = [...plantedForms(secret)];
  const bare = withoutGaps(secret);
  const pieces = new Set(
    Array.from({ length: Math.max(1, bare.length - PIECE + 1) }, (_, at) => bare.slice(at, at + PIECE)),
  );
  return Object.entries(texts).flatMap(([name, text]) => {
    const form = forms.find(([, planted]) => text.includes(planted));
    if (form !== undefined) return [`${name}: ${form[0]}`];
    const characters = withoutGaps(text);
    for (let at = 0; at + PIECE <= characters.length; at++) {
      if (pieces.has(characters.slice(at, at + PIECE)))
        return [`${name}: a piece, after ${JSON.stringify(characters.slice(Math.max(0, at - 20), at))}`];
    }
    return [];
  });
}

/** Every file below a folder, by its path; as Latin-1, so that no byte is lost in decoding. */
export async function readAllFiles(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    paths.map(async (path) => {
      // A lock file may be gone meanwhile.
      const text = await readFile(path, 'latin1').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      return text === null ? [] : [[path, text] as const];
    }),
  );
  return Object.fromEntries(texts.flat());
}

/** Without what may be between two characters where a text was broken: blanks, line ends, borders of tables. */
function withoutGaps(text: string): string {
  return text.replace(/[\s\u2500-\u257f|]+/g, '');
}
