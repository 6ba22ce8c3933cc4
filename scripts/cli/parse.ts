import { Command, CommanderError, Option } from 'commander';
import { AppError } from '../core/errors.ts';
import { wrap } from '../core/wrap.ts';
import { scriptName } from '../report/words.ts';
import { COMMANDS, type CommandName } from './commands.ts';
import { flagOf } from './option-values.ts';
import { OPTIONS, type OptionName, type OptionSpec } from './options.ts';

/** What the command line says: texts by option name; switches are `true`. Only the spelling of the options has been checked. */
export interface Arguments {
  readonly values: Readonly<Partial<Record<OptionName, string | readonly string[] | true>>>;
  /** `collection` takes a file, and names of folders and requests. */
  readonly names: readonly string[];
  /** Of `--reporter-NAME-OPTION VALUE`: the options of each reporter by its name; without a value they are `true`. */
  readonly reporterOptions: ReporterOptions;
}

export type ReporterOptions = Readonly<Record<string, Readonly<Record<string, string | true>>>>;

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
  const { words, reporterOptions } = name === 'collection' ? fromNewman(args) : { words: args, reporterOptions: {} };
  try {
    command.parse([...words], { from: 'user' });
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
    const value =
      negated === undefined ? given[long] : given[negated.replace(/^./, (letter) => letter.toLowerCase())] === false;
    if (value !== undefined && value !== false) values[key] = value as string | readonly string[] | true;
  }
  return { kind: 'run', arguments: { values, names: command.args, reporterOptions } };
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
  if (name === 'collection') {
    command
      .argument('[file]', 'the collection')
      .argument('[names...]', 'folders or requests, by name, Folder/Request or id');
  }
  const own = optionsOf(name);
  // After `iat` people type the same line with `clear`: what means nothing to it has no effect.
  const others = name === 'clear' ? optionsOf('iat').filter((key) => !own.includes(key)) : [];
  for (const key of [...own, ...others]) {
    const spec: OptionSpec = OPTIONS[key];
    const option = new Option(spec.flags, describe(spec, name)).hideHelp(others.includes(key));
    if (spec.isNewmans) option.helpGroup('Options of newman run, in its meaning:');
    // camelCase by commander: --compose-file becomes composeFile.
    if (spec.repeatable === true)
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
  const order = 'A flag beats the variable in [brackets], which beats the same name in .env. The README has examples.';
  return command.addHelpText('after', `\n${wrap(order, helpWidth).join('\n')}`);
}

/** The options of `newman run` that are not read by commander: its own prefix, what has another name here, and its first words. */
function fromNewman(args: readonly string[]): { words: string[]; reporterOptions: ReporterOptions } {
  const words: string[] = [];
  const reporterOptions: Record<string, Record<string, string | true>> = {};
  const start = args[0] === 'newman' && args[1] === 'run' ? 2 : args[0] === 'run' ? 1 : 0;
  for (let at = start; at < args.length; at++) {
    const word = args[at] ?? '';
    const [, reporter, option, inline] = /^--reporter-([^-=]+)-([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (reporter !== undefined && option !== undefined) {
      const next = args[at + 1];
      const isValue = inline === undefined && next !== undefined && !next.startsWith('-');
      if (isValue) at++;
      const camel = option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      reporterOptions[reporter] = { ...reporterOptions[reporter], [camel]: inline ?? (isValue ? next : true) };
    } else words.push(word.replace(/^--ssl-extra-ca-certs(?=$|=)/, '--ca-file'));
  }
  return { words, reporterOptions };
}

function describe(spec: OptionSpec, command: CommandName): string {
  const own = spec.fallbackOf?.[command] ?? spec.fallback;
  const fallback = own === undefined ? '' : ` (default: ${own})`;
  return `${spec.description}${fallback}${spec.variable === undefined ? '' : ` [${spec.variable}]`}`;
}

/** The name of an option as commander has it: its long flag in camelCase. */
export function longFlag(spec: OptionSpec): string {
  return flagOf(spec)
    .slice(2)
    .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function usageError(name: CommandName, error: CommanderError): AppError {
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n?\(Did you mean (.{0,300})\?\)/, '')
    .replace(/\.$/, '');
  const suggestion = /\(Did you mean (.{0,300})\?\)/.exec(error.message)?.[1];
  if (/--postman-api-key\b/.test(error.message)) {
    return new AppError('usage', 'Collections are not downloaded here, so there is no --postman-api-key.', {
      hint: 'Export the collection in Postman, or download it with curl, and name the file.',
    });
  }
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
