import { join, resolve } from 'node:path';
import { readDotenv } from '../compose-file/dotenv.ts';
import { forCaller } from '../core/callers.ts';
import { decodeText, encodingOf } from '../core/encoding.ts';
import { AppError, hintText, toAppError } from '../core/errors.ts';
import type { Output } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { maskText } from '../secrets/by-place.ts';
import { registerEnvironments } from '../secrets/found.ts';
import { Transcript } from '../secrets/leak-guard.ts';
import { Masker } from '../secrets/masker.ts';
import { tokensIn } from './admin-token.ts';
import { describeCause } from './cause.ts';
import type { CommandName } from './commands.ts';
import { type NewmanRc, newmanRcFiles, readNewmanRc } from './newman-rc.ts';
import { isUrl } from './option-values.ts';
import { OPTIONS } from './options.ts';
import { type Arguments, parseArguments } from './parse.ts';
import { resolveSettings, type Settings } from './settings.ts';
import { isRunByNpm, verifyNotTakenByNpm } from './taken-by-npm.ts';
import { shortenPaths } from './terminal-text.ts';
import { type Outside, openOutside } from './wiring.ts';

/** What is common to everything that one process prints. */
export interface Session {
  readonly outside: Outside;
  readonly masker: Masker;
  /** What has been printed. */
  readonly transcript: Transcript;
  /** Where people read: stdout, or stderr where `--json` has stdout. */
  readonly human: Output;
  readonly json: boolean;
  /** Every text for a person passes it: secrets are masked by value and by place, paths are shortened. */
  redact(text: string): string;
  /** Who ends with an error that nothing caught: the run that goes on; null: none does, and the process ends. */
  onCrash: ((error: unknown) => void) | null;
}

/** Opens the process, and the masker that already knows the admin token where the environment holds it. */
export function openSession(process: Parameters<typeof openOutside>[0], command: CommandName): Session {
  const masker = new Masker();
  const transcript = new Transcript(masker);
  const outside = openOutside(process, (stream, text) => transcript.write(stream, text));
  const { host } = outside;
  if (host.adminToken !== null) learnAdminToken(masker, host.adminToken);
  for (const [name, value = ''] of Object.entries(host.env)) {
    // HTTPS_PROXY and similar variables: libraries quote the proxy's address with its password.
    const password = /_proxy$/i.test(name) ? /:\/\/[^/@:]*:([^/@]+)@/.exec(value)?.[1] : undefined;
    if (password !== undefined) masker.add(new Secret(password, `password in ${name}`), 'found');
  }
  // Where commands are pasted that have paths in them.
  const folder = typedFrom(host, command);
  // Read before the options are parsed: the error for a misspelt option must go to the right stream, too.
  const json = host.args.includes('--json');
  const isSilent = command === 'collection' && host.args.includes('--silent');
  return {
    outside,
    masker,
    transcript,
    human: json || isSilent ? outside.stderr : outside.stdout,
    json,
    redact: (text) => shortenPaths(maskText(masker.mask(text)), folder),
    onCrash: null,
  };
}

/**
 * One command from arguments to exit code. Nothing is thrown; everything that is printed passes the masker.
 *
 * @param run gets the command line, whose settings may be an error
 */
export async function runCommand(
  command: CommandName,
  process: Parameters<typeof openOutside>[0],
  run: (session: Session, line: Extract<CommandLine, { kind: 'run' }>) => Promise<number>,
): Promise<number> {
  const session = openSession(process, command);
  const { host, stdout } = session.outside;
  host.catchCrash((error) => {
    if (session.onCrash === null) return reportCrash(session, error);
    session.onCrash(error);
    return 'run-ends';
  });
  const line = await readCommandLine(command, session);
  if (line.kind === 'print') stdout.print(...forCaller(line.text, host.caller).trimEnd().split('\n'));
  const exitCode = line.kind === 'run' ? await run(session, line) : 0;
  host.leave();
  return exitCode;
}

