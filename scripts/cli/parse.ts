import { Command, CommanderError, Option } from 'commander';
import { AppError } from '../core/errors.ts';
import { wrap } from '../core/wrap.ts';
import { scriptName } from '../report/words.ts';
import { COMMANDS, type CommandName } from './commands.ts';
import { OPTIONS, type OptionName, type OptionSpec } from './options.ts';

/** What the command line says: texts by option name; switches are `true`. Only the spelling of the options has been checked. */
export interface Arguments {
  readonly values: Readonly<Partial<Record<OptionName, string | readonly string[] | true>>>;
  /** `collection` takes names of folders and requests. */
  readonly names: readonly string[];
}

/**
 * Reads a command line.
 *
 * @param args without node and script
 * @param columns width of the terminal, for `--help`
 * @returns what it says, or for `--help` and `--version` what to print
 * @throws AppError `usage` for what is misspelt
 */
export function parseArguments(
  name: CommandName,
  args: readonly string[],
  version: string,
  columns: number,
): { readonly kind: 'run'; readonly arguments: Arguments } | { readonly kind: 'print'; readonly text: string } {
  let printed = '';
  const command = createCommand(name, version, columns)
    .exitOverride()
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: () => {} });
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'print', text: printed };
    throw usageError(name, error);
  }
  const values: { -readonly [Name in OptionName]?: string | readonly string[] | true } = {};
  const given = command.opts<Record<string, unknown>>();
  for (const key of optionsOf(name)) {
    const long = longFlag(OPTIONS[key]);
    // Commander turns `--no-restart` into `restart: false`.
    const negated = /^no([A-Z].*)$/.exec(long)?.[1];
    const value = negated === undefined ? given[long] : given[negated.toLowerCase()] === false;
    if (value !== undefined && value !== false) values[key] = value as string | readonly string[] | true;
  }
  return { kind: 'run', arguments: { values, names: command.args } };
}

function optionsOf(name: CommandName): OptionName[] {
  return (Object.keys(OPTIONS) as OptionName[]).filter((key) =>
    (OPTIONS[key].commands as readonly CommandName[]).includes(name),
  );
}

function createCommand(name: CommandName, version: string, columns: number): Command {
  const helpWidth = Math.min(Math.max(columns, 60), 110);
  const command = new Command(`npm run ${scriptName(name)} --`)
    .description(COMMANDS[name])
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .allowExcessArguments(false)
    .configureHelp({ helpWidth, showGlobalOptions: false });
  if (name === 'collection') command.argument('<names...>', 'folders or requests, by name or Folder/Request');
  const own = optionsOf(name);
  // After `iat` people type the same line with `clear`: what means nothing to it has no effect.
  const others = name === 'clear' ? optionsOf('iat').filter((key) => !own.includes(key)) : [];
  for (const key of [...own, ...others]) {
    const spec: OptionSpec = OPTIONS[key];
    const option = new Option(spec.flags, describe(spec)).hideHelp(others.includes(key));
    // camelCase by commander: --compose-file becomes composeFile.
    if (spec.repeatable === true)
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
  const order = 'A flag beats the variable in [brackets], which beats the same name in .env. The README has examples.';
  return command.addHelpText('after', `\n${wrap(order, helpWidth).join('\n')}`);
}

function describe(spec: OptionSpec): string {
  const fallback = spec.fallback === undefined ? '' : ` (default: ${spec.fallback})`;
  return `${spec.description}${fallback}${spec.variable === undefined ? '' : ` [${spec.variable}]`}`;
}

function longFlag(spec: OptionSpec): string {
  const long = /--([a-z-]+)/.exec(spec.flags)?.[1] ?? '';
  return long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function usageError(name: CommandName, error: CommanderError): AppError {
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n?\(Did you mean (.{0,300})\?\)/, '')
    .replace(/\.$/, '');
  const suggestion = /\(Did you mean (.{0,300})\?\)/.exec(error.message)?.[1];
  if (/--(?:admin-)?token\b/.test(error.message) && !/--(?:token-path|admin-token-file)/.test(error.message)) {
    const never = 'The admin token is never a flag: flags are visible in shell history and process lists.';
    return new AppError('usage', never, {
      hint: 'Set the variable IAT_ADMIN_TOKEN, or put the token into a file and name it with --admin-token-file FILE.',
    });
  }
  return new AppError('usage', `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}.`, {
    hint:
      suggestion === undefined
        ? { text: 'See:', command: `npm run ${scriptName(name)} -- --help` }
        : `Did you mean ${suggestion}?`,
  });
}
