import { LogReader } from '../bff/log-reader.ts';
import { judge } from '../bff/verdict.ts';
import { forCaller } from '../core/callers.ts';
import { isFault, sayWhetherIatHelps } from '../core/diagnosis.ts';
import { AppError, hintText } from '../core/errors.ts';
import type { Look } from '../core/ports.ts';
import type { Run } from '../core/result.ts';
import { execute } from './execute.ts';
import { workOf } from './main.ts';
import { runCommand, type Session } from './session.ts';
import type { Settings } from './settings.ts';
import { signsOf } from './terminal-text.ts';
import type { FailingCluster, openOutside, Sandbox } from './wiring.ts';

/** How long the demo watches a healthy BFF; a real run takes 10 s. */
const STABLE_FOR_MS = 1_000;

/** For a fault: shorter than in a real run, and long enough for each fault to show. */
const FAULT_TIMES = { stableForMs: 3_000, healthTimeoutMs: 6_000 };

/** How long a BFF with a fault is watched before anything is done, and how often it is asked whether it still runs. */
const WATCH_MS = 4_000;
const POLL_MS = 100;

/** Of the BFF's log: how many lines are shown, and how many characters of one. */
const SHOWN_LINES = 5;
const LONGEST_LINE = 1_000;

/** What an exit code of a real run means. */
const MEANINGS: Readonly<Record<number, string>> = {
  0: 'done, and healthy',
  1: 'it ran, and the answer is no',
  3: 'it could not be done',
};

/** `npm run demo` from arguments to exit code. */
export function demo(process: Parameters<typeof openOutside>[0]): Promise<number> {
  return runCommand('demo', process, (session, { settings }) =>
    settings instanceof Error ? refuse(session, settings) : runDemo(session, settings),
  );
}

/** A wrong option ends like that of any other command. */
async function refuse(session: Session, error: Error): Promise<number> {
  const none = { command: 'demo', steps: [], adminToken: null, sandbox: null };
  return (await execute(session, { ...none, settings: error, run: async () => ({ verdict: 'failed' }) })).exitCode;
}

/**
 * What the demo was asked to show: the whole story, with `--kubernetes` on a cluster; one fault, where `--fault` names one; else
 * the list of all faults, which is an error where the name is wrong.
 *
 * @returns the exit code
 */
export async function runDemo(session: Session, settings: Settings): Promise<number> {
  const { human, outside } = session;
  const { fault, onCluster } = settings;
  if (onCluster) {
    if (fault === null) return showClusterStory(session, { ...settings, stableForMs: STABLE_FOR_MS });
    return refuse(session, new AppError('usage', '--fault shows a fault without a cluster: leave out --kubernetes.'));
  }
  if (fault === null) return showStory(session, { ...settings, stableForMs: STABLE_FOR_MS });
  let exitCode = 0;
  if (fault !== '') {
    const description = await outside.faults(fault).catch((error: Error) => error);
    if (typeof description === 'string') return showFault(session, settings, fault, description);
    exitCode = await refuse(session, description);
  }
  const faults = (await outside.faults()).trimEnd().split('\n');
  createPrint(session).text('npm run demo -- --fault NAME[:N], with one of');
  human.print('', ...faults);
  return exitCode;
}

/** A BFF that fails without a token, the main job, and the start from cached credentials. */
async function showStory(session: Session, settings: Settings): Promise<number> {
  const print = createPrint(session);
  print.text('A real IdP and a real BFF run here as processes: no Docker, no network.');
  print.title('1. A BFF without an Initial Access Token');
  const sandbox = await session.outside.openSandbox();
  try {
    print.text(`It starts with ${sandbox.composeFile}`);
    print.text('');
    await showBff(session, sandbox);

    print.title('2. npm run iat');
    const fixed = await runIn(session, 'iat', settings, sandbox, isLast);
    if (fixed.exitCode !== 0) return fixed.exitCode;

    print.title('3. The token is taken out again, and the BFF starts from its cached credentials');
    const cleared = await runIn(session, 'clear', settings, sandbox);
    if (cleared.exitCode === 0) {
      print.text('');
      print.text('That is all. On your own stack: npm run iat (see "First real run" in the README).');
    }
    return cleared.exitCode;
  } finally {
    await sandbox.close();
  }
}

/** The same story on a cluster: three pods that crash-loop, the main job through kubectl, and the rollout from cached credentials. */
async function showClusterStory(session: Session, settings: Settings): Promise<number> {
  const { outside } = session;
  const print = createPrint(session);
  const opened = await outside.openCluster(settings.kubectl).catch((error: Error) => error);
  if (opened instanceof Error) return refuse(session, opened);
  const cluster = opened;
  try {
    print.text('A real IdP and real BFFs run here as processes, on a cluster that only kubectl takes for one.');
    print.title('1. Three pods without an Initial Access Token');
    showPods(session, cluster);

    const job = { context: cluster.context, kubernetes: cluster.workload };
    const run = (command: 'iat' | 'clear') => runOnCluster(session, command, { ...settings, ...job }, cluster);
    print.title(`2. npm run iat -- --kubernetes ${cluster.workload} --context ${cluster.context}`);
    const fixed = await run('iat');
    if (fixed.exitCode !== 0) return fixed.exitCode;

    print.title('3. The token is taken out again, and the pods start from their cached credentials');
    const cleared = await run('clear');
    if (cleared.exitCode === 0) {
      print.text('');
      print.text('That is all. On your own cluster: npm run iat -- --kubernetes deployment/NAME --context NAME.');
    }
    return cleared.exitCode;
  } finally {
    await cluster.close();
  }
}

