import { AppError } from '../core/errors.ts';
import { type CommandName, RUNS } from './commands.ts';
import type { NewmanRc } from './newman-rc.ts';
import { verifyNode } from './node-switches.ts';
import { flagOf } from './option-values.ts';
import { OPTIONS, type OptionName, type OptionSpec, type SettingOf } from './options.ts';
import type { Arguments, ReporterOptions } from './parse.ts';

/**
 * Everything that decides how a run goes: resolved once, read-only, paths absolute, times in milliseconds. An option that was
 * not given and has no default is null; `-` in the place of a file is standard input.
 */
export type Settings = { readonly [Name in OptionName]: SettingOf<(typeof OPTIONS)[Name]> } & {
  readonly command: CommandName;
  /** What `collection` is to run. */
  readonly names: readonly string[];
  readonly reporterOptions: ReporterOptions;
  /** The folder in which the person stands. */
  readonly typedFrom: string;
  /** `COMPOSE_PROJECT_NAME`. */
  readonly composeProject: string | null;
};

/** Where settings come from besides the command line. */
export interface SettingSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `.env` in the working directory holds. */
  readonly dotenv: ReadonlyMap<string, string>;
  readonly cwd: string;
  /** The folder in which npm was called; paths in flags start from there. */
  readonly typedFrom: string;
  /** Where the default collection is, if not in `cwd`. */
  readonly collectionBase?: string;
  /** Options of Node.js that the process was started with. */
  readonly nodeOptions: readonly string[];
  /** What `.newmanrc` says, as texts by option, and the name of the file. */
  readonly newmanRc?: NewmanRc;
}

/**
 * Puts flags, variables, `.env` and defaults together; the first that says something wins, and nothing later reads the
 * environment again.
 *
 * @throws AppError `bad-value` with the value and where it came from
 */
export function resolveSettings(command: CommandName, given: Arguments, sources: SettingSources): Settings {
  const names = Object.keys(OPTIONS) as OptionName[];
  const settings = Object.fromEntries(
    names.map((name) => [name, readOption(name, command, given.values[name], sources)]),
  ) as unknown as Omit<Settings, 'command' | 'names' | 'reporterOptions' | 'typedFrom' | 'composeProject'>;
  if (settings.kubernetes !== null) verifyNothingOfCompose(given.values);
  if (settings.watch) verifyWatchable(given.values);
  // It has no secret, and no --force.
  if (!settings.force && command !== 'reports') verifyNode(sources.env, sources.nodeOptions);
  if (RUNS.includes(command) && sources.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0' && !settings.insecure) {
    throw new AppError('bad-value', 'NODE_TLS_REJECT_UNAUTHORIZED=0 would switch off the check of certificates.', {
      hint: 'Remove that variable and name the CA with --ca-file FILE. If any certificate is to be accepted, say --insecure.',
    });
  }
  return {
    ...settings,
    typedFrom: sources.typedFrom,
    command,
    names: given.names,
    reporterOptions: { ...sources.newmanRc?.reporterOptions, ...given.reporterOptions },
    timeoutMs: command === 'collection' && settings.timeoutMs === 0 ? LONGEST_MS : settings.timeoutMs,
    composeProject: variableOf('COMPOSE_PROJECT_NAME', sources)?.text ?? null,
    sandbox: settings.sandbox || command === 'demo',
  };
}

/** What is there once, or is read once, cannot go with runs again and again. */
function verifyWatchable(values: Arguments['values']): void {
  const typed = (['json', 'logFile', 'list', 'sandbox'] as const).find((name) => values[name] !== undefined);
  if (typed === undefined) return;
  throw new AppError('bad-value', `${flagOf(OPTIONS[typed])} is for one run, and --watch makes many.`, {
    hint: 'Leave out one of them.',
  });
}

/** What was typed for compose would be without effect. Its variables may be there for other runs. */
function verifyNothingOfCompose(values: Arguments['values']): void {
  const typed = (['composeFiles', 'service', 'noDeps'] as const).find((name) => values[name] !== undefined);
  if (typed === undefined) return;
  throw new AppError('bad-value', `${flagOf(OPTIONS[typed])} is for compose, and --kubernetes names a workload.`, {
    hint: 'Leave out one of them.',
  });
}

/** What was typed for an option. */
type Typed = Arguments['values'][OptionName];

/** Newman has no limit where it is 0; this is the longest that a timer of Node.js can be. */
const LONGEST_MS = 2 ** 31 - 1;

function readOption(name: OptionName, command: CommandName, typed: Typed, sources: SettingSources) {
  const spec: OptionSpec = OPTIONS[name];
  const found = findTexts(name, command, typed, sources);
  if (found === null) return spec.value.absent ?? null;
  const values = found.texts.map((text) => {
    const value = spec.value.read(text, found.base);
    if (value !== undefined) return value;
    throw new AppError(
      'bad-value',
      `"${spec.value.conceal?.(text) ?? text}" is not ${spec.value.wanted}. It comes from ${found.source}.`,
      { hint: 'Correct it there, or see --help.' },
    );
  });
  return spec.repeatable === true ? values : values[0];
}

/** The texts of an option, where they come from ("--timeout", "IAT_TIMEOUT in .env"), and what a relative path starts from. */
export function findTexts(
  name: OptionName,
  command: CommandName,
  typed: Typed,
  sources: SettingSources,
): { readonly texts: readonly string[]; readonly source: string; readonly base: string } | null {
  const spec: OptionSpec = OPTIONS[name];
  if (typed !== undefined) {
    const withoutArgument = spec.flags.includes('[') ? '' : 'true';
    const source = flagOf(spec);
    return { texts: [typed === true ? withoutArgument : typed].flat(), source, base: sources.typedFrom };
  }
  const found = spec.variable === undefined ? null : variableOf(spec.variable, sources);
  if (found !== null) {
    const separator = spec.separator?.((name) => variableOf(name, sources)?.text ?? '');
    const texts = separator === undefined ? [found.text] : found.text.split(separator);
    return { texts, source: found.source, base: sources.cwd };
  }
  const inRc = sources.newmanRc?.texts[name];
  if (inRc !== undefined) return { texts: inRc, source: sources.newmanRc?.file ?? '', base: sources.cwd };
  const fallback = spec.fallbackOf?.[command] ?? spec.fallback;
  if (fallback === undefined) return null;
  const base = name === 'collection' ? (sources.collectionBase ?? sources.cwd) : sources.cwd;
  return { texts: [fallback], source: 'the default', base };
}

/** A variable that is not empty, from the environment or else from `.env`. */
function variableOf(name: string, { env, dotenv }: SettingSources) {
  const own = env[name];
  if (own) return { text: own, source: name };
  const line = dotenv.get(name);
  return line ? { text: line, source: `${name} in .env` } : null;
}
