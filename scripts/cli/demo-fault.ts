import { LogReader } from '../bff/log-reader.ts';
import { judge } from '../bff/verdict.ts';
import { isFault, sayWhetherIatHelps } from '../core/diagnosis.ts';
import { hintText } from '../core/errors.ts';
import { IAT_STEPS, runIat } from '../runbook/iat.ts';
import { showLog } from './demo-log.ts';
import { execute, type Session, say } from './execute.ts';
import type { Settings } from './settings.ts';
import { createStyle, wrap } from './style.ts';
import type { Sandboxed } from './wiring.ts';

/** Shorter than in a real run, and long enough for each fault to show. */
const STABLE_FOR_MS = 3_000;
const HEALTH_TIMEOUT_MS = 6_000;

/** How long a BFF that does not end is looked at. */
const LOOK_MS = 4_000;
const LOOK_AGAIN_MS = 100;

/** What an exit code of a real run means. */
const MEANINGS: Readonly<Record<number, string>> = {
  0: 'done, and healthy',
  1: 'it ran, and the answer is no',
  3: 'it could not be done',
};

/**
 * `npm run demo -- --fault NAME`: what the BFF shows, what the main job says, and how that would have ended.
 *
 * @returns 0 when the story was told, however the main job in it ended
 */
export async function tellFault(session: Session, settings: Settings, fault: string): Promise<number> {
  const { human, outside } = session;
  const style = createStyle(human);
  const print = (text: string) => human.write(say(session)(`${text}\n`));
  const title = (text: string) => print(`\n${style.bold(text)}`);

  print(wrap(`The fault ${fault}: ${await outside.faults(fault)}.`, human.columns));
  title('1. What the BFF shows');
  const sandbox = await outside.openSandbox(fault);
  try {
    await showBff(session, sandbox, print);
    title('2. What npm run iat says');
    const { exitCode, error } = await execute(session, {
      command: 'iat',
      steps: IAT_STEPS,
      run: runIat,
      settings: { ...settings, stableForMs: STABLE_FOR_MS, healthTimeoutMs: HEALTH_TIMEOUT_MS },
      adminToken: null,
      sandbox,
    });
    const meaning = MEANINGS[exitCode];
    if (meaning === undefined || error?.code === 'internal') return exitCode;
    title('3. How it would have ended');
    print(`npm run iat ends with exit code ${exitCode} here: ${meaning}.`);
    return 0;
  } finally {
    await sandbox.close();
  }
}

/** The BFF before anything is done about it: without a token, and with its fault. */
async function showBff(session: Session, { stack }: Sandboxed, print: (text: string) => void): Promise<void> {
  const { outside, human } = session;
  const { signal } = outside.host.interruption;
  const untilMs = outside.clock.now() + LOOK_MS;
  let [instance] = await stack.instances(signal);
  while (instance?.state.status === 'running' && outside.clock.now() < untilMs) {
    await outside.clock.sleep(LOOK_AGAIN_MS, signal);
    [instance] = await stack.instances(signal);
  }
  if (instance === undefined) return;
  const reader = new LogReader();
  for await (const line of stack.logs(instance.id, { follow: false, signal })) reader.push(line);
  showLog(reader.excerpt(), human, print);
  print(wrap(judge(instance, instance, stack.byHand).message, human.columns));
  const diagnosis = reader.diagnosis();
  const help = isFault(diagnosis) ? ` ${sayWhetherIatHelps(diagnosis)}` : '';
  const fix = `  ${hintText(diagnosis.fix)}${help}`;
  print(`${wrap(diagnosis.cause, human.columns)}\n${wrap(fix, human.columns, '  ')}`);
}
