import { dirname } from 'node:path';
import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Files } from '../core/ports.ts';
import type { PriorValue } from '../core/result.ts';
import { quoteWord } from '../core/shell.ts';
import { isDotenvCommented, readDotenv, setDotenv, unsetDotenv } from './dotenv.ts';
import { lineOfValue, readEnvFiles } from './env-file.ts';
import {
  type EnvironmentChange,
  type EnvironmentEntry,
  emptyEnvironment,
  listServices,
  readEnvironment,
  setEnvironment,
  unsetEnvironment,
} from './environment.ts';
import { readIncludes } from './include.ts';

/** The file that decides which value the service gets, and how to change it there. */
export interface Target {
  readonly kind: 'compose' | 'env-file';
  /** Absolute. */
  readonly path: string;
  /** What the service's variable is called in the file: itself, or VAR of `${VAR}`. */
  nameOf(variable: string): string;
  /** What the file says the variable is; null: nothing, or nothing that can be known from it alone. */
  valueOf(variable: string): string | null;
  /** The file with the service's variables set; throws what the editor refuses. Writes nothing. */
  edit(values: Readonly<Record<string, string>>): Edit;
  /** What the file says about the variable, in the words that a report keeps for a later `iat:clear`. */
  priorValueOf(variable: string): PriorValue;
  /** A person remarked something behind the variable on its line: this tool never does. */
  isCommented(variable: string): boolean;
  /** The file with what it said about the variable before it got a value; without it, where that was another value or is not known. */
  clear(variable: string, before: PriorValue | null): Edit;
  /** Why the token's variable would have a value, or compose would accept nothing, once it is cleared; null: nothing is known. */
  leftover(before: PriorValue | null): AppError | null;
  /** The same target with what the file holds now. */
  refresh(): Promise<Target>;
}

export interface Edit {
  /** What the file held when it was read; null: there is none yet. */
  readonly before: Uint8Array | null;
  readonly bytes: Uint8Array;
  readonly changes: readonly EnvironmentChange[];
}

export interface TargetOptions {
  readonly files: Files;
  /** The compose files, in order. */
  readonly paths: readonly string[];
  /** The `.env` file that compose reads for them, whether it exists or not. */
  readonly dotenv: string;
  readonly service: string;
  readonly variable: string;
  readonly mode: 'auto' | 'compose' | 'env-file';
  /** Whether a variable is exported where compose is called: it would beat `.env`, even when it is empty. */
  isExported(name: string): boolean;
}

/**
 * Chooses the file to edit. In the compose files it is the last one that sets the variable for the service, else the first
 * that defines the service: compose lets a later file win over the earlier ones, and a file over those that it includes.
 * Where the value there is `${VAR}`, it lives in the `.env` file, and that is edited.
 *
 * @throws AppError `compose-file-missing`, `service-not-found`, `reference`, `shell-overrides`, and what the editor refuses
 */
export async function chooseTarget(options: TargetOptions): Promise<Target> {
  const { paths, service, variable, mode } = options;
  const directory = dirname(paths[0] ?? '');
  const named = await Promise.all(paths.map((path) => readText(options.files, path, directory)));
  const sources = await withIncludes(options.files, named, new Set(paths));
  const defining = sources
    .map((source) => ({ ...source, environment: readEnvironment(source.bytes, service, source.path) }))
    .filter((source): source is DefiningText => source.environment !== null);
  const chosen = defining.findLast(({ environment }) => environment.has(variable)) ?? defining[0];
  if (chosen === undefined) throw notDefined(sources, service);
  const entry = chosen.environment.get(variable);
  const reference = referenceOf(entry);
  if (mode === 'env-file' && reference === null) {
    const message = `${variable} of ${service} does not come from a .env file, so --write env-file has nowhere to write it.`;
    const first = `Write ${variable}: \${${variable}} under environment of ${service} in ${chosen.path} first`;
    throw new AppError('reference', message, {
      // Without --write the compose file is edited, which is refused for a value that only holds a reference among other text.
      hint: entry?.kind === 'interpolated' ? `${first}.` : `${first}, or leave --write out.`,
      where: { file: chosen.path },
    });
  }
  if (reference === null || mode === 'compose') {
    return composeTarget(options, chosen, await othersOf(options, defining, chosen));
  }
  if (options.isExported(reference)) {
    throw new AppError('shell-overrides', `${reference} is exported in this shell, and that beats the .env file.`, {
      hint: {
        text: `Remove it and run again (in PowerShell: Remove-Item Env:${reference}):`,
        command: `unset ${quoteWord(reference, 'linux')}`,
      },
    });
  }
  return dotenvTarget(options, chosen, await options.files.read(options.dotenv));
}

