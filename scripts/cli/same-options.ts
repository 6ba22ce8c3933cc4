import type { Hint } from '../core/errors.ts';
import type { Run } from '../core/result.ts';
import { quoteWord } from '../core/shell.ts';
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

/** The run with each `npm run …` in its advice whole: with the options that this run was given and the command knows. */
export function withSameOptions(run: Run, given: Arguments['values'], platform: NodeJS.Platform): Run {
  const complete = (hint: Hint) => completeHint(hint, given, platform);
  const { error, diagnosis } = run;
  return {
    ...run,
    error: error && { ...error, hint: error.hint && complete(error.hint) },
    diagnosis: diagnosis && { ...diagnosis, fix: complete(diagnosis.fix) },
    next: run.next.map(complete),
  };
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
  const { text, command } = hint;
  return { text: complete(text), ...(command === undefined ? {} : { command: complete(command) }) };
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
