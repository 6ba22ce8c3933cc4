import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command behind `npm run NAME`, without npm's own half second. */
export async function npmScript(name: string): Promise<string> {
  const text = await readFile(join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { scripts: Record<string, string> }).scripts[name] ?? '';
}

/** A command as words, with the Node that runs the bench. */
export function words(command: string): [string, ...string[]] {
  const [first = '', ...rest] = command.split(' ');
  return [first === 'node' ? process.execPath : first, ...rest];
}
