import { dirname } from 'node:path';
import { AppError } from '../core/errors.ts';
import { type Exchange, isPassed } from '../core/exchange.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type {
  ClientCertificate,
  CollectionOutcome,
  CollectionRun,
  ExportName,
  LocalFiles,
  NewmanOptions,
} from '../core/ports.ts';
import type { CollectionFacts, RunCounts, StepName } from '../core/result.ts';
import { readClientCertificates } from '../postman/client-certificates.ts';
import { describeEarlyEnd, originsOf, planItems, type RequestPlan, titleOf, toRun } from '../postman/request-plan.ts';
import { descriptionOf, treeOf } from '../postman/tree.ts';
import { warnOfUnusedToken } from './authorization.ts';
import type { CollectionJob } from './collection-job.ts';
import { partsOf, runParts } from './collection-parts.ts';
import { describeFailure, describePasses, describeSkips } from './health.ts';
import type { Context, Tools } from './job.ts';
import { openCollection, warnOf } from './preflight.ts';
import type { Outcome, StepScope } from './recorder.ts';
import { listNames } from './some-of-many.ts';

export const COLLECTION_STEPS: readonly StepName[] = ['preflight', 'collection'];

/** Newman waits for ever. One request may take this long, unless `--timeout-request` says otherwise. */
const REQUEST_TIMEOUT_MS = 300_000;

/**
 * `npm run collection`: a collection, or folders and requests of it, as `newman run` runs them. A script may end the run early
 * (`setNextRequest(null)`): what ran has passed then, as in Newman, and the step says how much that was.
 *
 * @throws AppError `assertion-failed`
 */
export async function runCollection(context: Context, job: CollectionJob): Promise<Outcome> {
  const { tools, recorder } = context;
  const { plan, options } = await recorder.step('preflight', async (scope) => {
    tools.collections.preload(job.parallel);
    const planned = planItems(await openCollection({ ...context, job }, scope), job.names, job.folders ?? []);
    const given = await readOptions(job, tools, scope);
    await tools.verifyReports();
    scope.fact('Hosts', originsOf(planned));
    warnOf({ ...context, job }, scope, planned);
    warnOfUnusedToken({ ...context, job }, scope, planned);
    scope.summary(titleOf(planned));
    return { plan: planned, options: given };
  });
  await recorder.step('collection', (scope) => runPlan(context, scope, job, plan, options));
  return { verdict: 'passed' };
}

async function runPlan(
  { tools, recorder, signal }: Context,
  scope: StepScope,
  job: CollectionJob,
  plan: RequestPlan,
  options: NewmanOptions,
): Promise<void> {
  const facts = factsOf(plan, job);
  scope.collection(facts);
  scope.progress(titleOf(plan));
  const startMs = recorder.elapsedMs();
  const toAttempt = (passed: boolean, exchanges: readonly Exchange[]) => ({
    startMs,
    durationMs: recorder.elapsedMs() - startMs,
    passed,
    exchanges,
  });
  let count = 0;
  const total = plan.requests.length * facts.iterations;
  const run: CollectionRun = {
    ...toRun(plan, job, {
      requestTimeoutMs: job.timeoutRequestMs ?? REQUEST_TIMEOUT_MS,
      local: localFilesOf(job),
      signal,
      isBounded: false,
    }),
    onExchange: (exchange) => scope.exchange(exchange, ++count, total),
  };
  const whole = { ...run, newman: { ...run.newman, ...options } };
  const parts = job.parallel === 1 ? [whole] : partsOf(whole, plan, facts.iterations);
  const { exchanges, counts, exports } = await runParts(parts, job.parallel, {
    run: (part) => tools.collections.run(part),
    onCut: (answered) => scope.attempt(toAttempt(false, answered)),
  });
  scope.collection({ ...facts, counts: counts === undefined ? null : countIterations(counts, facts) });
  const failed = exchanges.filter((exchange) => !isPassed(exchange));
  const attempt = toAttempt(failed.length === 0, exchanges);
  scope.attempt(attempt);
  await writeExports(job, tools, scope, exports);
  const early = job.bail === null || failed.length === 0 ? describeEarlyEnd(plan, exchanges) : null;
  if (early !== null) scope.note(`${early}.`);
  const unnoticed = describeUnnoticed(exchanges);
  if (unnoticed !== null) scope.note(unnoticed);
  if (failed.length > 0) {
    const message = `${failed.length} of ${exchanges.length} requests failed. ${describeFailure(attempt)}.`;
    throw new AppError('assertion-failed', message, {
      hint: 'The report shows each of them, with the expected and the actual result.',
    });
  }
  if (exchanges.every(({ isSkipped }) => isSkipped)) {
    scope.warn(`No request was sent${exchanges.length === 0 ? '' : `: ${describeSkips(exchanges)}`}.`);
  }
  scope.summary(early ?? describePasses(exchanges, exchanges.length));
}

/** What a reader of "passed" would not expect: errors that no check looks at, which pass as in Newman. null: none. */
function describeUnnoticed(exchanges: readonly Exchange[]): string | null {
  const names = exchanges.flatMap(({ name, response, assertions }) =>
    response !== null && response.status >= 400 && assertions.length === 0 ? [`"${name}" (${response.status})`] : [],
  );
  if (names.length === 0) return null;
  return `Answered with an error that no check looks at, which counts as passed: ${listNames([...new Set(names)])}.`;
}

