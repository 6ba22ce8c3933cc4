import { type AppError, exitCodeOf, toAppError } from '../core/errors.ts';
import { type KubernetesFacts, type ReportPaths, type Run, type StepName, toFailure } from '../core/result.ts';
import { toPlain } from '../core/visible.ts';
import { scriptName } from '../report/words.ts';
import type { Context, Tools } from '../runbook/job.ts';
import { type Outcome, Recorder, type StepScope } from '../runbook/recorder.ts';
import { terminalLeak } from '../secrets/leak-guard.ts';
import { SHORTEST_MASKED } from '../secrets/values.ts';
import { type ForCi, openForCi } from './annotate.ts';
import { describeCause } from './cause.ts';
import { writeNamedReports } from './named-reports.ts';
import { openPage } from './open-page.ts';
import { renderFailure, renderOutcome } from './outcome.ts';
import type { Arguments } from './parse.ts';
import { createProgress } from './progress.ts';
import { addStepSummary, loadRenderers, writeReports } from './reports.ts';
import { writeReportsNow } from './reports-now.ts';
import { withSameOptions } from './same-options.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import { type Layout, signsOf } from './terminal-text.ts';
import { createTools, overtime, type Sandbox } from './wiring.ts';

/** One run: a job, its planned steps, and what does them. */
export interface Work {
  readonly command: string;
  readonly steps: readonly StepName[];
  /** Each step is an answer of its own, and its line shows the outcome, also where it failed or was skipped. */
  readonly showsEachOutcome?: boolean;
  /** The settings, or what is wrong with them. */
  readonly settings: Settings | Error;
  /** The value of IAT_ADMIN_TOKEN from the environment or `.env`. */
  readonly adminToken: string | null;
  /** The options as they were typed, for the commands that are advised. */
  readonly given?: Arguments['values'];
  /** The embedded sandbox: one that runs already, or how to start one for this run; null: Docker. */
  readonly sandbox: Sandbox | (() => Promise<Sandbox>) | null;
  /** Whether `--open` counts for a run that ended so, as not all of several are opened; absent: always. */
  opens?(run: Run): boolean;
  run(context: Context): Promise<Outcome>;
}

/** Steps that mostly wait, for a container or for answers. */
const WAITING: readonly StepName[] = ['restart', 'health', 'collection'];

/** Does the work, writes the reports and prints the outcome. Never throws; the run has the exit code. */
export async function execute(session: Session, work: Work): Promise<Run> {
  return conclude(session, work, await perform(session, work));
}

/** Work that has been done, and what came of it; nothing of that has been printed or reported. */
export interface Performed {
  readonly run: Run;
  /** What it failed with. */
  readonly error: unknown;
  /** Ends the watch over the time limit, which also holds for the reports. */
  stopWatchdog(): void;
}