/** A run as any other, but that kubeconfig and admin token are the cluster's own. Its health is asked through its Service. */
function runOnCluster(
  session: Session,
  command: 'iat' | 'clear',
  settings: Settings,
  { kubeconfig, adminToken, idpUrl, bffUrl }: FailingCluster,
): Promise<Run> {
  const { outside, masker } = session;
  masker.add(adminToken, 'certain');
  const { host } = outside;
  const here = {
    ...session,
    outside: { ...outside, host: { ...host, env: { ...host.env, KUBECONFIG: kubeconfig } } },
  };
  const work = workOf(command, here, {
    kind: 'run',
    settings: { ...settings, sandbox: false, idpUrl, bffUrl },
    adminToken: adminToken.reveal(),
    given: { kubernetes: settings.kubernetes ?? '', context: settings.context ?? '' },
  });
  return execute(here, { ...work, opens: isLast });
}

/** The pods before anything is done, the end of a log, the cause, and the way out. */
function showPods(session: Session, { pods, log }: FailingCluster): void {
  const print = createPrint(session);
  for (const [name, state] of pods) print.text(`  ${name}  ${state}`);
  print.text('');
  const reader = new LogReader();
  for (const line of log) reader.push(line);
  showLog(session, reader);
}

/**
 * `npm run demo -- --fault NAME`: what the BFF shows, what the main job says, and how that would have ended.
 *
 * @returns 0 when everything was shown, however the main job in it ended
 */
async function showFault(session: Session, settings: Settings, fault: string, description: string): Promise<number> {
  const print = createPrint(session);
  print.text(`The fault ${fault}: ${description}.`);
  print.title('1. What the BFF shows');
  const sandbox = await session.outside.openSandbox(fault);
  try {
    await showBff(session, sandbox);
    print.title('2. What npm run iat says');
    const { exitCode, error } = await runIn(session, 'iat', { ...settings, ...FAULT_TIMES }, sandbox);
    const meaning = MEANINGS[exitCode];
    if (meaning === undefined || error?.code === 'internal') return exitCode;
    print.title('3. How it would have ended');
    print.text(`npm run iat ends with exit code ${exitCode} here: ${meaning}.`);
    return 0;
  } finally {
    await sandbox.close();
  }
}

/** @param opens whether `--open` counts for a run that ended so; default: always */
function runIn(
  session: Session,
  command: 'iat' | 'clear',
  settings: Settings,
  sandbox: Sandbox,
  opens: (run: Run) => boolean = () => true,
): Promise<Run> {
  return execute(session, {
    ...workOf(command, session, { kind: 'run', settings, adminToken: null, given: {} }),
    sandbox,
    opens,
  });
}

/** Of the two runs of a story that one is opened with which it ends: the first one only where it fails. */
function isLast({ command, exitCode }: Run): boolean {
  return command === 'clear' || exitCode !== 0;
}

/** The BFF before anything is done: the end of its log, its state, the cause, and the way out. */
async function showBff(session: Session, { stack }: Sandbox): Promise<void> {
  const { outside } = session;
  const { signal } = outside.host.interruption;
  // A BFF with a fault may go on running.
  const untilMs = outside.clock.now() + WATCH_MS;
  let [instance] = await stack.instances(signal);
  while (instance?.state.status === 'running' && outside.clock.now() < untilMs) {
    await outside.clock.sleep(POLL_MS, signal);
    [instance] = await stack.instances(signal);
  }
  if (instance === undefined) return;
  const reader = new LogReader();
  for await (const line of stack.logs(instance.id, { follow: false, signal })) reader.push(line);
  showLog(session, reader, judge(instance, instance, stack.byHand).message);
}

/** The end of a log, what is said about it, and what the log means. */
function showLog(session: Session, reader: LogReader, verdict: string | null = null): void {
  const print = createPrint(session);
  for (const { text } of reader.excerpt().slice(-SHOWN_LINES))
    print.text(`  bff | ${text.slice(0, LONGEST_LINE)}`, '        ', 'dim');
  if (verdict !== null) print.text(verdict);
  const diagnosis = reader.diagnosis();
  const { cause, fix } = diagnosis;
  if (isFault(diagnosis)) print.text(`${signsOf(session.human).failed} ${cause}`, '  ', 'bad');
  else print.text(cause);
  print.text(`  ${hintText(fix)}`, '  ');
  if (isFault(diagnosis)) print.text(`  ${sayWhetherIatHelps(diagnosis)}`, '  ');
}

/** Prints the demo's own text; the runs in it print theirs. Later lines of a text begin with `indent`. */
function createPrint({ human, redact, outside }: Session) {
  const text = (line: string, indent = '', look?: Look) =>
    human.print({
      text: redact(forCaller(line, outside.host.caller)),
      indent,
      ...(look === undefined ? {} : { look }),
    });
  const title = (line: string) => {
    text('');
    text(line, '', 'title');
  };
  return { text, title };
}
