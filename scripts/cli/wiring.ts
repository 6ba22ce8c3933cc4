import { findComposeFiles, findComposeStack } from '../compose/compose-stack.ts';
import { AppError, exitCodeOf } from '../core/errors.ts';
import type { Collections, Output } from '../core/ports.ts';
import { proxyVariable } from '../core/proxy.ts';
import type { StepName } from '../core/result.ts';
import { parseProgram } from '../core/shell.ts';
import type { Stack } from '../core/stack.ts';
import { findKubernetesStack } from '../kubernetes/kubernetes-stack.ts';
import { reachFromHere } from '../platform/ask-url.ts';
import { openCaFile } from '../platform/ca-file.ts';
import { changedAt } from '../platform/changed-at.ts';
import { type Deadline, deadline, systemClock } from '../platform/clock.ts';
import { openFileWatch } from '../platform/file-watch.ts';
import { createFiles } from '../platform/files.ts';
import { openHost, type Process } from '../platform/host.ts';
import { openLocalSocket } from '../platform/local-socket.ts';
import { readLog, readLogFile } from '../platform/log-file.ts';
import { writeNew } from '../platform/new-file.ts';
import { clearScreen, createOutput, tapWrites } from '../platform/output.ts';
import { writePrivate } from '../platform/private-file.ts';
import { createProcesses } from '../platform/processes.ts';
import { askHidden, askLine, askYesNo, readAll } from '../platform/prompt.ts';
import { realPath } from '../platform/real-path.ts';
import { reportFiles } from '../platform/report-folder.ts';
import { startDetached } from '../platform/start-detached.ts';
import { makeTemporaryFolder } from '../platform/temporary-folder.ts';
import { turnFile } from '../platform/turn-file.ts';
import { startWatchdog, writeNow } from '../platform/watchdog.ts';
import { createRunnerMask, openCiLog } from '../platform/workflow-commands.ts';
import { createCollections, isReporterInstalled } from '../postman/newman.ts';
import { startNewmanWorker } from '../postman/newman-worker.ts';
import { priorValueIn } from '../report/keep.ts';
import { placeOfObject } from '../report/pods.ts';
import type { Tools } from '../runbook/job.ts';
import type { FailingCluster } from '../sandbox/cluster/failing-cluster.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { StreamName } from '../secrets/leak-guard.ts';
import { readAdminToken } from './admin-token.ts';
import type { Settings } from './settings.ts';

export type { FailingCluster } from '../sandbox/cluster/failing-cluster.ts';
export type { Sandbox } from '../sandbox/sandbox.ts';

/** The outside, as far as it does not depend on settings. */
export type Outside = ReturnType<typeof openOutside>;

/**
 * This file is the one place where the edges are plugged in: Docker, the sandbox, Newman, files, clock, terminal.
 *
 * @param see gets what is written to the terminal
 */
