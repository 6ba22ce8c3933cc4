import type { Diagnosis } from '../core/diagnosis.ts';
import type { ClassifiedLine, LogLine } from '../core/result.ts';
import type { Environment } from '../core/stack.ts';
import { Excerpt } from './excerpt.ts';
import { type Facts, factsOf, isServed } from './facts.ts';
import { unwrap } from './log-json.ts';
import { cleanLine, cut, LONGEST_LINE } from './log-line.ts';
import { anyOf, anyWordOf, pattern } from './patterns.ts';
import { SIGNATURES, type Signature } from './signatures.ts';
import { COURSE_WORDS, notDecidedYet, REASON_WORDS, Startup } from './startup.ts';
import { type Statement, Statements } from './statements.ts';

/** What is known about the service besides its log; all of it optional. */
export interface ReaderContext {
  /** The service's environment: names the IdP's host, and says whether the BFF can renew a RAT. */
  readonly env?: Environment;
  /** The service's name, for logs of several services in one; default `bff`. */
  readonly service?: string;
}

/** What the log says so far. */
export interface Reading {
  /** `good`: registered or started from cached credentials; `bad`: the bootstrap failed; null: not decided yet. */
  readonly decided: 'good' | 'bad' | null;
  readonly diagnosis: Diagnosis;
  /** The lines of the newest start that report an error which no signature knows: the first and the newest. */
  readonly reasons: readonly string[];
}

/**
 * How long to read on after a reading of `bad`, in milliseconds: the root cause may be printed right after its consequence,
 * and a failure may be renewed or tried again.
 */
export const SETTLE_MS = 250;

/** JSON above this is read as text: its head and its tail. */
const LONGEST_JSON = 262_144;
/** A log cannot make it remember more hosts than this. */
const MOST_HOSTS = 20;
/** Of lines that show how a start ended. */
const LAST_WORDS = 3;
/** Of one line of evidence. */
const LONGEST_EVIDENCE = 1_000;

/**
 * How much later a line may be stamped than one that was written after it, in milliseconds: an engine reads stdout and stderr side
 * by side. Docker waits this long before it starts a container again.
 */
const LATE_MS = 100;

/** Why the BFF does not start, or that it did, from a whole log: the newest start in it, its root cause. */
export function diagnoseLog(lines: Iterable<LogLine | string>, context: ReaderContext = {}): Diagnosis {
  const reader = new LogReader(context);
  for (const line of lines) reader.push(typeof line === 'string' ? { at: null, stream: 'stdout', text: line } : line);
  return reader.diagnosis();
}

/** Reads a log line by line and always knows the answer so far. Memory stays flat, whatever comes. */
export class LogReader {
  readonly #env: Environment;
  readonly #idpHosts: Set<string>;
  readonly #statements = new Statements();
  readonly #excerpt = new Excerpt();
  readonly #service: string;
  readonly #signatures: readonly Signature[];
  /** Words of any signature, of a start's course or of a mark: only what has one of them is weighed. */
  readonly #isTelling: (text: string) => boolean;
  /** The same, and what may be a reason that no signature knows: only what has one of them is read. */
  readonly #isInteresting: (text: string) => boolean;
  /** How many lines have been read. */
  count = 0;
  #start: Startup;
  /** A line came that names this service in front. */
  #named = false;
  /** A line came that names another service in front. */
  #others = false;
  /** The start before, where it failed. */
  #failed: Diagnosis | null = null;
  #died: readonly string[] | null = null;
  #workers = false;
  /** The one that is being read. */
  #line: LogLine = { at: null, stream: 'stdout', text: '' };
  /** The one that said last that the start is up or over. */
  #turning: LogLine | null = null;
  #reading: Reading | null = null;

  constructor(context: ReaderContext = {}, signatures = SIGNATURES) {
    this.#signatures = signatures;
    const ofErrors = signatures.flatMap(({ matcher }) => matcher.wordsOfErrors ?? []);
    this.#isTelling = finder(signatures, [COURSE_WORDS, MARK_WORDS, ...ofErrors]);
    this.#isInteresting = finder(signatures, [COURSE_WORDS, MARK_WORDS, REASON_WORDS]);
    this.#start = new Startup(signatures);
    this.#env = context.env ?? {};
    this.#service = context.service ?? 'bff';
    this.#idpHosts = new Set(hostOf(this.#env['IDP_BASE_URL'] ?? ''));
  }

