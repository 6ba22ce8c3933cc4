import { BIN } from '../core/callers.ts';
import { nearest } from '../core/nearest.ts';
import type { openOutside } from './wiring.ts';

/** The commands of the bin, each with what it is for in one line; their programs are the entries of the same name. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  iat: 'the main job: mint, write, restart, watch, check health',
  clear: 'take the token out again, and check that the BFF starts without it',
  doctor: 'why does the BFF not start? Changes nothing',
  health: 'run the health folder once',
  collection: 'run any collection, with the options of newman run',
  demo: 'the whole story in a sandbox: no Docker, no configuration',
  init: 'put npm scripts, the collection and .env.example into this folder',
  reports: 'where the reports are',
  completion: 'what makes Tab complete in bash, zsh, fish and PowerShell',
};

/**
 * What the bin was called for, `bff-iat COMMAND ARGUMENTS`: the name of the entry to go on with, for which the arguments are then in
 * their usual place; null: what there was to say has been said, and the exit code is set.
 */
export async function chooseCommand(
  process: Parameters<typeof openOutside>[0] & { argv: string[]; exitCode?: unknown },
): Promise<string | null> {
  const [node = '', script = '', ...args] = process.argv;
  const [first = '--help', ...rest] = args[0] === 'help' && args[1] !== undefined ? [args[1], '--help'] : args;
  const goOn = (name: string, left: readonly string[]) => {
    Object.defineProperty(process, BIN, { value: true });
    process.argv = [node, script, ...left];
    return name;
  };
  if (Object.hasOwn(PROGRAMS, first)) return goOn(first, rest);
  if (first === '--version') return goOn('iat', ['--version']);
  const isHelp = ['--help', '-h', 'help'].includes(first);
  // All that it takes to print would slow the commands down.
  const { openOutside } = await import('./wiring.ts');
  const { host, stdout, stderr } = openOutside(process, () => {});
  if (isHelp) stdout.print(...HELP);
  else stderr.print(...refuse(first));
  process.exitCode = isHelp ? 0 : 2;
  host.interruption.release();
  return null;
}

const HELP = [
  'Usage: npx bff-iat COMMAND [options]',
  '',
  ...Object.entries(PROGRAMS).map(([name, about]) => `  ${name.padEnd(11)} ${about}`),
  '',
  'The options of a command: npx bff-iat COMMAND --help',
  'To see it work first: npx bff-iat demo',
];

/** @param word in place of a command; what is no word is not repeated: it may be a token, pasted there by mistake */
function refuse(word: string): string[] {
  if (word.startsWith('-')) return ['The command comes first, then its options.', '  See: npx bff-iat --help'];
  const named = /^[\w:-]{1,20}$/.test(word) ? `no command ${word}` : 'no such command';
  // The npm script of `clear` has another name.
  const [meant] = nearest(word.slice(0, 40).replace(/^iat:/, ''), Object.keys(PROGRAMS));
  return [
    `There is ${named}.`,
    meant === undefined ? '  See: npx bff-iat --help' : `  Did you mean ${meant}? All commands: npx bff-iat --help`,
  ];
}
