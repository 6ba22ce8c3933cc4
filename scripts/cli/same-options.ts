import { type Caller, forCaller } from '../core/callers.ts';
import type { Hint } from '../core/errors.ts';
import type { Run } from '../core/result.ts';
import { quoteWord } from '../core/shell.ts';
import { scriptName } from '../report/words.ts';
import type { CommandName } from './commands.ts';
import { OPTIONS, type OptionName, type OptionSpec } from './options.ts';
import type { Arguments } from './parse.ts';

/** What was asked of one run only, and of how it is shown. */
const FOR_ONE_RUN: readonly OptionName[] = [
  'dryRun',
  'restart',
  'clear',
  'force',
  'logFile',
  'watch',
  'sandbox',
  'fault',
  'json',
  'verbose',
  'quiet',
];

/**
 * The run with each `npm run …` in its advice whole: with the options that this run was given and the command knows, and as the
 * caller can type it.
 */
export function withSameOptions(
  run: Run,
  given: Arguments['values'],
  { platform, caller }: { readonly platform: NodeJS.Platform; readonly caller: Caller },
): Run {
  const complete = (hint: Hint) => hintForCaller(completeHint(hint, given, platform), caller);
  const { error, diagnosis } = run;
  return {
    ...run,
    calledAs: forCaller(`npm run ${scriptName(run.command)}`, caller),
    error: error && { ...error, hint: error.hint && complete(error.hint) },
    diagnosis: diagnosis && { ...diagnosis, fix: complete(diagnosis.fix) },
    next: run.next.map(complete),
  };
}

export function hintForCaller({ text, command }: Hint, caller: Caller): Hint {
  const words = forCaller(text, caller);
  return command === undefined ? { text: words } : { text: words, command: forCaller(command, caller) };
}

/** A hint whose `npm run …`, in its command or its words, has the options that were typed. */
export function completeHint(hint: Hint, given: Arguments['values'], platform: NodeJS.Platform): Hint {
  const complete = (text: string) =>
    text.replace(/\bnpm run (iat:clear|iat|doctor|health)(?![\w:])( -- )?/g, (start, script: string, dashes = '') => {
      const words = wordsFor(script === 'iat:clear' ? 'clear' : (script as CommandName), given);
      if (words.length === 0) return start;
      const options = words.map((word) => quoteWord(word, platform)).join(' ');
      return dashes === '' ? `${start} -- ${options}` : `${start}${options} `;
    });
  // PowerShell takes the -- out of a call of npm, which is npm.ps1 there (npm/cli#3136).
  const typed = (text: string) =>
    platform === 'win32' ? complete(text).replace(/\bnpm run ([\w:]+ -- )/g, 'npm.cmd run $1') : complete(text);
  const { text, command } = hint;
  return { text: typed(text), ...(command === undefined ? {} : { command: typed(command) }) };
}

function wordsFor(command: CommandName, given: Arguments['values']): string[] {
  return (Object.keys(given) as OptionName[]).flatMap((name) => {
    const spec: OptionSpec = OPTIONS[name];
    const value = given[name];
    if (value === undefined || FOR_ONE_RUN.includes(name) || !spec.commands.includes(command)) return [];
    const [flag = ''] = spec.flags.split(/[ ,]/);
    if (value === true) return [flag];
    return [value].flat().flatMap((each) => toWords(flag, each));
  });
}

/** A value that looks like a flag stays one word with its own. */
function toWords(flag: string, value: string): string[] {
  if (!/^-./.test(value)) return [flag, value];
  return [flag.startsWith('--') ? `${flag}=${value}` : `${flag}${value}`];
}