export function openOutside(process: Process, see: (stream: StreamName, text: string) => void) {
  const host = openHost(process);
  const unheard = {
    stdout: tapWrites(host.stdout, (text) => see('stdout', text)),
    stderr: tapWrites(host.stderr, (text) => see('stderr', text)),
  };
  const looks = looksOf(host.args, host.env);
  const notes: string[] = [];
  // With `--json` stdout is the document's; the runner reads both.
  const channel = host.args.includes('--json')
    ? ({ descriptor: 2, write: unheard.stderr } as const)
    : ({ descriptor: 1, write: unheard.stdout } as const);
  const files = createFiles({ processes: createProcesses(host.env), say: (note) => notes.push(note) });
  return {
    host,
    stdout: createOutput(host.stdout, looks, host.platform),
    stderr: createOutput(host.stderr, looks, host.platform),
    /** Asks for yes or no on the terminal; null where no person can be asked. */
    confirm: (question: string, terminal: Output): Promise<boolean | null> =>
      canConfirm(host, terminal)
        ? askYesNo(question, host.stdin, terminal, host.interruption.signal)
        : Promise.resolve(null),
    /** A line of text from the terminal; null where no person can be asked. */
    ask: (question: string, terminal: Output): Promise<string | null> =>
      canConfirm(host, terminal)
        ? askLine(question, host.stdin, terminal, host.interruption.signal)
        : Promise.resolve(null),
    /** In GitHub Actions the runner's log shows `***` for it from now on. The one line of output that holds a secret. */
    hideFromRunner: createRunnerMask(host.env, channel),
    /** Writes a line as it is, for the log reader of a CI, where people read, too; null: none reads it. */
    ciLog: openCiLog(host.args.includes('--json') ? host.stderr : host.stdout),
    /** Writes to a stream before it returns, for a process that is about to end. */
    sayNow: writeNow,
    clock: systemClock,
    files,
    writeNew,
    realPath,
    /** As a run finds them. */
    findComposeFiles: (named: readonly string[] | null) =>
      findComposeFiles(named, host.cwd, async (path) => (await files.read(path)) !== null),
    /** What the reader should know about files, in sentences. */
    notes,
    reportFiles,
    /** What happens to files from now on. */
    watchFiles: (paths: readonly string[]) => openFileWatch(paths, systemClock),
    /** Of a terminal. */
    clearScreen: () => clearScreen(host.stdout),
    startNewmanWorker,
    startDetached,
    /** The interruption, or the end of the time for the whole run. */
    limit: (timeoutMs: number) => deadline(timeoutMs, host.interruption.signal, () => overtime(timeoutMs)),
    /**
     * Holds the time limit against work that never lets go of the process, which then ends.
     *
     * @param onEnd says and writes what it can without waiting for anything
     */
    watch: ({ left }: Pick<Deadline, 'left'>, onEnd: () => void) =>
      host.isWhole
        ? startWatchdog({
            leftMs: left,
            onBlocked: host.interruption.release,
            onBack: host.interruption.take,
            onEnd,
            exitCode: exitCodeOf('timeout'),
            lastWords:
              '\nThe run took longer than --timeout allows and could not be stopped, so the process was killed.\n',
          })
        : null,
    /** What a fault of the sandbox is; without a name, all of them, a line each. Throws `bad-value` for another name. */
    async faults(name?: string): Promise<string> {
      const { FAULTS, listFaults, parseFault } = await import('../sandbox/faults.ts');
      return name === undefined ? listFaults() : FAULTS[parseFault(name).name].description;
    },
    /**
     * The sandbox in a folder of its own, with a BFF that fails because it has no token.
     *
     * @param fault what goes wrong besides, as the sandbox names it
     */
    async openSandbox(fault?: string): Promise<Sandbox> {
      const { startSandbox } = await import('../sandbox/sandbox.ts');
      const folder = await makeTemporaryFolder();
      const sandbox = await startSandbox({
        dir: folder.path,
        signal: host.interruption.signal,
        // A BFF that has ended stays stopped and can be inspected, except with the fault crash-loop.
        restart: fault === 'crash-loop' ? 'always' : 'no',
        startBff: true,
        fault: fault ?? null,
      }).catch(async (error: unknown) => {
        await folder.remove();
        throw error;
      });
      await untilEnded(sandbox.stack, host.interruption.signal);
      return {
        ...sandbox,
        async close() {
          await sandbox.close();
          await folder.remove();
        },
      };
    },
    /**
     * A small cluster in a folder of its own, with a Deployment whose pods fail because they have no token.
     *
     * @param kubectl the program that is to reach it
     * @throws AppError `usage` where there is no such program
     */
    async openCluster(kubectl: string): Promise<FailingCluster> {
      const { signal } = host.interruption;
      const { file, args } = parseProgram(kubectl);
      const { exitCode } = await createProcesses(host.env).run(
        { file, args: [...args, 'version', '--client'] },
        { signal, timeoutMs: 20_000 },
      );
      if (exitCode !== 0) {
        throw new AppError('usage', `There is no ${kubectl} here, and the demo on a cluster goes through it.`, {
          hint: 'Install kubectl, or see the same story without it: npm run demo.',
        });
      }
      const { startFailingCluster } = await import('../sandbox/cluster/failing-cluster.ts');
      const folder = await makeTemporaryFolder();
      const cluster = await startFailingCluster(folder.path, signal).catch(async (error: unknown) => {
        await folder.remove();
        throw error;
      });
      return {
        ...cluster,
        async close() {
          await cluster.close();
          await folder.remove();
        },
      };
    },
  };
}