/** Does the work, and prints its steps, where it is not `quietly` done. Never throws. */
export async function perform(session: Session, work: Work, how?: 'quietly'): Promise<Performed> {
  const { outside, masker, human, redact } = session;
  const settings = work.settings instanceof Error ? null : work.settings;
  const progress = createProgress(human, redact, {
    ...(settings ?? { quiet: true, verbose: false }),
    showsEachOutcome: work.showsEachOutcome ?? false,
    ...(how === 'quietly' || settings?.reporters?.includes('cli') === false ? { quiet: true } : {}),
    showsRequests: work.command === 'collection',
    parallel: settings?.parallel ?? 1,
  });
  const crash = new AbortController();
  const crashed = new Promise<never>((_, reject) => {
    crash.signal.addEventListener('abort', () => reject(crash.signal.reason), { once: true });
  });
  // It may happen between the steps, too.
  crashed.catch(() => {});
  const recorder = new Recorder(
    outside.clock,
    (event) => {
      progress.handle(event);
      // Loading the renderers takes a moment; a container that starts, or requests that are answered, take longer.
      if (event.type === 'step-started' && WAITING.includes(event.name)) void loadRenderers();
    },
    crashed,
  );
  let outcome: Outcome;
  let started: Sandbox | null = null;
  let tools: Tools | null = null;
  const startSandbox = async (scope: StepScope) => {
    scope.progress('starting an IdP and a BFF');
    started = await (work.sandbox as () => Promise<Sandbox>)();
    scope.summary(`IdP ${started.idpUrl}; the BFF failed because it has no token`);
    return started;
  };
  const limit = outside.limit(settings?.timeoutMs ?? 0);
  session.onCrash = (error) => crash.abort(toAppError(error));
  const watchdog = settings === null ? null : outside.watch(limit, () => endNow(session, work, settings, recorder));
  try {
    if (settings === null) throw work.settings;
    const sandbox = typeof work.sandbox === 'function' ? await recorder.step('sandbox', startSandbox) : work.sandbox;
    tools = createTools(outside, settings, {
      sandbox,
      adminToken: work.adminToken,
      terminal: human,
      learn(secret, how) {
        masker.add(secret, how ?? 'certain');
        if (how !== 'found' && secret.length >= SHORTEST_MASKED) outside.hideFromRunner(secret);
      },
      ask(question) {
        progress.pause();
        limit.pause();
        return recorder.ask(question).finally(limit.resume);
      },
    });
    const { kubernetes } = settings;
    const named = kubernetes === null ? settings : { ...settings, service: kubernetes.replace(/^.*\//, '') };
    const job = sandbox === null ? named : { ...named, idpUrl: sandbox.idpUrl, bffUrl: sandbox.bffUrl };
    const signal = AbortSignal.any([limit.signal, crash.signal]);
    outcome = await Promise.race([work.run({ job, tools, recorder, signal }), limit.abandoned, crashed]);
  } catch (error) {
    outcome = { verdict: 'failed', error };
  } finally {
    session.onCrash = null;
    limit.clear();
    tools?.collections.close();
    await tools?.closeStack();
  }
  // Its next steps would be about a stack that is gone in a moment.
  if (started !== null) {
    const gone = {
      text: 'This ran in the sandbox, which is gone now. On your own stack:',
      command: `npm run ${scriptName(work.command)}`,
    };
    outcome = { ...outcome, next: [gone] };
  }
  outcome = { ...outcome, facts: [...(outcome.facts ?? []), ['Run on', outside.host.title]] };
  const bare = recorder.finish(outcome, {
    command: work.command,
    version: outside.host.version,
    planned: work.steps,
    signalExitCode: outside.host.interruption.exitCode(),
  });
  const details = tools?.stackDetails() ?? null;
  const whole = details === null ? bare : { ...bare, kubernetes: withChange(details, outcome) };
  const finished = withSameOptions(whole, work.given ?? {}, outside.host);
  await (started as Sandbox | null)?.close();
  return { run: finished, error: outcome.error, stopWatchdog: () => watchdog?.stop() };
}

/** Writes the reports of what has been done, and prints the outcome. Never throws; the run has the exit code. */
export async function conclude(
  session: Session,
  work: Pick<Work, 'settings' | 'opens'>,
  { run: finished, error, stopWatchdog }: Performed,
): Promise<Run> {
  const { outside, masker, human, redact } = session;
  const settings = work.settings instanceof Error ? null : work.settings;
  const ended = endedBy(finished, terminalLeak(session.transcript));
  for (const note of outside.notes) human.print('', { text: redact(note), indent: '' });
  const forCi = await openForCi(session, ended, settings);
  const { run: reported, reports } = await report(session, ended, settings, forCi);
  const run = annotate(forCi, await summarize(session, reported), reports);
  const layout = { columns: human.columns, signs: signsOf(human), quiet: settings?.quiet ?? false, redact };
  human.print(...renderOutcome(run, reports, layout));
  if (settings?.verbose && error !== undefined) human.print('', ...describeCause(error).map(redact));
  if (session.json) {
    const { renderResult } = await loadRenderers();
    outside.stdout.print(...renderResult(run, reports, masker).trimEnd().split('\n'));
  }
  if (settings?.open && reports.html !== null && work.opens?.(run) !== false) await openPage(session, reports.html);
  stopWatchdog();
  return verifyLastOutput(session, run, layout);
}

/** Where it was at work, with what it changed there and how its instances stand. */
function withChange(
  details: Omit<KubernetesFacts, 'wrote' | 'before' | 'pods'>,
  { change, instances = [] }: Outcome,
): KubernetesFacts {
  const { wrote = null, before = null } = change ?? {};
  const isThere = wrote === 'secret' || wrote === 'own-secret';
  return { ...details, wrote: isThere ? wrote : null, before, pods: instances };
}

/** The end of a run whose work never lets go of the process, in the middle of that: what is said and written at once. */
function endNow({ outside, masker, json, redact }: Session, work: Work, settings: Settings, recorder: Recorder): void {
  const about = { command: work.command, version: outside.host.version };
  const run = recorder.cutShort((during) => overtime(settings.timeoutMs, during), about);
  const { document, folder } = writeReportsNow(run, masker, outside.reportFiles, settings.reports);
  const report = folder === null ? [] : [`  Report: ${folder}`];
  const lines = ['', run.error?.message ?? '', `  ${run.error?.hint?.text ?? ''}`, ...report];
  outside.sayNow('stderr', lines.map((line) => `${toPlain(redact(line))}\n`).join(''));
  if (json) outside.sayNow('stdout', document);
}

/** What was printed at the very end is searched as well; a leak found there can only change the exit code and one message. */
function verifyLastOutput({ transcript, human }: Session, run: Run, layout: Layout): Run {
  const leak = run.error?.code === 'leak' ? null : terminalLeak(transcript);
  const ended = endedBy(run, leak);
  if (leak !== null && ended.error !== null) human.print('', ...renderFailure(ended.error, layout));
  return ended;
}

/** The run, failed for another reason than its own. */
function endedBy(run: Run, error: AppError | null): Run {
  if (error === null) return run;
  return { ...run, verdict: 'failed', exitCode: exitCodeOf(error.code), error: toFailure(error) };
}

/** Writes the reports. A failure to do so does not hide the failure of the run, but a leak beats everything. */
async function report(
  { outside, masker, human, redact }: Session,
  run: Run,
  settings: Settings | null,
  forCi: ForCi | null,
) {
  const none: ReportPaths = { html: null, junit: null, json: null };
  // The folder of the reports is a setting.
  if (settings === null) return { run, reports: none };
  try {
    const {
      run: compared,
      paths,
      notes,
    } = await writeReports(run, masker, outside.reportFiles, settings, forCi?.files(run));
    const named = await writeNamedReports(compared, masker, outside.reportFiles, settings);
    for (const path of named) notes.push(`Written: ${path}`);
    for (const note of notes) human.print('', { text: redact(note), indent: '' });
    return { run: compared, reports: paths };
  } catch (error) {
    const failure = toAppError(error);
    if (run.error !== null && failure.code !== 'leak') {
      // Preflight may have said the same already.
      if (failure.message !== run.error.message) human.print('', { text: redact(failure.message), indent: '' });
      return { run, reports: none };
    }
    return { run: endedBy(run, failure), reports: none };
  }
}

/** Has the CI show where it failed. Only a leak changes how the run ended. */
function annotate(forCi: ForCi | null, run: Run, { html }: ReportPaths): Run {
  try {
    forCi?.print(run, html);
    return run;
  } catch (error) {
    return endedBy(run, toAppError(error));
  }
}

/** Adds the run to the job's page in GitHub Actions. Only a leak changes how the run ended. */
async function summarize({ outside, masker, human, redact }: Session, run: Run): Promise<Run> {
  try {
    const problem = await addStepSummary(run, masker, outside.reportFiles, outside.host.env['GITHUB_STEP_SUMMARY']);
    if (problem !== null) human.print('', { text: redact(problem), indent: '' });
    return run;
  } catch (error) {
    return endedBy(run, toAppError(error));
  }
}
