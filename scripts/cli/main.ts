import { join } from 'node:path';
import { readDotenv } from '../compose-file/dotenv.ts';
import { toAppError } from '../core/errors.ts';
import type { StepName } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { scriptName } from '../report/words.ts';
import { CLEAR_STEPS, runClear } from '../runbook/clear.ts';
import { COLLECTION_STEPS, runCollection } from '../runbook/collection.ts';
import { runDoctor } from '../runbook/doctor.ts';
import { HEALTH_STEPS, runHealth } from '../runbook/health.ts';
import { IAT_STEPS, runIat } from '../runbook/iat.ts';
import type { Context } from '../runbook/job.ts';
import type { Outcome } from '../runbook/recorder.ts';
import { Masker } from '../secrets/masker.ts';
import { Transcript } from '../secrets/transcript.ts';
import type { CommandName } from './commands.ts';
import { execute, type Session, tellCrash, type Work } from './execute.ts';
import { parseArguments } from './parse.ts';
import { resolveSettings, type Settings } from './settings.ts';
import { type Outside, openOutside } from './wiring.ts';

/** Commands that are one run; `demo` tells a story of several. */
type RunName = Exclude<CommandName, 'demo'>;

interface Definition {
  readonly steps: readonly StepName[];
  /** Each step is a finding of its own, whatever came of it. */
  readonly eachSaysWhy?: boolean;
  run(context: Context, settings: Settings): Promise<Outcome>;
}

const DEFINITIONS: Readonly<Record<RunName, Definition>> = {
  iat: { steps: IAT_STEPS, run: (context) => runIat(context) },
  clear: { steps: CLEAR_STEPS, run: runClear },
  doctor: {
    // It says itself what it could not look at.
    steps: [],
    eachSaysWhy: true,
    run: (context, { logFile }) => runDoctor(context, logFile),
  },
  health: { steps: HEALTH_STEPS, run: (context) => runHealth(context) },
  collection: { steps: COLLECTION_STEPS, run: (context, { names }) => runCollection(context, names) },
};

/**
 * One command from arguments to exit code: 0 done and healthy, 1 the answer is no, 2 wrong usage or configuration, 3 could
 * not, 130/143 interrupted. Nothing is thrown; everything that is printed passes the masker.
 */
export async function main(command: RunName, process: Parameters<typeof openOutside>[0]): Promise<number> {
  const session = openSession(process);
  const { outside } = session;
  outside.host.catchCrash((error) => tellCrash(session, error));
  const read = await readCommandLine(command, session);
  if (read.kind === 'print') outside.stdout.write(read.text);
  const exitCode = read.kind === 'print' ? 0 : (await execute(session, workOf(command, session, read))).exitCode;
  outside.host.leave();
  return exitCode;
}

/** Opens the process, and the masker that already knows the admin token where the environment holds it. */
export function openSession(process: Parameters<typeof openOutside>[0]): Session {
  const masker = new Masker();
  const transcript = new Transcript(masker);
  const outside = openOutside(process, (stream, text) => transcript.write(stream, text));
  const { host } = outside;
  if (host.adminToken !== null) masker.add(new Secret(host.adminToken.trim(), 'admin token'));
  for (const [name, value = ''] of Object.entries(host.env)) {
    // HTTPS_PROXY and its kin: libraries quote the proxy's address with its password.
    const password = /_proxy$/i.test(name) ? /:\/\/[^/@:]*:([^/@]+)@/.exec(value)?.[1] : undefined;
    if (password !== undefined) masker.add(new Secret(password, `password in ${name}`), 'found');
  }
  // Looked up before the options are parsed: a misspelt option, too, must be answered on the right stream.
  const json = host.args.includes('--json');
  return { outside, masker, transcript, human: json ? outside.stderr : outside.stdout, json };
}

type CommandLine =
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'run'; readonly settings: Settings | Error; readonly adminToken: string | null };

/** Arguments, environment and `.env` as settings; an error among them is part of the answer. */
export async function readCommandLine(command: CommandName, { outside, human }: Session): Promise<CommandLine> {
  const { host, files } = outside;
  try {
    const parsed = parseArguments(command, host.args, host.version, human.columns);
    if (parsed.kind === 'print') return parsed;
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

/** The run of a command, against Docker or the sandbox. */
export function workOf(
  command: RunName,
  { outside }: Session,
  { settings, adminToken }: Extract<CommandLine, { kind: 'run' }>,
): Work {
  const { steps, eachSaysWhy, run } = DEFINITIONS[command];
  const isSandboxed = !(settings instanceof Error) && settings.sandbox;
  return {
    command,
    steps,
    ...(eachSaysWhy === undefined ? {} : { eachSaysWhy }),
    settings,
    adminToken,
    sandbox: isSandboxed ? () => outside.openSandbox() : null,
    run: (context) => run(context, settings as Settings),
  };
}

/**
 * Where the person stood: npm runs scripts in the package's folder and tells the other one. Only when npm runs this very
 * command; the variable is inherited by whatever a test or another script starts.
 */
function typedFrom(host: Outside['host'], command: CommandName): string {
  const { INIT_CWD, npm_lifecycle_event } = host.env;
  return INIT_CWD !== undefined && npm_lifecycle_event === scriptName(command) ? INIT_CWD : host.cwd;
}