interface ComposeText {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What its paths are relative to. */
  readonly directory: string;
}

interface DefiningText extends ComposeText {
  readonly environment: ReadonlyMap<string, EnvironmentEntry>;
}

/** Another place that gives the service's variable a value, which counts where the file that wins does not set it. */
interface Other {
  readonly file: string;
  readonly line?: number;
  /** "…/bff.env:4 (env_file)" */
  readonly shown: string;
}

async function othersOf(
  { files, service, variable }: TargetOptions,
  defining: readonly DefiningText[],
  chosen: DefiningText,
): Promise<readonly Other[]> {
  const found = defining.map(async ({ path, bytes, directory, environment }): Promise<Other[]> => {
    const entry = path === chosen.path ? undefined : environment.get(variable);
    // Whether a reference has a value is for compose to say.
    const own = entry?.value ? [{ file: path, shown: path }] : [];
    const envFiles = readEnvFiles(bytes, service, path, directory).map(async (file): Promise<Other[]> => {
      const content = await files.read(file);
      const line = content === null ? null : lineOfValue(content, variable);
      return line === null ? [] : [{ file, line, shown: `${file}:${line} (env_file)` }];
    });
    return [...own, ...(await Promise.all(envFiles)).flat()];
  });
  return (await Promise.all(found)).flat();
}

function composeTarget(
  options: TargetOptions,
  { path, bytes, environment }: DefiningText,
  others: readonly Other[],
): Target {
  const { service } = options;
  return {
    kind: 'compose',
    path,
    nameOf: (variable) => variable,
    valueOf: (variable) => environment.get(variable)?.value ?? null,
    priorValueOf(variable) {
      const entry = environment.get(variable);
      if (entry === undefined || entry.inherited) return 'absent';
      if (entry.kind === 'pass-through') return 'passed-through';
      return entry.value === '' ? 'empty' : 'value';
    },
    isCommented: (variable) => environment.get(variable)?.isCommented ?? false,
    edit: (values) => ({ before: bytes, ...setEnvironment(bytes, service, values, path) }),
    clear(variable, before) {
      if (before === 'empty') return { before: bytes, ...setEnvironment(bytes, service, { [variable]: '' }, path) };
      const clear = before === 'passed-through' ? emptyEnvironment : unsetEnvironment;
      return { before: bytes, ...clear(bytes, service, [variable], path) };
    },
    leftover(before) {
      const [other] = others;
      if (other === undefined || before === 'empty') return null;
      const { variable } = options;
      const places = [...new Set(others.map(({ shown }) => shown))].join(', ');
      return new AppError(
        'shadowed',
        `${service} gets a ${variable} from ${places} as well, which counts once ${path} has none.`,
        {
          hint: `Take ${variable} out there by hand.`,
          where: { file: other.file, ...(other.line === undefined ? {} : { line: other.line }) },
        },
      );
    },
    refresh: async () => composeTarget(options, await reread(options, path), others),
  };
}

