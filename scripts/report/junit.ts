import { isGood, sayWhetherIatHelps } from '../core/diagnosis.ts';
import { exitCodeOf, hintText } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Run, StepRecord } from '../core/result.ts';
import { toVisible, withoutCommands } from '../core/visible.ts';
import type { Masker } from '../secrets/masker.ts';
import { maskRun } from './masked.ts';
import { answerOf, decidingExchanges, iterationOf, withoutMessages } from './outline.ts';
import { groupPods, placeInCluster, podsInWords, problemOf } from './pods.ts';
import { cut, toIso, toLine } from './text.ts';

/**
 * The run as JUnit XML, for Jenkins, GitLab and Azure: one suite with the steps, then one for each request with its checks.
 * A check that failed is a `failure`; what could not be done (no answer, a broken script, Docker, files) is an `error`; what
 * was not reached is `skipped`. Of a step that tried several times the last attempt counts.
 *
 * `classname` is the path in the collection, and stays the same from run to run; where there is more than one iteration, it
 * begins with the number of the request's.
 */
export function renderJunit(run: Run, masker: Masker): string {
  const shown = maskRun(withoutMessages(run), masker, (text) => withoutCommands(toVisible(text)));
  const suites = [stepSuite(shown), ...requestSuites(shown)];
  const counts = countsOf(suites.flatMap((suite) => suite.cases));
  const attributes = { name: shown.command, ...counts, time: toSeconds(shown.durationMs) };
  return renderXml({ name: 'testsuites', attributes, content: suites.map(suiteElement) });
}

interface Suite {
  readonly name: string;
  readonly startedAt: Date;
  readonly timeMs: number;
  readonly properties: readonly (readonly [name: string, value: string])[];
  readonly cases: readonly Case[];
  readonly output: string;
}

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly timeMs: number;
  /** null: passed. */
  readonly problem: Problem | null;
}

interface Problem {
  readonly outcome: 'failure' | 'error' | 'skipped';
  /** The code or kind of a failure or an error. */
  readonly type?: string;
  readonly message: string;
  readonly details?: string;
}

function stepSuite(run: Run): Suite {
  const classname = toClassname([run.command]);
  // A step that is done twice (--clear restarts once more) is two cases.
  const unique = uniqueNames();
  return {
    name: `${run.command}: steps`,
    startedAt: run.startedAt,
    timeMs: run.durationMs,
    properties: [
      ['verdict', run.verdict],
      ['exitCode', String(run.exitCode)],
      ['version', run.version],
      ...(run.token ? [['token', run.token.handle] as const] : []),
      ...(run.kubernetes ? [['workload', placeInCluster(run.kubernetes)] as const] : []),
      ...run.facts,
    ],
    cases: run.steps.map((step) => ({
      classname,
      name: unique(step.name),
      timeMs: step.durationMs,
      problem: stepProblem(run, step),
    })),
    output: [...run.warnings.map((warning) => `Warning: ${warning}`), ...podLines(run)].join('\n'),
  };
}

/** How many pods are well, and a line for each that is not. */
function podLines({ kubernetes }: Run): string[] {
  if (!kubernetes || kubernetes.pods.length === 0) return [];
  const groups = groupPods(kubernetes.pods);
  const lines = groups.notWell.map(
    (pod) => `${pod.name}: ${[pod.state, problemOf(pod, groups)].filter(Boolean).join(', ')}`,
  );
  return [`${podsInWords(groups)}.`, ...lines];
}

function stepProblem({ error, diagnosis }: Run, { status, summary }: StepRecord): Problem | null {
  if (status === 'passed') return null;
  if (status === 'skipped') return { outcome: 'skipped', message: summary };
  const details = [
    error?.message,
    error?.hint && hintText(error.hint),
    diagnosis && `Cause: ${diagnosis.cause}\nFix: ${hintText(diagnosis.fix)}`,
    diagnosis && !isGood(diagnosis) && sayWhetherIatHelps(diagnosis),
    ...(diagnosis?.evidence ?? []),
  ];
  return {
    outcome: error === null || exitCodeOf(error.code) === 1 ? 'failure' : 'error',
    type: error?.code ?? diagnosis?.code ?? 'failed',
    message: summary,
    details: details.filter(Boolean).join('\n'),
  };
}

function requestSuites(run: Run): Suite[] {
  const unique = uniqueNames();
  return run.steps.flatMap((step) =>
    decidingExchanges(step).map((exchange): Suite => {
      const { startedAt, request, response } = exchange;
      const attempts = step.attempts.length;
      const iteration = iterationOf(exchange, run);
      const path = [...(iteration === null ? [] : [`iteration ${iteration}`]), ...exchange.folders, exchange.name];
      return {
        name: unique([step.name, ...path].join(' / ')),
        startedAt,
        timeMs: response?.timeMs ?? 0,
        properties: [
          ...(exchange.isSkipped ? [] : [['request', `${request.method} ${request.url}`] as const]),
          ...(response ? [['status', answerOf(exchange).trim()] as const] : []),
          ...(attempts > 1 ? [['attempts', String(attempts)] as const] : []),
        ],
        cases: requestCases(exchange, toClassname(path)),
        output: exchange.console.map((line) => `${line.level}: ${line.text}`).join('\n'),
      };
    }),
  );
}

