import { AppError } from '../core/errors.ts';
import { scriptName } from '../report/words.ts';
import type { CommandName } from './commands.ts';
import { flagOf } from './option-values.ts';
import { OPTIONS, type OptionSpec } from './options.ts';
import type { Outside } from './wiring.ts';

/** Options of ours that npm has as well. Those but --dry-run change nothing for the worse where npm keeps them for itself. */
const NPMS_OWN = ['--color', '--force', '--json', '--quiet', '--verbose'];

/**
 * Without `--` in front of them npm takes options for its own, and another run than the wanted one would come of it: a real one
 * without --dry-run, one on the own stack without --sandbox. In PowerShell that happens to people who typed `--`, because
 * it takes that out of the call of npm.ps1 (npm/cli#3136, npm/cli#9353).
 *
 * @param host its environment is what npm gives to a script: each option that npm took is in `npm_config_…`
 * @throws AppError `usage`
 */
export function verifyNotTakenByNpm(
  command: CommandName,
  host: Pick<Outside['host'], 'args' | 'env' | 'platform' | 'caller'>,
): void {
  if (!isRunByNpm(host, command)) return;
  const { args, env, platform, caller } = host;
  const taken = flagsOf(command).find((flag) => isTaken(flag, args, env)) ?? shortFlagIn(args, env);
  if (taken === undefined) return;
  const example = `npm run ${scriptName(command)} -- ${taken}`;
  const windows = 'In PowerShell say npm.cmd, because npm gets no -- from it. Put -- in front of the options:';
  const posix = 'Put -- in front of the options:';
  const wayOut = caller === 'npx' ? 'npx leaves the options to the program:' : platform === 'win32' ? windows : posix;
  throw new AppError('usage', `npm took ${taken} for itself, so nothing was run.`, {
    hint: { text: wayOut, command: example },
  });
}

/** The variables of npm are inherited by whatever a test or another script starts. */
export function isRunByNpm({ env, caller }: Pick<Outside['host'], 'env' | 'caller'>, command: CommandName): boolean {
  const { npm_lifecycle_event: event, npm_lifecycle_script: script = '' } = env;
  return caller === 'npx' ? /\bbff-iat\b/.test(script) : event === scriptName(command);
}

function flagsOf(command: CommandName): string[] {
  return Object.values<OptionSpec>(OPTIONS)
    .filter(({ commands }) => commands.includes(command))
    .map(flagOf)
    .filter((flag) => !NPMS_OWN.includes(flag));
}

/** npm gives `--no-restart` on as `npm_config_restart`, which is empty, and any other option of ours as `true`. */
function isTaken(flag: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): boolean {
  const value = env[`npm_config_${flag.replace(/^--(?:no-)?/, '').replaceAll('-', '_')}`];
  const isSaid = value !== undefined && (value === '') === flag.startsWith('--no-');
  return isSaid && !args.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
}

/** `-f` is npm's --force, and its file is left over as a word of its own. */
function shortFlagIn(args: readonly string[], env: Readonly<Record<string, string | undefined>>): string | undefined {
  const isLeft = /\.ya?ml$/i.test(args[0] ?? '') && !args.includes('-f');
  return env['npm_config_force'] === 'true' && isLeft ? `-f ${args[0]}` : undefined;
}