export type CommandLine =
  /** `--help` or `--version`: what to print. */
  | { readonly kind: 'print'; readonly text: string }
  /** The settings, or what is wrong with them; the value of IAT_ADMIN_TOKEN from the environment or `.env`; what was typed. */
  | {
      readonly kind: 'run';
      readonly settings: Settings | Error;
      readonly adminToken: string | null;
      readonly given: Arguments['values'];
    };

function learnAdminToken(masker: Masker, text: string): void {
  for (const token of tokensIn(text)) masker.add(new Secret(token, 'admin token'));
}

/**
 * Learns the admin token from wherever it may stand, for every command and before anything is printed: what is wrong with an
 * option may be that it holds the token.
 *
 * @param reading `.env` in the working directory
 */
async function learnFromFiles(
  command: CommandName,
  { outside, masker }: Session,
  reading: Promise<Uint8Array | null>,
): Promise<void> {
  const { host, files } = outside;
  const at = host.args.findIndex((arg) => /^--admin-token-file(?:=|$)/.test(arg));
  const file = host.args[at]?.split('=').slice(1).join('=') || host.args[at + 1];
  if (at >= 0 && file !== undefined && file !== '-') {
    const bytes = await files.read(resolve(typedFrom(host, command), file)).catch(() => null);
    if (bytes !== null) learnAdminToken(masker, decodeText(bytes));
  }
  const dotenv = await reading.catch(() => null);
  if (dotenv === null) return;
  // By lines, so that a line which no reader of such a file understands counts, too.
  for (const [, value = ''] of decodeText(dotenv).matchAll(
    /^[ \t]{0,20}(?:export[ \t]{1,20})?IAT_ADMIN_TOKEN[ \t]{0,20}=(.*)$/gm,
  ))
    learnAdminToken(masker, value);
}

/** Arguments, environment and `.env` as settings. Never throws: what is wrong is part of the answer. */
export async function readCommandLine(command: CommandName, session: Session): Promise<CommandLine> {
  const { outside, human, masker } = session;
  const { host, files } = outside;
  let given: Arguments['values'] = {};
  try {
    const reading = files.read(join(host.cwd, '.env'));
    // What is wrong with the arguments is said first.
    reading.catch(() => {});
    await learnFromFiles(command, session, reading);
    verifyNotTakenByNpm(command, host);
    const parsed = parseArguments(command, host.args, host.version, human.columns);
    if (parsed.kind === 'print') return parsed;
    const typed = command === 'collection' ? await readCollectionWords(session, parsed.arguments) : parsed.arguments;
    given = typed.values;
    const dotenv = readDotenv(inUtf8(await reading));
    registerEnvironments([Object.fromEntries(dotenv)], (secret) => masker.add(secret, 'found'));
    const newmanRc = command === 'collection' ? await readRc(session) : null;
    const collectionBase = await findDefaultCollection(outside);
    const settings = resolveSettings(command, typed, {
      env: host.env,
      dotenv,
      cwd: host.cwd,
      typedFrom: typedFrom(host, command),
      collectionBase,
      nodeOptions: host.nodeOptions,
      ...(newmanRc === null ? {} : { newmanRc }),
    });
    if (collectionBase !== host.cwd && settings.collection.startsWith(collectionBase) && !settings.sandbox)
      outside.notes.push(
        `There is no ${OPTIONS.collection.fallback} here, so the one that bff-iat brings was taken. To have your own: npx bff-iat init`,
      );
    if (settings.sslClientPassphrase !== null) masker.add(new Secret(settings.sslClientPassphrase, 'passphrase'));
    return { kind: 'run', settings, given, adminToken: host.adminToken ?? dotenv.get('IAT_ADMIN_TOKEN') ?? null };
  } catch (error) {
    return { kind: 'run', settings: toAppError(error), given, adminToken: null };
  }
}