/** The request itself, and each of its checks. */
function requestCases(exchange: Exchange, classname: string): Case[] {
  const { request, response, error, assertions } = exchange;
  const sent = `${request.method} ${request.url}`;
  const unique = uniqueNames();
  const answered: Case = {
    classname,
    name: unique('request'),
    timeMs: response?.timeMs ?? 0,
    problem: exchange.isSkipped
      ? { outcome: 'skipped', message: 'a script of the collection skipped it' }
      : error && {
          outcome: 'error',
          type: error.code || error.kind,
          message: error.message,
          details: `${sent}\n${error.message}`,
        },
  };
  const checks = assertions.map(({ name: check, status, message }): Case => {
    const failure: Problem = {
      outcome: 'failure',
      type: 'AssertionError',
      message: message ?? 'the check failed',
      details: `${message ?? ''}\n${sent}\n${answerOf(exchange)}`,
    };
    if (status === 'failed' && error?.kind === 'network')
      return { classname, name: unique(check), timeMs: 0, problem: { outcome: 'skipped', message: 'no answer came' } };
    const problem = status === 'failed' ? failure : status === 'skipped' ? SKIPPED : null;
    return { classname, name: unique(check), timeMs: 0, problem };
  });
  return [answered, ...checks];
}

const SKIPPED: Problem = { outcome: 'skipped', message: '' };

/** Gives each name as an attribute holds it, and numbers repeated ones: readers match cases from run to run by their names. */
function uniqueNames(): (name: string) => string {
  const used = new Set<string>();
  /** The number that each name has had last. */
  const counts = new Map<string, number>();
  return (name) => {
    const base = toAttribute(name);
    let own = base;
    let count = counts.get(base) ?? 1;
    while (used.has(own)) own = `${base} (${++count})`;
    counts.set(base, count);
    used.add(own);
    return own;
  };
}

function suiteElement({ name, startedAt, timeMs, properties, cases, output }: Suite): Element {
  // Schemas want local time without a zone; this is UTC.
  const timestamp = toIso(startedAt)?.slice(0, 19);
  const attributes = { name, ...countsOf(cases), time: toSeconds(timeMs), ...(timestamp && { timestamp }) };
  const facts = properties.map(([key, value]) =>
    element('property', { name: toAttribute(key), value: toAttribute(value) }),
  );
  return element('testsuite', attributes, [
    element('properties', {}, facts),
    ...cases.map(caseElement),
    ...(output === '' ? [] : [element('system-out', {}, cut(output, LONGEST))]),
  ]);
}

function caseElement({ classname, name, timeMs, problem }: Case): Element {
  const attributes = { classname, name, time: toSeconds(timeMs) };
  if (problem === null) return element('testcase', attributes);
  const { outcome, type, message, details = '' } = problem;
  const what = {
    ...(message !== '' && { message: toAttribute(message) }),
    ...(type !== undefined && { type: toAttribute(type) }),
  };
  return element('testcase', attributes, [element(outcome, what, cut(details, LONGEST))]);
}

function element(name: string, attributes: Element['attributes'], content: Element['content'] = []): Element {
  return { name, attributes, content };
}

function countsOf(cases: readonly Case[]) {
  const count = (outcome: Problem['outcome']) => cases.filter(({ problem }) => problem?.outcome === outcome).length;
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

/** An element with either elements or text in it. */
interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly content: readonly Element[] | string;
}

/**
 * An XML document, indented. Every text must hold legal characters only (`toVisible`); what would be markup is escaped, and
 * with `>` also `]]>`, which is forbidden in text (XML 1.0 §2.4).
 */
function renderXml(root: Element): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const add = ({ name, attributes, content }: Element, indent: string) => {
    const start = `${indent}<${name}${renderAttributes(attributes)}`;
    if (content.length === 0) lines.push(`${start}/>`);
    else if (typeof content === 'string') lines.push(`${start}>${toContent(content)}</${name}>`);
    else {
      lines.push(`${start}>`);
      for (const child of content) add(child, `${indent}  `);
      lines.push(`${indent}</${name}>`);
    }
  };
  add(root, '');
  return `${lines.join('\n')}\n`;
}

function renderAttributes(attributes: Element['attributes']): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${toContent(String(value)).replaceAll('"', '&quot;')}"`)
    .join('');
}

function toContent(text: string): string {
  return /[&<>]/.test(text) ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : text;
}
