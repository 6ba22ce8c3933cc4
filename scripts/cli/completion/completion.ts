import { wrap } from '../../core/wrap.ts';
import { answer, NO_WORDS, renderAnswer } from './answer.ts';
import { readLine } from './line.ts';
import type { CompletionOutside } from './outside.ts';
import { INSTALL, isShell, SCRIPTS, type Shell } from './shells.ts';

/** A person who waits longer than this for the answer to a key would rather type. */
const PATIENCE_MS = 2_000;

/**
 * `bff-iat completion SHELL` prints the script that a shell needs. The script calls back with `--words SHELL` and the line so
 * far; then nothing is an error, since the prompt is no place for one.
 *
 * @returns the exit code
 */
export async function completion(outside: CompletionOutside): Promise<number> {
  const [first, ...rest] = outside.args;
  if (first === '--words') {
    await printWords(outside, rest);
    return 0;
  }
  if (first === undefined || first === '--help' || first === '-h') {
    outside.print(HELP);
    return 0;
  }
  if (rest.length === 0 && isShell(first)) {
    outside.print(SCRIPTS[first]);
    return 0;
  }
  const said = rest.length > 0 ? 'Only one shell can be named' : `"${first}" is not a shell that can be helped here`;
  outside.complain(`${said}. Name one of: ${Object.keys(SCRIPTS).join(', ')}.\n`);
  return 2;
}

async function printWords(outside: CompletionOutside, [shell = '', ...given]: readonly string[]): Promise<void> {
  if (!isShell(shell)) return;
  const done = new AbortController();
  const late = outside.sleep(PATIENCE_MS, done.signal).then(
    () => 'late' as const,
    () => 'late' as const,
  );
  const found = await Promise.race([late, wordsFor(shell, given, outside)]);
  done.abort();
  if (found === 'late') return outside.abandon();
  outside.print(found);
}

async function wordsFor(shell: Shell, given: readonly string[], outside: CompletionOutside): Promise<string> {
  const line = readLine(shell, given);
  if (line === null) return renderAnswer(shell, NO_WORDS, null);
  return renderAnswer(shell, await answer(line, outside).catch(() => NO_WORDS), line);
}

const HELP = `${wrap(
  'bff-iat completion SHELL prints what makes Tab complete commands, options, and names of requests, folders, services and faults.',
  80,
).join('\n')}

Install it with the line for your shell, once, and open a new shell:

${Object.entries(INSTALL)
  .map(([shell, lines]) => `  ${shell}\n${lines.map((line) => `    ${line}`).join('\n')}`)
  .join('\n')}

${wrap(
  'It works for bff-iat where that is on PATH, as after npm install --global, and for a path such as node_modules/.bin/bff-iat. Behind npx and npm run their own completion counts.',
  80,
).join('\n')}
`;
