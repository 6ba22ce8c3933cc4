import { join } from 'node:path';
import { readDotenv } from '../compose-file/dotenv.ts';
import { AppError, hintText, toAppError } from '../core/errors.ts';
import type { Output } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { scriptName } from '../report/words.ts';
import { maskText } from '../secrets/by-place.ts';
import { Transcript } from '../secrets/leak-guard.ts';
import { Masker } from '../secrets/masker.ts';
import { describeCause } from './cause.ts';
import type { CommandName } from './commands.ts';
import { parseArguments } from './parse.ts';
import { resolveSettings, type Settings } from './settings.ts';
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
export function openSession(process: Parameters<typeof openOutside>[0]): Session {
  const masker = new Masker();
  const transcript = new Transcript(masker);
  const outside = openOutside(process, (stream, text) => transcript.write(stream, text));
  const { host } = outside;
  if (host.adminToken !== null) masker.add(new Secret(host.adminToken.trim(), 'admin token'));
  for (const [name, value = ''] of Object.entries(host.env)) {
    // HTTPS_PROXY and similar variables: libraries quote the proxy's address with its password.
    const password = /_proxy$/i.test(name) ? /:\/\/[^/@:]*:([^/@]+)@/.exec(value)?.[1] : undefined;
    if (password !== undefined) masker.add(new Secret(password, `password in ${name}`), 'found');
  }
  // Read before the options are parsed: the error for a misspelt option must go to the right stream, too.
  const json = host.args.includes('--json');
  return {
    outside,
    masker,
    transcript,
    human: json ? outside.stderr : outside.stdout,
    json,
    redact: (text) => shortenPaths(maskText(masker.mask(text)), host.cwd),
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
  const session = openSession(process);
  const { host, stdout } = session.outside;
  host.catchCrash((error) => {
    if (session.onCrash === null) return reportCrash(session, error);
    session.onCrash(error);
    return 'run-ends';
  });
  const line = await readCommandLine(command, session);
  if (line.kind === 'print') stdout.write(line.text);
  const exitCode = line.kind === 'run' ? await run(session, line) : 0;
  host.leave();
  return exitCode;
}

export type CommandLine =
  /** `--help` or `--version`: what to print. */
  | { readonly kind: 'print'; readonly text: string }
  /** The settings, or what is wrong with them; and the value of IAT_ADMIN_TOKEN from the environment or `.env`. */
  | { readonly kind: 'run'; readonly settings: Settings | Error; readonly adminToken: string | null };

/** Arguments, environment and `.env` as settings. Never throws: what is wrong is part of the answer. */
export async function readCommandLine(command: CommandName, { outside, human }: Session): Promise<CommandLine> {
  const { host, files } = outside;
  try {
    const parsed = parseArguments(command, host.args, host.version, human.columns);
    if (parsed.kind === 'print') return parsed;
    verifyNotTakenByNpm(host, command);
    const dotenv = readDotenv(await files.read(join(host.cwd, '.env')));
    const settings = resolveSettings(command, parsed.arguments, {
      env: host.env,
      dotenv,
      cwd: host.cwd,
      typedFrom: typedFrom(host, command),
    });
    return { kind: 'run', settings, adminToken: host.adminToken ?? dotenv.get('IAT_ADMIN_TOKEN') ?? null };
  } catch (error) {
    return { kind: 'run', settings: toAppError(error), adminToken: null };
  }
}

/** Without `--` in front of it npm takes `--dry-run` for its own option, and a real run would come of it. */
function verifyNotTakenByNpm(host: Outside['host'], command: CommandName): void {
  const isTaken = host.env['npm_config_dry_run'] === 'true' && !host.args.includes('--dry-run');
  if (!isTaken || !isRunByNpm(host, command)) return;
  throw new AppError('usage', 'npm took --dry-run for itself, so nothing was run.', {
    hint: { text: 'Put -- in front of the options:', command: `npm run ${scriptName(command)} -- --dry-run` },
  });
}

/** The variables of npm are inherited by whatever a test or another script starts. */
function isRunByNpm(host: Outside['host'], command: CommandName): boolean {
  return host.env['npm_lifecycle_event'] === scriptName(command);
}

/** An error that nothing caught: shown like any other, with the place where it was thrown. */
function reportCrash({ outside, redact }: Session, error: unknown): 'end' {
  const { message, hint } = toAppError(error);
  const text = `\n${message}\n  ${hint === undefined ? '' : hintText(hint)}\n\n${describeCause(error)}\n`;
  outside.stderr.write(redact(text));
  return 'end';
}

/** The folder in which the person typed the command: npm runs scripts in the package's folder and passes the other one on. */
function typedFrom(host: Outside['host'], command: CommandName): string {
  const { INIT_CWD } = host.env;
  return INIT_CWD !== undefined && isRunByNpm(host, command) ? INIT_CWD : host.cwd;
}