  push(line: LogLine): Reading {
    this.count += 1;
    this.#line = line;
    this.#excerpt.add(line);
    const limit = limitOf(line.text);
    const short = line.text.length > limit ? cut(line.text, limit) : line.text;
    // PowerShell's `>` saves UTF-16, which read as UTF-8 has a zero byte beside each letter.
    const plain = short.includes('\u0000') ? short.replaceAll('\u0000', '') : short;
    const wrapped = unwrap(plain);
    const text = wrapped?.line ?? plain;
    const isOwn = wrapped === null || wrapped.container === null || this.#isOwn(wrapped.container);
    if (isOwn && (this.#statements.open || this.#isInteresting(text))) this.#read(text, limit);
    return this.reading();
  }

  /** What the log says so far. */
  reading(): Reading {
    if (this.#reading === null) {
      const start = this.#start;
      const diagnosis = start.isBlank && this.#failed !== null ? notDecidedYet(this.#failed) : start.diagnosis();
      this.#reading = { decided: start.decided(this.#env), diagnosis, reasons: start.reasons };
    }
    return this.#reading;
  }

  diagnosis(): Diagnosis {
    return this.reading().diagnosis;
  }

  /** The lines that decided something with a few around them, and the last ones; oldest first, clean. */
  excerpt(): ClassifiedLine[] {
    return this.#excerpt.lines();
  }

  /** The newest start says that it serves requests. */
  get isUp(): boolean {
    return this.#start.isUp;
  }

  /** How the start before ended, which was up or registered and did not shut down; null: there is none such. */
  get died(): readonly string[] | null {
    return this.#died;
  }

  #read(raw: string, limit: number): void {
    const { source, text } = cleanLine(raw, limit);
    if (source !== null && !this.#isOwn(source)) return;
    if (!this.#statements.takes(text) && (!this.#isInteresting(text) || isServed(text))) {
      if (text.trim() !== '') this.#statements.close();
      return;
    }
    const statement = this.#statements.read(text);
    if (statement === null) return;
    this.#reading = null;
    const shown = cut(text, LONGEST_EVIDENCE).trim();
    if (statement.frames === '' && !this.#isTelling(statement.text)) this.#start.remember(statement.text, shown);
    else this.#weigh(statement, shown);
  }

  /** Once a line has come with the service's own name in front, those of other services do not count. */
  #isOwn(source: string): boolean {
    if (!source.includes(this.#service)) {
      this.#others = true;
      return !this.#named;
    }
    if (!this.#named && this.#others) this.#start = new Startup(this.#signatures);
    this.#named = true;
    return true;
  }

  #weigh(statement: Statement, shown: string): void {
    const facts = factsOf(statement.text, {
      mode: this.#start.mode,
      idpHosts: this.#idpHosts,
      frames: statement.frames,
      clientId: this.#env['DCR_CLIENT_ID'] ?? '',
    });
    const { host, endpoint } = facts;
    // Where clients register is the IdP.
    if (host !== null && (endpoint === 'register' || endpoint === 'client') && this.#idpHosts.size < MOST_HOSTS)
      this.#idpHosts.add(host);
    this.#mark(facts, shown);
    const isBehind = this.#start.isUp || this.#start.isOver;
    if (isBehind && !this.#isLate() && this.#start.decidesBootstrap(facts)) this.#renew();
    const said = this.#start.add(facts, {
      text: shown,
      at: this.count,
      continued: statement.continued,
      raised: statement.frames !== '',
    });
    if (said !== null) this.#excerpt.pin(said);
  }

  /** Begins a new start where one of its marks comes again, or where the last start is over. */
  #mark(facts: Facts, shown: string): void {
    const mark = markOf(facts);
    if (mark === null) return;
    const start = this.#start;
    if (mark === 'complete') start.complete(shown);
    if (mark === 'closed') start.isOver = true;
    if (mark === 'complete' || mark === 'closed') this.#turning = this.#line;
    if (mark === 'complete' || mark === 'closed') return;
    if (this.#isLate() && this.#line.stream !== this.#turning?.stream) return;
    if (mark === 'parent') this.#workers = true;
    const again = start.marks.has(mark) && !(mark === 'bootstrap' && !start.failed && !start.isUp);
    if ((again || start.isOver || start.isUp) && !(this.#workers && mark !== 'parent')) this.#renew();
    this.#start.marks.add(mark);
  }

  /** It may have been written before the line that said that the start is up or over: too soon for another start. */
  #isLate(): boolean {
    const { at } = this.#line;
    return at !== null && this.#turning?.at != null && at.getTime() - this.#turning.at.getTime() < LATE_MS;
  }

  /** Before the line that is being read. */
  #lastWords(): string[] {
    return this.#excerpt
      .lines()
      .slice(-1 - LAST_WORDS, -1)
      .map(({ text }) => text);
  }

  #renew(): void {
    const start = this.#start;
    if (!start.isBlank) this.#failed = start.failed ? start.diagnosis() : null;
    const wasWell = !start.isOver && (start.isUp || start.decided(this.#env) === 'good');
    if (wasWell) this.#died = start.reasons.length > 0 ? start.reasons : this.#lastWords();
    else if (!start.isBlank) this.#died = null;
    this.#start = new Startup(this.#signatures);
    this.#turning = null;
    this.#excerpt.unpin();
  }
}

/** Tells whether a text has words of any signature, or other ones. Most lines have none, and this is all that they cost. */
function finder(signatures: readonly Signature[], others: readonly RegExp[]): (text: string) => boolean {
  const matchers = signatures.map(({ matcher }) => matcher);
  const words = anyWordOf([...others, ...matchers.filter(({ number }) => !number).map((each) => each.words)]);
  // Apart, because an engine skips quickly to letters or to digits, not to both.
  const number = anyOf(...matchers.flatMap((each) => each.number ?? []));
  const wordsBeside = anyWordOf(matchers.filter((each) => each.number).map((each) => each.words));
  return (text) => words.test(text) || (number.test(text) && wordsBeside.test(text));
}

/** How much of a line is read: JSON is whole or nothing, up to its own limit. */
function limitOf(text: string): number {
  if (text.length <= LONGEST_LINE || text.length > LONGEST_JSON) return LONGEST_LINE;
  return text.slice(0, 200).includes('{') && text.slice(-20).trimEnd().endsWith('}') ? LONGEST_JSON : LONGEST_LINE;
}

function hostOf(url: string): string[] {
  const host = /^\s*https?:\/\/(?:[^/@]*@)?([^/:?#\s]+)/i.exec(url)?.[1];
  return host === undefined ? [] : [host.toLowerCase()];
}

/** Where a start of the BFF begins and ends. The beginnings are kept apart, since one start prints several of them. */
type Mark = 'parent' | 'process' | 'waiting' | 'banner' | 'bootstrap' | 'complete' | 'closed';

function markOf({ text, served, retry, hint }: Facts): Mark | null {
  if (served) return null;
  for (const [mark, expression] of MARKS) {
    const isOther = mark === 'bootstrap' && (retry || hint || /kafka|fail|error/i.test(text));
    if (expression.test(text) && !isOther) return mark;
  }
  return null;
}

const DCR = /(?<![a-z])(?:dcr|bootstrap)(?![a-z])/;
const MARKS: readonly (readonly [Mark, RegExp])[] = [
  ['parent', /Started parent process|Starting gunicorn/],
  ['process', /Started server process/],
  ['waiting', /Waiting for application startup/],
  ['complete', /Application startup complete|Uvicorn running on|Running on http|startup complete/i],
  [
    'closed',
    anyOf(
      /Application shutdown complete|Finished server process|Application startup failed|received SIGTERM/i,
      /\bexited with code \d+|has been recreated$/i,
    ),
  ],
  ['banner', /\bbff\b[^.\n]{0,20}\b(?:starting|booting)\b|\b(?:starting|booting)\b[^.\n]{0,16}\bbff\b/i],
  [
    'bootstrap',
    anyOf(
      /(?<![a-z])(?:dcr|bootstrap)\b[^.;\n]{0,24}\b(?:starting|started|begins?|beginning)\b|dcr_bootstrap_start/i,
      pattern`\b(?:starting|running|beginning)\b[^.;\n]{0,16}${DCR}`,
    ),
  ],
];
/** Words of every mark. */
const MARK_WORDS = anyOf(
  /parent process|server process|gunicorn|startup|shutdown|running on|sigterm|exited with|recreated/i,
  /starting|booting|dcr|bootstrap/i,
);
