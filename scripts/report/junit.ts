import { isGood, sayWhetherIatHelps } from '../core/diagnosis.ts';
import { exitCodeOf, hintText } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Run, StepRecord } from '../core/result.ts';
import type { Masker } from '../secrets/masker.ts';
import { maskRun } from './masked.ts';
import { decidingExchanges } from './outline.ts';
import { cut, toIso, toLine, toVisible } from './text.ts';
import { type Element, renderXml } from './xml.ts';

/**
 * The run as JUnit XML, for Jenkins, GitLab and Azure: one suite with the steps, then one for each request with its checks.
 * A check that failed is a `failure`; what could not be done (no answer, a broken script, Docker, files) is an `error`; what
 * was not reached is `skipped`. Of a step that tried several times the last attempt counts.
 *
 * `classname` is the path in the collection, and stays the same from run to run.
 */
export function renderJunit(run: Run, masker: Masker): string {
  const shown = maskRun(withoutMessages(run), masker, toVisible);
  const suites = [stepSuite(shown), ...requestSuites(shown)];
  return renderXml({
    name: 'testsuites',
    attributes: {
      name: shown.command,
      ...countsOf(suites.flatMap((suite) => suite.cases)),
      time: toSeconds(shown.durationMs),
    },
    content: suites.map(suiteElement),
  });
}

/** Headers and bodies are not in the document, and masking those of thousands of requests takes a moment. */
function withoutMessages(run: Run): Run {
  const bare = { headers: [], body: null };
  const strip = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: { ...exchange.request, ...bare },
    response: exchange.response && { ...exchange.response, ...bare },
  });
  const steps = run.steps.map((step) => ({
    ...step,
    attempts: step.attempts.map((attempt) => ({ ...attempt, exchanges: attempt.exchanges.map(strip) })),
  }));
  return { ...run, steps, log: [] };
}

interface Suite {
  readonly name: string;
  readonly timestamp: string | null;
  readonly timeMs: number;
  readonly properties: readonly (readonly [string, string])[];
  readonly cases: readonly Case[];
  readonly output: string;
}

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly timeMs: number;
  readonly outcome: 'passed' | 'failure' | 'error' | 'skipped';
  /** The code or kind behind an outcome other than passed. */
  readonly type: string;
  readonly message: string;
  readonly details: string;
}

function stepSuite(run: Run): Suite {
  // A step that is done twice (--clear restarts once more) is two cases.
  const unique = uniqueNames();
  return {
    name: `${run.command}: steps`,
    timestamp: toIso(run.startedAt),
    timeMs: run.durationMs,
    properties: [
      ['verdict', run.verdict],
      ['exitCode', String(run.exitCode)],
      ['version', run.version],
      ...(run.token ? [['token', run.token.handle] as const] : []),
      ...run.facts,
    ],
    cases: run.steps.map((step) => stepCase(run, step, unique(step.name))),
    output: run.warnings.map((warning) => `Warning: ${warning}`).join('\n'),
  };
}

function stepCase(run: Run, step: StepRecord, name: string): Case {
  const base = { classname: toClassname([run.command]), name, timeMs: step.durationMs };
  if (step.status === 'passed') return { ...base, outcome: 'passed', type: '', message: '', details: '' };
  if (step.status === 'skipped') return { ...base, outcome: 'skipped', type: '', message: step.summary, details: '' };
  const { error, diagnosis } = run;
  const isAnswer = error === null || exitCodeOf(error.code) === 1;
  const details = [
    error?.message,
    error?.hint && hintText(error.hint),
    diagnosis && `Cause: ${diagnosis.cause}\nFix: ${hintText(diagnosis.fix)}`,
    diagnosis && !isGood(diagnosis) && sayWhetherIatHelps(diagnosis),
    ...(diagnosis?.evidence ?? []),
  ];
  return {
    ...base,
    outcome: isAnswer ? 'failure' : 'error',
    type: error?.code ?? diagnosis?.code ?? 'failed',
    message: step.summary,
    details: details.filter(Boolean).join('\n'),
  };
}

function requestSuites(run: Run): Suite[] {
  const unique = uniqueNames();
  return run.steps.flatMap((step) =>
    decidingExchanges(step).map((exchange) =>
      requestSuite(step, exchange, unique([step.name, ...exchange.folders, exchange.name].join(' / '))),
    ),
  );
}