function factsOf({ collection, places, isWhole, data }: RequestPlan, job: CollectionJob): CollectionFacts {
  const { htmlextra, html } = job.reporterOptions;
  const titles = [job.title, htmlextra?.['title'], htmlextra?.['browserTitle'], html?.['title']];
  return {
    name: collection.info.name ?? '',
    description: descriptionOf(collection.info),
    title: titles.find((each): each is string => typeof each === 'string') ?? null,
    tree: treeOf(collection, isWhole ? null : places),
    selection: isWhole ? [] : [...job.names, ...(job.folders ?? [])],
    // As many as there are rows, and in Newman one where there is neither.
    iterations: job.iterationCount ?? (data?.length || 1),
    data: data ?? [],
    counts: null,
  };
}

/** Parts that run at the same time count their own iterations. */
function countIterations(counts: RunCounts, { iterations }: CollectionFacts): RunCounts {
  const total = Math.min(counts.iterations.total, iterations);
  return { ...counts, iterations: { total, failed: Math.min(counts.iterations.failed, total) } };
}

/** What is given for the run beyond what the plan has. Throws `bad-value`. */
async function readOptions(job: CollectionJob, tools: Tools, scope: StepScope): Promise<NewmanOptions> {
  const wanted = exportsOf(job).map(([name]) => name);
  const foreign = (job.reporters ?? []).filter((name) => !OWN_REPORTERS.includes(name));
  if (job.parallel > 1 && wanted.length + foreign.length > 0) {
    const what = wanted.length > 0 ? `--export-${wanted[0]}` : `The reporter ${foreign[0]}`;
    throw new AppError('bad-value', `${what} needs one run, and --parallel ${job.parallel} makes several.`, {
      hint: 'Leave one of the two out.',
    });
  }
  for (const name of foreign) {
    if (!tools.hasReporter(name)) {
      throw new AppError('bad-value', `The reporter ${name} is not installed.`, {
        hint: `Own ones are cli, json, junit, html and htmlextra. Else: npm install newman-reporter-${name}`,
      });
    }
    scope.warn(`The reporter ${name} is of another maker: it sees every secret of the run, and may write them.`);
  }
  const { iterationCount, delayRequestMs, timeoutScriptMs, bail } = job;
  return {
    ...(iterationCount === null ? {} : { iterationCount }),
    ...(delayRequestMs === null ? {} : { delayMs: delayRequestMs }),
    ...(timeoutScriptMs === null ? {} : { scriptTimeoutMs: timeoutScriptMs }),
    ...(bail === null ? {} : { bail }),
    ignoreRedirects: job.ignoreRedirects,
    ...(job.cookieJar === null ? {} : { cookieJar: await verifyCookieJar(job.cookieJar, tools) }),
    clientCertificates: await readCertificates(job, tools),
    exports: wanted,
    ...(foreign.length === 0
      ? {}
      : { reporters: foreign.map((name) => ({ name, options: job.reporterOptions[name] ?? {} })) }),
  };
}

/** Reporters of Newman itself, in whose place ours are. */
const OWN_REPORTERS = ['cli', 'json', 'junit', 'html', 'htmlextra', 'progress', 'emojitrain'];

async function readCertificates(job: CollectionJob, tools: Tools): Promise<readonly ClientCertificate[]> {
  const certificates = await readClientCertificates(job, tools.files);
  for (const { passphrase } of certificates) if (passphrase !== null) tools.learn(passphrase);
  return certificates;
}

/** The file, once it is known to be one. */
async function verifyCookieJar(file: string, { files }: Tools): Promise<string> {
  const bytes = await files.read(file);
  const jar = bytes === null ? null : jsonOrNull(new TextDecoder().decode(bytes));
  if (isRecord(jar)) return file;
  throw new AppError('bad-value', `${bytes === null ? 'There is no cookie jar at' : 'No cookie jar is in'} ${file}.`, {
    hint: 'It is the JSON that --export-cookie-jar writes.',
  });
}

function exportsOf(job: CollectionJob): [ExportName, string][] {
  const all: [ExportName, string | null][] = [
    ['environment', job.exportEnvironment],
    ['globals', job.exportGlobals],
    ['collection', job.exportCollection],
    ['cookie-jar', job.exportCookieJar],
  ];
  return all.filter((each): each is [ExportName, string] => each[1] !== null);
}

async function writeExports(
  job: CollectionJob,
  tools: Tools,
  scope: StepScope,
  exports: CollectionOutcome['exports'] = {},
): Promise<void> {
  for (const [name, path] of exportsOf(job)) {
    const content = exports[name];
    if (content === undefined) continue;
    const written = await tools.writePrivate(path, `newman-${name}.json`, `${JSON.stringify(content, null, 2)}\n`);
    scope.warn(`${written} holds the ${name} after the run, with its secrets; only you can read it.`);
  }
}

/**
 * As in Newman, paths start from `--working-dir` or where the command was typed; what is not there is beside the collection,
 * where Postman's users keep it.
 */
export function localFilesOf(job: CollectionJob): LocalFiles {
  const { collection, workingDir, typedFrom, composeFiles, reports, insecureFileRead } = job;
  const beside = dirname(collection);
  const own = workingDir ?? typedFrom;
  return {
    workingDirs: workingDir === null && insecureFileRead ? [own, beside] : [own],
    folders: insecureFileRead ? [...new Set([beside, typedFrom, own])] : [own],
    withheld: [reports, ...(composeFiles ?? [])],
  };
}