function dotenvTarget(options: TargetOptions, defining: DefiningText, before: Uint8Array | null): Target {
  const path = options.dotenv;
  const nameOf = (variable: string) => {
    const name = referenceOf(defining.environment.get(variable));
    if (name !== null) return name;
    throw new AppError('reference', `${variable} would have to change in ${defining.path}, which is left alone here.`, {
      hint: `${options.variable} lives in ${path}. Set ${variable} in the compose file by hand, and run again.`,
      where: { file: defining.path },
    });
  };
  const renamed = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([variable, value]) => [nameOf(variable), value]));
  return {
    kind: 'env-file',
    path,
    nameOf,
    valueOf: (variable) => readDotenv(before, path).get(nameOf(variable)) ?? null,
    priorValueOf(variable) {
      const value = readDotenv(before, path).get(nameOf(variable));
      return value === undefined ? 'absent' : value === '' ? 'empty' : 'value';
    },
    isCommented: (variable) => isDotenvCommented(before, nameOf(variable), path),
    edit: (values) => ({ before, ...setDotenv(before, renamed(values), path) }),
    clear(variable, was) {
      const name = nameOf(variable);
      const edit = was === 'empty' ? setDotenv(before, { [name]: '' }, path) : unsetDotenv(before, [name], path);
      return { before, ...edit };
    },
    leftover(was) {
      const { variable } = options;
      const entry = defining.environment.get(variable);
      const operator = /^\$\{\w+(:?\?)/.exec(entry?.raw.trim() ?? '')?.[1];
      if (operator === undefined || (operator === '?' && was === 'empty')) return null;
      const name = nameOf(variable);
      return new AppError(
        'reference',
        `${defining.path} requires ${name} (\${${name}${operator}…}), so it cannot be taken out of ${path}.`,
        {
          hint: `Write \${${name}:-} there.`,
          where: { file: defining.path },
        },
      );
    },
    refresh: async () => dotenvTarget(options, await reread(options, defining.path), await options.files.read(path)),
  };
}

/** The VAR of `$VAR`, `${VAR}`, `${VAR:-…}`, `${VAR:?…}` when that is the whole value; null for anything else. */
function referenceOf(entry: EnvironmentEntry | undefined): string | null {
  if (entry?.kind !== 'interpolated') return null;
  const raw = entry.raw.trim();
  const match = /^\$(?:([A-Za-z_]\w*)$|\{([A-Za-z_]\w*)(?:\}|:?[-?]))/.exec(raw);
  return match !== null && (match[1] !== undefined || isOneBrace(raw)) ? (match[1] ?? match[2] ?? null) : null;
}

/** Its first brace is closed by its last character: a default may hold references of its own. */
function isOneBrace(raw: string): boolean {
  let depth = 0;
  for (let at = 0; at < raw.length; at++) {
    if (raw[at] === '{') depth += 1;
    else if (raw[at] === '}' && --depth === 0) return at === raw.length - 1;
  }
  return false;
}

/** No file defines the service: misspelt, or it comes from somewhere else. */
function notDefined(sources: readonly ComposeText[], service: string): AppError {
  const services = sources.flatMap(({ bytes, path }) => listServices(bytes, path));
  const near = nearest(service, services);
  return new AppError('service-not-found', `There is no service "${service}" in the compose file.`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}? Name it with --service.`
        : `It has: ${services.join(', ') || 'none'}. Name one with --service, or add the file that defines it with -f.`,
    where: { file: sources[0]?.path ?? '' },
  });
}

/** Each file after those that it includes. Unreadable ones are left to compose, which reports them better. */
async function withIncludes(files: Files, sources: readonly ComposeText[], seen: Set<string>): Promise<ComposeText[]> {
  const all: ComposeText[] = [];
  for (const source of sources) {
    for (const { paths: included, directory } of readIncludes(source.bytes, source.path, source.directory)) {
      const paths = included.filter((path) => !seen.has(path));
      for (const path of paths) seen.add(path);
      const read = await Promise.all(paths.map(async (path) => ({ path, directory, bytes: await files.read(path) })));
      const found = read.filter((each): each is ComposeText => each.bytes !== null);
      all.push(...(await withIncludes(files, found, seen)));
    }
    all.push(source);
  }
  return all;
}

/** What a compose file says now; nothing about a service that it no longer defines. */
async function reread({ files, service, paths }: TargetOptions, path: string): Promise<DefiningText> {
  const text = await readText(files, path, dirname(paths[0] ?? ''));
  return { ...text, environment: readEnvironment(text.bytes, service, path) ?? new Map() };
}

async function readText(files: Files, path: string, directory: string): Promise<ComposeText> {
  const bytes = await files.read(path);
  if (bytes !== null) return { path, bytes, directory };
  throw new AppError('compose-file-missing', `There is no compose file at ${path}.`, { hint: 'Name it with -f FILE.' });
}