function requestSuite(step: StepRecord, exchange: Exchange, name: string): Suite {
  const { request, response } = exchange;
  const attempts = step.attempts.length;
  return {
    name,
    timestamp: toIso(exchange.startedAt),
    timeMs: response?.timeMs ?? 0,
    properties: [
      ['request', `${request.method} ${request.url}`],
      ...(response ? [['status', `${response.status} ${response.reason}`.trim()] as const] : []),
      ...(attempts > 1 ? [['attempts', String(attempts)] as const] : []),
    ],
    cases: checkCases(exchange),
    output: exchange.console.map((line) => `${line.level}: ${line.text}`).join('\n'),
  };
}

function checkCases(exchange: Exchange): Case[] {
  const { request, response, error } = exchange;
  const classname = toClassname([...exchange.folders, exchange.name]);
  const answered: Case = {
    classname,
    name: 'request',
    timeMs: response?.timeMs ?? 0,
    outcome: error ? 'error' : 'passed',
    type: error ? error.code || error.kind : '',
    message: error?.message ?? '',
    details: error ? `${request.method} ${request.url}\n${error.message}` : '',
  };
  const unique = uniqueNames();
  unique(answered.name);
  const checks = exchange.assertions.map((assertion): Case => {
    const failed = assertion.status === 'failed';
    const answer = response ? `${response.status} ${response.reason}` : 'no answer';
    return {
      classname,
      name: unique(assertion.name),
      timeMs: 0,
      outcome: failed ? 'failure' : assertion.status,
      type: failed ? 'AssertionError' : '',
      message: failed ? (assertion.message ?? 'the check failed') : '',
      details: failed ? `${assertion.message ?? ''}\n${request.method} ${request.url}\n${answer}` : '',
    };
  });
  return [answered, ...checks];
}

/** Gives each name as an attribute holds it, and numbers repeated ones: readers match cases from run to run by their names. */
function uniqueNames(): (name: string) => string {
  const used = new Set<string>();
  return (name) => {
    const base = toAttribute(name);
    let own = base;
    for (let count = 2; used.has(own); count++) own = `${base} (${count})`;
    used.add(own);
    return own;
  };
}

function suiteElement(suite: Suite): Element {
  const properties = suite.properties.map(([name, value]) =>
    element('property', { name: toAttribute(name), value: toAttribute(value) }),
  );
  return element(
    'testsuite',
    {
      name: suite.name,
      ...countsOf(suite.cases),
      time: toSeconds(suite.timeMs),
      // Schemas want local time without a zone; this is UTC.
      ...(suite.timestamp === null ? {} : { timestamp: suite.timestamp.slice(0, 19) }),
    },
    [
      ...(properties.length > 0 ? [element('properties', {}, properties)] : []),
      ...suite.cases.map(caseElement),
      ...(suite.output === '' ? [] : [element('system-out', {}, cut(suite.output, LONGEST))]),
    ],
  );
}

function caseElement(test: Case): Element {
  const message = test.message === '' ? {} : { message: toAttribute(test.message) };
  const attributes = { classname: test.classname, name: test.name, time: toSeconds(test.timeMs) };
  if (test.outcome === 'passed') return element('testcase', attributes);
  if (test.outcome === 'skipped') return element('testcase', attributes, [element('skipped', message)]);
  const type = toAttribute(test.type);
  return element('testcase', attributes, [element(test.outcome, { ...message, type }, cut(test.details, LONGEST))]);
}

function element(name: string, attributes: Element['attributes'], content: Element['content'] = []): Element {
  return { name, attributes, content };
}

function countsOf(cases: readonly Case[]) {
  const count = (outcome: Case['outcome']) => cases.filter((test) => test.outcome === outcome).length;
  return { tests: cases.length, failures: count('failure'), errors: count('error'), skipped: count('skipped') };
}

/** Jenkins takes the part before the last dot for a package, so that a dot inside a name would split it. */
function toClassname(path: readonly string[]): string {
  return path.map((part) => toAttribute(part).replaceAll('.', '_') || '_').join('.');
}

function toAttribute(text: string): string {
  return cut(toLine(text), 1000);
}

function toSeconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(3);
}

const LONGEST = 16_000;
