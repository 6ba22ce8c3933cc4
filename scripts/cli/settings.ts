import { delimiter, resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { CommandName } from './commands.ts';
import type { OptionSpec } from './option-spec.ts';
import { OPTIONS, type OptionName } from './options.ts';
import type { Arguments } from './parse.ts';

/** Everything that decides how a run goes: resolved once, read-only, paths absolute, times in milliseconds. */
export interface Settings {
  readonly command: CommandName;
  readonly names: readonly string[];
  /** null: look for the default names. */
  readonly composeFiles: readonly string[] | null;
  /** `COMPOSE_PROJECT_NAME`. */
  readonly composeProject: string | null;
  readonly service: string;
  readonly variable: string;
  readonly write: 'auto' | 'compose' | 'env-file';
  readonly collection: string;
  readonly environment: string | null;
  readonly envVars: readonly { readonly name: string; readonly value: string }[];
  readonly request: string;
  readonly healthFolder: string;
  readonly idpUrl: string | null;
  readonly bffUrl: string | null;
  /** `-` is standard input. */
  readonly adminTokenFile: string | null;
  readonly label: string | null;
  readonly expiresIn: number | null;
  readonly maxUsages: number | null;
  readonly tokenPath: string | null;
  readonly caFile: string | null;
  readonly insecure: boolean;
  readonly allowHttp: boolean;
  readonly timeoutMs: number;
  readonly healthTimeoutMs: number;
  readonly stableForMs: number;
  readonly dryRun: boolean;
  readonly restart: boolean;
  readonly clear: boolean;
  readonly noDeps: boolean;
  readonly force: boolean;
  /** `-` is standard input; null: the log of the container. */
  readonly logFile: string | null;
  readonly sandbox: boolean;
  /** null: the story in which all goes well; '': no name was given. */
  readonly fault: string | null;
  readonly reports: string;
  /** How many reports stay there. */
  readonly keep: number;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

/** Where settings come from besides the command line. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `.env` in the working directory holds. */
  readonly dotenv: ReadonlyMap<string, string>;
  readonly cwd: string;
  /** Where the person stood when npm was called; paths in flags are meant from there. */
  readonly typedFrom: string;
}

/**
 * Puts flags, variables, `.env` and defaults together; the first that says something wins, and nothing later reads the
 * environment again.
 *
 * @throws AppError `bad-value` with the value and where it came from
 */
export function resolveSettings(command: CommandName, given: Arguments, around: Surroundings): Settings {
  const look = (name: OptionName): Found | null => find(name, given, around);
  const text = (name: OptionName) => look(name)?.text ?? null;
  const checked = (name: OptionName, isGood: (value: string) => boolean, wanted: string) => {
    const found = look(name);
    if (found !== null && !isGood(found.text)) throw badValue(name, found, wanted);
    return found?.text ?? null;
  };
  const path = (name: OptionName) => {
    const found = look(name);
    return found === null || found.text === '-' ? (found?.text ?? null) : resolve(found.base, found.text);
  };
  const seconds = (name: OptionName) =>
    Number(
      checked(
        name,
        (value) => /^\d+(?:\.\d+)?$/.test(value) && Number(value) <= 86_400,
        'a number of seconds up to 86400',
      ),
    ) * 1_000;
  const count = (name: OptionName) => {
    const value = checked(name, (each) => /^[1-9]\d{0,9}$/.test(each), 'a whole number from 1');
    return value === null ? null : Number(value);
  };
  const isOn = (name: OptionName) => {
    const value = checked(name, (each) => /^(?:true|false|1|0|yes|no|on|off|)$/i.test(each), 'true or false');
    return value !== null && /^(?:true|1|yes|on)$/i.test(value);
  };
  const url = (name: OptionName) => checked(name, isHttpUrl, 'an http:// or https:// URL without user and password');
  const identifier = (name: OptionName) =>
    checked(name, (value) => /^[A-Za-z0-9_][\w.-]*$/.test(value), 'a name of letters, digits, _, . and -') ?? '';

  return {
    command,
    names: given.names,
    composeFiles: composeFilesOf(given, around),
    composeProject: around.env['COMPOSE_PROJECT_NAME'] || around.dotenv.get('COMPOSE_PROJECT_NAME') || null,
    service: identifier('service'),
    variable: checked('variable', (value) => /^[A-Za-z_]\w*$/.test(value), 'the name of a variable') ?? '',
    write: (checked('write', (value) => ['auto', 'compose', 'env-file'].includes(value), 'auto, compose or env-file') ??
      'auto') as Settings['write'],
    collection: path('collection') ?? '',
    environment: path('environment'),
    envVars: listOf('envVar', given).map((entry) => {
      const at = entry.indexOf('=');
      if (at > 0) return { name: entry.slice(0, at), value: entry.slice(at + 1) };
      throw new AppError('bad-value', '--env-var takes KEY=VALUE.', {
        hint: 'For example: --env-var bff_kid=bff-sig-001',
      });
    }),
    request: text('request') ?? '',
    healthFolder: text('healthFolder') ?? '',
    idpUrl: url('idpUrl'),
    bffUrl: url('bffUrl'),
    adminTokenFile: path('adminTokenFile'),
    label: text('label'),
    expiresIn: count('expiresIn'),
    maxUsages: count('maxUsages'),
    tokenPath: checked(
      'tokenPath',
      (value) => /^(?:\/(?:[^~/]|~[01])*)+$/.test(value),
      'a JSON Pointer such as /token',
    ),
    caFile: path('caFile'),
    insecure: isOn('insecure'),
    allowHttp: isOn('allowHttp'),
    timeoutMs: seconds('timeout'),
    healthTimeoutMs: seconds('healthTimeout'),
    stableForMs: seconds('stableFor'),
    dryRun: isOn('dryRun'),
    restart: !isOn('noRestart'),
    clear: isOn('clear'),
    noDeps: isOn('noDeps'),
    force: isOn('force'),
    logFile: path('logFile'),
    sandbox: isOn('sandbox') || command === 'demo',
    fault: given.values.fault === true ? '' : text('fault'),
    reports: path('reports') ?? '',
    keep: count('keep') ?? Number.POSITIVE_INFINITY,
    json: isOn('json'),
    verbose: isOn('verbose'),
    quiet: isOn('quiet'),
  };
}

interface Found {
  readonly text: string;
  /** "--timeout", "IAT_TIMEOUT", "IAT_TIMEOUT in .env". */
  readonly source: string;
  /** What a relative path is relative to. */
  readonly base: string;
}

function find(name: OptionName, given: Arguments, around: Surroundings): Found | null {
  const spec: OptionSpec = OPTIONS[name];
  const flag = given.values[name];
  const long = /--[a-z-]+/.exec(spec.flags)?.[0] ?? spec.flags;
  if (flag === true) return { text: 'true', source: long, base: around.typedFrom };
  if (typeof flag === 'string') return { text: flag, source: long, base: around.typedFrom };
  if (spec.variable !== undefined) {
    const value = around.env[spec.variable];
    if (value) return { text: value, source: spec.variable, base: around.cwd };
    const line = around.dotenv.get(spec.variable);
    if (line) return { text: line, source: `${spec.variable} in .env`, base: around.cwd };
  }
  return spec.fallback === undefined ? null : { text: spec.fallback, source: 'the default', base: around.cwd };
}

function listOf(name: OptionName, given: Arguments): readonly string[] {
  const value = given.values[name];
  return Array.isArray(value) ? value : [];
}

/** `-f` as typed, else `COMPOSE_FILE` with compose's own separator: `COMPOSE_PATH_SEPARATOR`, else the platform's. */
function composeFilesOf(given: Arguments, around: Surroundings): string[] | null {
  const typed = listOf('composeFile', given);
  if (typed.length > 0) return typed.map((file) => resolve(around.typedFrom, file));
  const look = (name: string) => around.env[name] || around.dotenv.get(name) || '';
  const files = look('COMPOSE_FILE');
  if (files === '') return null;
  return files.split(look('COMPOSE_PATH_SEPARATOR') || delimiter).map((file) => resolve(around.cwd, file));
}

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}

function badValue(name: OptionName, found: Found, wanted: string): AppError {
  const shown = name === 'idpUrl' || name === 'bffUrl' ? found.text.replace(/\/\/[^/@]*@/, '//***@') : found.text;
  return new AppError('bad-value', `"${shown}" is not ${wanted}. It comes from ${found.source}.`, {
    hint: `Correct it there, or see --help.`,
  });
}
