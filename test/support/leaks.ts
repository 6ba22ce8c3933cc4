import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Where a secret stands, in any of the forms in which it gets around; empty when nowhere. Made apart from the masker that it
 * checks.
 */
export function findLeaks(secret: string, texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([where, text]) =>
    Object.entries(formsOf(secret))
      .filter(([, form]) => text.includes(form))
      .map(([name]) => `${where}: ${name}`),
  );
}

/** Every file below a folder, by its path; byte for byte, so that nothing is lost in decoding. */
export async function readAllFiles(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const)),
  );
}

function formsOf(secret: string): Record<string, string> {
  return {
    raw: secret,
    'URL-encoded': encodeURIComponent(secret),
    hex: Buffer.from(secret).toString('hex'),
    ...Object.fromEntries([0, 1, 2].map((offset) => [`base64 at offset ${offset}`, innerBase64(secret, offset)])),
  };
}

/** The part of the base64 that is the same whatever stands before and after. */
function innerBase64(secret: string, offset: number): string {
  const encoded = Buffer.from(' '.repeat(offset) + secret)
    .toString('base64')
    .replace(/=+$/, '');
  return encoded.slice(offset === 0 ? 0 : offset + 1, -2);
}
