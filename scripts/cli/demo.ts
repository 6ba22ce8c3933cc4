import { diagnoseLog } from '../bff/log-reader.ts';
import { hintText } from '../core/errors.ts';
import type { Output } from '../core/ports.ts';
import type { LogLine } from '../core/result.ts';
import { CLEAR_STEPS, runClear } from '../runbook/clear.ts';
import { IAT_STEPS, runIat } from '../runbook/iat.ts';
import { tellFault } from './demo-fault.ts';
import { showLog } from './demo-log.ts';
import { execute, type Session, say, tellCrash } from './execute.ts';
import { openSession, readCommandLine } from './main.ts';
import type { Settings } from './settings.ts';
import { createStyle, wrap } from './style.ts';
import type { openOutside, Sandboxed } from './wiring.ts';

/** How long the demo watches a healthy BFF; a real run takes 10 s. */
const STABLE_FOR_MS = 1_000;

/** `npm run demo`: a BFF that dies at startup, the main job, and the start from cached credentials. The exit code. */
export async function demo(process: Parameters<typeof openOutside>[0]): Promise<number> {
  const session = openSession(process);
  const { outside } = session;
  outside.host.catchCrash((error) => tellCrash(session, error));
  const read = await readCommandLine('demo', session);
  if (read.kind === 'print') outside.stdout.write(read.text);
  const exitCode =
    read.kind === 'print'
      ? 0
      : read.settings instanceof Error
        ? await refuse(session, read.settings)
        : await tellDemo(session, read.settings);
  outside.host.leave();
  return exitCode;
}

/** A misspelt option ends like that of any other command. */
async function refuse(session: Session, settings: Error): Promise<number> {
  const none = { command: 'demo', steps: [], adminToken: null, sandbox: null };
  return (await execute(session, { ...none, settings, run: async () => ({ verdict: 'failed' }) })).exitCode;
}

/**
 * The story: of a fault where one is named, or the list of all, for no name and for one that is none, which is an error.
 *
 * @returns the exit code
 */
export async function tellDemo(session: Session, settings: Settings): Promise<number> {
  const { human, outside } = session;
  const { fault } = settings;
  if (fault === null) return tell(session, { ...settings, stableForMs: STABLE_FOR_MS });
  let exitCode = 0;
  if (fault !== '') {
    const found = await outside.faults(fault).catch((error: Error) => error);
    if (!(found instanceof Error)) return tellFault(session, settings, fault);
    exitCode = await refuse(session, found);
  }
  human.write(`npm run demo -- --fault NAME[:N], with one of\n\n${await outside.faults()}`);
  return exitCode;
}

async function tell(session: Session, settings: Settings): Promise<number> {
  const { human, outside } = session;
  const style = createStyle(human);
  const print = (text: string) => human.write(say(session)(`${text}\n`));
  const title = (text: string) => print(`\n${style.bold(text)}`);

  print('An IdP and a BFF, both real, run as processes here: no Docker, no network.');
  title('1. A BFF without an Initial Access Token');
  const sandbox = await outside.openSandbox();
  try {
    print(`It starts with ${sandbox.composeFile}\n`);
    await showFailure(sandbox, human, print);

    title('2. npm run iat');
    const common = { settings, adminToken: null, sandbox };
    const mended = await execute(session, { ...common, command: 'iat', steps: IAT_STEPS, run: runIat });
    if (mended.exitCode !== 0) return mended.exitCode;

    title('3. The token is taken out again, and the BFF starts from its cached credentials');
    const cleared = await execute(session, { ...common, command: 'clear', steps: CLEAR_STEPS, run: runClear });
    if (cleared.exitCode !== 0) return cleared.exitCode;
    print(
      wrap('\nThat was all. On your own stack: npm run iat (see "First real run" in the README).', human.columns, ''),
    );
    return 0;
  } finally {
    await sandbox.close();
  }
}

/** The last words of the BFF that has just failed, and what they mean. */
async function showFailure(sandbox: Sandboxed, human: Output, print: (text: string) => void): Promise<void> {
  const { columns } = human;
  const style = createStyle(human);
  const end = new AbortController();
  const [instance] = await sandbox.stack.instances(end.signal);
  if (instance === undefined) return;
  const lines: LogLine[] = [];
  // Followed to its end: the log is complete when the process has gone.
  for await (const line of sandbox.stack.logs(instance.id, { follow: true, signal: end.signal })) lines.push(line);
  showLog(lines, human, print);
  const { cause, fix } = diagnoseLog(lines);
  print(
    `\n${style.bad(wrap(`${style.signs.failed} ${cause}`, columns, '  '))}\n${wrap(`  ${hintText(fix)}`, columns, '  ')}`,
  );
}