/** Whether a person is at the terminal. */
function isAttended({ stdin }: ReturnType<typeof openHost>, terminal: Output): boolean {
  return stdin.isTTY && terminal.isTerminal;
}

/** With `--json` a program reads, and cannot answer. */
function canConfirm(host: ReturnType<typeof openHost>, terminal: Output): boolean {
  return isAttended(host, terminal) && !host.args.includes('--json');
}

/** The environment as far as it decides how text looks, with Newman's `--color` and `--disable-unicode`. */
function looksOf(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const at = args.findIndex((arg) => /^--color(?:=|$)/.test(arg));
  const color = at < 0 ? undefined : (args[at]?.split('=')[1] ?? args[at + 1]);
  return {
    ...env,
    ...(color === 'off' ? { NO_COLOR: '1' } : color === 'on' ? { NO_COLOR: '', FORCE_COLOR: '1' } : {}),
    ...(args.includes('--disable-unicode') ? { IAT_PLAIN_SIGNS: '1' } : {}),
  };
}

export function overtime(timeoutMs: number, during: StepName | null = null): AppError {
  const where = during === null ? '' : ` The step ${during} never came to its end.`;
  return new AppError('timeout', `The run took longer than ${timeoutMs / 1_000} s.${where}`, {
    hint: 'Give it more time with --timeout SECONDS. Running again is safe.',
  });
}

/** Waits until the BFF has failed, and its log is whole. */
async function untilEnded(stack: Stack, signal: AbortSignal): Promise<void> {
  const [instance] = await stack.instances(signal);
  if (instance === undefined) return;
  const lines = stack.logs(instance.id, { follow: true, signal })[Symbol.asyncIterator]();
  while ((await lines.next()).done !== true);
}

const TOKEN_QUESTION = 'Admin access token of the IdP (hidden): ';