/** PowerShell 5 writes UTF-16. Compose does not read that: where it needs the same file, that is said when it is edited. */
function inUtf8(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null || encodingOf(bytes) === 'utf-8' ? bytes : new TextEncoder().encode(decodeText(bytes));
}

/**
 * The words of `collection` as `newman run` has them: a first one that is a file is the collection. A `--timeout` without a
 * unit that can only be Newman's milliseconds is asked about where a person can be asked, and is never taken for hours.
 */
async function readCollectionWords({ outside, human }: Session, given: Arguments): Promise<Arguments> {
  const { host, files } = outside;
  const { timeoutMs } = given.values;
  let { values, names } = given;
  const [first, ...rest] = names;
  if (first !== undefined && values.collection === undefined && (await isCollectionFile(first))) {
    values = { ...values, collection: first };
    names = rest;
  }
  if (typeof timeoutMs === 'string' && /^\d+(?:\.\d+)?$/.test(timeoutMs) && Number(timeoutMs) > LONGEST_BARE) {
    const isMs = await outside.confirm(`Is --timeout ${timeoutMs} in milliseconds, as in Newman?`, human);
    if (isMs === false) {
      throw new AppError('bad-value', `--timeout ${timeoutMs} has no unit.`, {
        hint: `Say --timeout ${timeoutMs}s for seconds, or --timeout ${timeoutMs}ms for milliseconds.`,
      });
    }
    if (isMs === null)
      outside.notes.push(
        `--timeout ${timeoutMs} counts as milliseconds, as in Newman. Say ${timeoutMs}s if it is seconds.`,
      );
    values = { ...values, timeoutMs: `${timeoutMs}ms` };
  }
  return { ...given, values, names };

  async function isCollectionFile(word: string): Promise<boolean> {
    if (isUrl(word) || /\.json$/i.test(word) || /^(?:\.{0,2}[\\/]|[a-z]:[\\/])/i.test(word)) return true;
    return (await files.read(resolve(typedFrom(host, 'collection'), word)).catch(() => null)) !== null;
  }
}

/** Seconds: more of them are not typed without a unit. */
const LONGEST_BARE = 3_600;

/** The folder that the default collection is in: the person's own, else the package's, which is at hand only by the bin. */
async function findDefaultCollection({ host, files }: Outside): Promise<string> {
  if (host.caller === 'npm') return host.cwd;
  // What is there and cannot be read is an error later.
  const there = await files.read(join(host.cwd, OPTIONS.collection.fallback)).catch(() => '');
  return there === null ? host.packageFolder : host.cwd;
}

async function readRc({ outside }: Session): Promise<NewmanRc | null> {
  const { host, files } = outside;
  const found: [string, string][] = [];
  for (const file of newmanRcFiles(typedFrom(host, 'collection'), host.env, host.platform)) {
    const bytes = await files.read(file).catch(() => null);
    if (bytes !== null) found.push([file, decodeText(bytes)]);
  }
  const rc = readNewmanRc(found);
  if (rc !== null) {
    const names = [...Object.keys(rc.texts), ...Object.keys(rc.reporterOptions).map((name) => `reporter ${name}`)];
    outside.notes.push(`From ${rc.file}: ${names.join(', ')}.`);
  }
  return rc;
}

/** An error that nothing caught: shown like any other, with the place where it was thrown. */
function reportCrash({ outside, redact }: Session, error: unknown): 'end' {
  const { message, hint } = toAppError(error);
  const lines = ['', message, `  ${hint === undefined ? '' : hintText(hint)}`, '', ...describeCause(error)];
  outside.stderr.print(...lines.map(redact));
  return 'end';
}

/** The folder in which the person typed the command: npm runs scripts in the package's folder and passes the other one on. */
function typedFrom(host: Outside['host'], command: CommandName): string {
  const { INIT_CWD } = host.env;
  // A script of the person's own package has paths in it that begin in that package.
  return INIT_CWD !== undefined && host.caller === 'npm' && isRunByNpm(host, command) ? INIT_CWD : host.cwd;
}