/** What the steps of a run use. */
export function createTools(
  outside: Outside,
  settings: Settings,
  run: {
    /** null: Docker. */
    readonly sandbox: Sandbox | null;
    /** The value of IAT_ADMIN_TOKEN, from the environment or `.env`. */
    readonly adminToken: string | null;
    readonly terminal: Output;
    learn: Tools['learn'];
    /** Asks a question on the terminal, which is free for it meanwhile; no time counts until the answer. */
    ask<Answer>(question: () => Promise<Answer>): Promise<Answer>;
  },
): Tools {
  const { files, host } = outside;
  const { sandbox } = run;
  let stack: Stack | null = null;
  const closing = new AbortController();
  const caFile = settings.caFile === null ? null : openCaFile(settings.caFile, files, outside.clock.date);
  const isAsked = isAttended(host, run.terminal);
  return {
    clock: outside.clock,
    files,
    turnFile: (subject) => turnFile(subject, host.env),
    collections: withCaFile(
      createCollections(
        (secret) => run.learn(secret, 'found'),
        host.env,
        settings.resolve ?? [],
        outside.startNewmanWorker,
      ),
      caFile,
    ),
    async findStack(purpose, signal) {
      const { service, variable, composeFiles, composeProject, noDeps, engine } = settings;
      const write = writeTargetOf(settings);
      const { cwd, platform, env } = host;
      const edges = { processes: createProcesses(env), clock: outside.clock, files };
      if (write.on === 'cluster') {
        const { context, namespace, container, kubectl } = settings;
        const { force: isForced, bffUrl, healthTimeoutMs } = settings;
        const named = { workload: write.workload, context, namespace, container, kubectl, variable };
        const how = { write: write.to, isForced, hasBffUrl: bffUrl !== null, healthTimeoutMs };
        stack = await findKubernetesStack(
          { ...named, ...how, platform, env },
          { ...edges, openSocket: openLocalSocket },
          purpose,
          AbortSignal.any([signal, closing.signal]),
        );
        return stack;
      }
      if (sandbox !== null) return sandbox.stack.forRun({ service, variable, write: write.to });
      const isExported = (name: string) => env[name] !== undefined;
      const options = { service, variable, write: write.to, composeFiles, project: composeProject, noDeps, engine };
      return findComposeStack(
        { ...options, cwd, platform, env, realPath, isExported, changedAt },
        edges,
        purpose === 'clear' ? 'look' : purpose,
        signal,
      );
    },
    stackDetails: () => stack?.details?.() ?? null,
    async closeStack() {
      // It may still be looked for.
      closing.abort(new AppError('interrupted', 'The run has ended.'));
      await stack?.close?.();
    },
    adminTokenFrom:
      sandbox !== null
        ? 'sandbox'
        : settings.adminTokenFile !== null
          ? 'file'
          : run.adminToken !== null
            ? 'variable'
            : null,
    async adminToken(ask) {
      // There is no time limit at the prompt; only an interruption ends the wait.
      const { signal } = host.interruption;
      if (sandbox !== null) return sandbox.adminToken;
      return readAdminToken({
        variable: run.adminToken,
        file: settings.adminTokenFile,
        files,
        readStdin: () => readAll(host.stdin, signal),
        ask: ask && isAsked ? () => run.ask(() => askHidden(TOKEN_QUESTION, host.stdin, run.terminal, signal)) : null,
      });
    },
    confirm: canConfirm(host, run.terminal)
      ? (question) => run.ask(() => askYesNo(question, host.stdin, run.terminal, host.interruption.signal))
      : null,
    async reach(url, signal) {
      const proxy = proxyVariable(url, host.env);
      if (proxy !== null) return { kind: 'unknown', why: `this machine asks it through a proxy (${proxy})` };
      const ask = (pemFile: string | null) => reachFromHere(url, { ...settings, caFile: pemFile }, signal);
      return caFile === null ? ask(null) : caFile.use(ask);
    },
    logFile: (path, signal) => (path === '-' ? readLog(host.stdin, signal) : readLogFile(path, signal)),
    learn: run.learn,
    async priorValue(place) {
      const details = stack?.details?.();
      const known = details === undefined ? place : placeOfObject(details, place);
      return priorValueIn(await outside.reportFiles.runs(settings.reports), known);
    },
    verifyCaFile: async () => (await caFile?.verify()) ?? [],
    hasReporter: isReporterInstalled,
    writePrivate,
    async verifyReports() {
      await outside.reportFiles.verify(settings.reports);
    },
  };
}

/**
 * Where the value may be written, by what runs the BFF.
 *
 * @throws AppError `bad-value` for what belongs to the other one
 */
function writeTargetOf({ kubernetes, write }: Settings) {
  if (kubernetes === null) {
    if (write === 'secret' || write === 'own-secret')
      throw new AppError('bad-value', `--write ${write} is for a cluster.`, {
        hint: 'Name the workload with --kubernetes, or say --write compose or env-file.',
      });
    return { on: 'compose', to: write } as const;
  }
  if (write === 'compose' || write === 'env-file')
    throw new AppError('bad-value', `--write ${write} is for compose, and --kubernetes names a workload.`, {
      hint: 'Say --write secret or own-secret, or leave it out.',
    });
  return { on: 'cluster', workload: kubernetes, to: write } as const;
}

/** Newman gets the CA's certificates in PEM. */
function withCaFile(collections: Collections, caFile: ReturnType<typeof openCaFile> | null): Collections {
  if (caFile === null) return collections;
  return {
    get engine() {
      return collections.engine;
    },
    preload: (count) => collections.preload(count),
    close: () => collections.close(),
    run: (options) =>
      caFile.use((pemFile) => collections.run({ ...options, tls: { ...options.tls, caFile: pemFile } })),
  };
}
