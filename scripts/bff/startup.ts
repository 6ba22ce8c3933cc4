import { type Diagnosis, type DiagnosisCode, isFault, isGood } from '../core/diagnosis.ts';
import type { Hint } from '../core/errors.ts';
import type { Environment } from '../core/stack.ts';
import type { ConnectionFailure } from './connection.ts';
import { type Facts, isRetried, isWhileServing, type Mode, QUIET } from './facts.ts';
import { BOOTSTRAP_WORDS, match, NO_CACHE, type Strength } from './matchers.ts';
import { type OtherReason, otherReasonIn } from './other-reasons.ts';
import { anyOf, pattern, within } from './patterns.ts';
import { diagnosisOf, type Signature, signatureOf, strengthOf } from './signatures.ts';

/** A signature that statements of a start have matched. */
interface Match {
  readonly signature: Signature;
  strength: Strength;
  failure: ConnectionFailure | null;
  /** The first and the newest lines that say so. */
  readonly lines: string[];
}

/** A line of the log, as evidence. */
interface Line {
  readonly text: string;
  /** Its number. */
  readonly at: number;
  /** It goes on from the line above. */
  readonly continued: boolean;
  /** It is the last line of a traceback. */
  readonly raised: boolean;
}

/** How many lines may lie between a statement that could mean something and one about the bootstrap. */
const NEAR = 40;
/** The cause is sometimes logged just before the line that it explains. */
const RIGHT_BEFORE = 5;
const EVIDENCE = 4;
const REASONS = 5;

/** One start of the BFF as its log tells it: takes statements, weighs them, names the root cause. */
export class Startup {
  mode: Mode = null;
  /** The BFF says that it serves requests. */
  isUp = false;
  /** Its process ended. */
  isOver = false;
  /** The marks of a beginning that were found: one that comes again belongs to the next start. */
  readonly marks = new Set<string>();
  readonly #signatures: readonly Signature[];
  readonly #matches = new Map<DiagnosisCode, Match>();
  readonly #reasons: string[] = [];
  readonly #endings: string[] = [];
  /** Why it failed, where that has nothing to do with its registration. */
  #other: OtherReason | null = null;
  /** The lines that told the mode, and that the BFF is up. */
  readonly #modeLines: string[] = [];
  #startupFailed = false;
  #fatal = false;
  /** The number of the newest line about the bootstrap. */
  #aboutDcr = Number.NEGATIVE_INFINITY;
  /** The BFF has given its cached registration up and registers again. */
  #registersAgain = false;
  /** The newest statement that would have counted close to the bootstrap. */
  #pending: { readonly signature: Signature; readonly facts: Facts; readonly line: Line } | null = null;

  constructor(signatures: readonly Signature[]) {
    this.#signatures = signatures;
  }

  /** It is not up, and no line has spoken for or against it yet. */
  get isBlank(): boolean {
    return !this.isUp && !this.failed && this.#matches.size === 0 && this.#reasons.length === 0;
  }

  /** The bootstrap or the start is known to have failed. */
  get failed(): boolean {
    return this.#endings.length > 0 || this.#fatal;
  }

  /** The first and the newest lines that report an error which no signature knows. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** The BFF says that it serves requests. */
  complete(line: string): void {
    this.isUp = true;
    keep(this.#modeLines, line, EVIDENCE);
  }

  /** Whether the statement decides something about the bootstrap by itself, so that it cannot belong to a start that is over. */
  decidesBootstrap(facts: Facts): boolean {
    return this.#signatures.some(
      ({ isOfBootstrap, isAboutReaching, matcher }) =>
        isOfBootstrap && match(matcher, facts) === 'sure' && (!isAboutReaching || facts.dcr),
    );
  }

  /** Takes the next statement; what it says of the start, null: nothing. */
  add(facts: Facts, line: Line): 'good' | 'bad' | null {
    if (REGISTERS_AGAIN.test(facts.text)) this.#registersAgain = true;
    const mode = modeIn(facts);
    if (mode !== undefined) {
      this.mode = mode;
      keep(this.#modeLines, line.text, EVIDENCE);
    }
    let said: 'good' | 'bad' | null = null;
    for (const signature of this.#signatures) {
      const strength = strengthOf(signature, facts);
      if (strength === 'in-context' && !this.isUp) this.#pending = { signature, facts, line };
      if (strength === null || !this.#counts(signature, strength, facts, line.at)) continue;
      this.#note(signature, strength, facts, line);
      said = isGood(signature) ? 'good' : 'bad';
      if (signature.isOfBootstrap) break;
    }
    if (facts.dcr || facts.hint || mode !== undefined || facts.endpoint === 'register') this.#aboutDcr = line.at;
    for (const { code, isOver } of this.#signatures) if (isOver?.(facts)) this.#matches.delete(code);
    if (endsBadly(facts) && said !== 'good') {
      keep(this.#endings, line.text, REASONS);
      if (facts.status !== null || facts.error !== null) this.remember(facts.text, line.text, true);
      if (STARTUP_FAILED.test(facts.text)) this.#startupFailed = this.isOver = true;
      else this.#explain(line.at);
      said = 'bad';
    }
    if (said === null) this.remember(facts.text, line.text, line.raised);
    return said;
  }

  /** A statement that no signature knows; it may still be the reason. The last line of a traceback always is. */
  remember(statement: string, line: string, raised = false): void {
    // The name of uvicorn's logger, which also logs information.
    const said = statement.replace(/uvicorn\.error/g, '');
    const isReason = QUIET.test(said) ? ANSWERED_NO.test(said) : raised || LOOKS_LIKE_A_REASON.test(said);
    if (!isReason || isWhileServing(said) || isRetried(said)) return;
    if (keep(this.#reasons, line, REASONS)) this.#other ??= otherReasonIn(said);
  }

  /** Whether this start's bootstrap is decided. Trouble with Redis or Kafka does not decide it. */
  decided(env: Environment): 'good' | 'bad' | null {
    if (this.#startupFailed || this.#endings.length > 0) return 'bad';
    const fault = this.#worst();
    const repairedWith = fault?.signature.repairedWith;
    if (repairedWith !== undefined && env[repairedWith]) return null;
    if (this.#fatal && fault !== null) return 'bad';
    return this.#proof() === null ? null : 'good';
  }

  diagnosis(): Diagnosis {
    const fault = this.#worst();
    if (fault !== null) return diagnosisOf(fault.signature, fault.lines, fault.failure);
    if (this.#other !== null && (this.failed || this.isOver || (!this.isUp && this.#proof() === null))) {
      const { cause, fix, iatHelps } = this.#other;
      return { ...unknown(cause, fix, [...this.#reasons, ...this.#endings]), iatHelps };
    }
    if (this.#startupFailed || (this.#endings.length > 0 && this.#reasons.length > 0)) {
      const cause = 'The BFF failed to start for a reason that this tool does not know.';
      return unknown(cause, { text: 'Read the last lines of the log below.' }, [...this.#reasons, ...this.#endings]);
    }
    if (this.#endings.length > 0) {
      const cause =
        'The bootstrap failed, and the log gives only the general advice to get a new RAT or IAT, not the reason.';
      const text =
        "If a fresh IAT does not change that, set the BFF's log level to DEBUG and read what the IdP answered. To try one:";
      return unknown(cause, { text, command: 'npm run iat' }, this.#endings);
    }
    const proof = this.#proof();
    if (proof !== null) return diagnosisOf(proof.signature, proof.lines);
    const [remark] = this.#matches.values();
    if (remark !== undefined) return diagnosisOf(remark.signature, remark.lines);
    const fix = { text: "Make sure that the log is the BFF's own and reaches back to its last start." };
    return unknown('The log says nothing about the DCR bootstrap.', fix, this.#reasons);
  }

  /**
   * A connection failure or a bare error code may be anyone's; close to the bootstrap, before the BFF is up, it is the
   * bootstrap's. Once the BFF is up and registered, only a bootstrap that fails again counts against it.
   */
  #counts({ isAboutReaching }: Signature, strength: Strength, facts: Facts, at: number): boolean {
    const settled = this.#proof() !== null;
    if (strength === 'in-context') return !this.isUp && !settled && at - this.#aboutDcr <= NEAR;
    return !(settled && isAboutReaching) || facts.dcr;
  }

  /** The bootstrap has failed, and what was said right before is why. */
  #explain(at: number): void {
    const { signature, facts, line } = this.#pending ?? {};
    if (signature && facts && line && at - line.at <= RIGHT_BEFORE) this.#note(signature, 'in-context', facts, line);
    this.#pending = null;
  }

  #note(signature: Signature, strength: Strength, facts: Facts, line: Line): void {
    if (isGood(signature)) this.#overcome();
    if (!signature.isAboutReaching && signature.isOfBootstrap && facts.status !== null)
      this.#forget((other) => other.isAboutReaching === true);
    if (this.#registersAgain) this.#forget(({ code }) => code === signature.replaces);
    const known = this.#matches.get(signature.code);
    const found = known ?? { signature, strength, failure: null, lines: [] };
    if (strength === 'sure') found.strength = 'sure';
    found.failure = facts.connection?.failure ?? found.failure;
    if (known === undefined || !line.continued) keep(found.lines, line.text, EVIDENCE);
    this.#matches.set(signature.code, found);
    if (signature.isFatal && strength === 'sure' && !facts.retry) this.#fatal = true;
  }

  /** The bootstrap succeeded: what was in its way is no longer there. */
  #overcome(): void {
    this.#forget((signature) => signature.isOfBootstrap && !isGood(signature));
    this.#endings.length = 0;
    this.#fatal = false;
  }

  #forget(isMeant: (signature: Signature) => boolean): void {
    for (const [code, { signature }] of this.#matches) if (isMeant(signature)) this.#matches.delete(code);
  }

  /** The fault at the root; null: none was found. What is only likely comes after everything that is sure. */
  #worst(): Match | null {
    let worst: Match | null = null;
    const proven = this.#proof() !== null && this.#endings.length === 0;
    for (const found of this.#matches.values()) {
      if (!isFault(found.signature) || (proven && found.strength === 'in-context')) continue;
      if (worst === null || weightOf(found) > weightOf(worst)) worst = found;
    }
    return worst;
  }

  /** What proves that the BFF is registered: it said so, or it took its cached credentials and came up. */
  #proof(): Pick<Match, 'signature' | 'lines'> | null {
    let said: Match | null = null;
    for (const found of this.#matches.values())
      if (isGood(found.signature) && (said === null || found.signature.rank > said.signature.rank)) said = found;
    if (said !== null) return said;
    if (this.mode !== 'cached' || !this.isUp || this.failed) return null;
    return { signature: signatureOf('credentials-cached'), lines: this.#modeLines };
  }
}

function weightOf({ signature, strength }: Match): number {
  return signature.rank + (strength === 'sure' ? 100 : 0);
}

/** Keeps the first line and the newest ones, each once; false: it was there. */
function keep(lines: string[], line: string, limit: number): boolean {
  if (lines.includes(line)) return false;
  if (lines.length === limit) lines.splice(1, 1);
  lines.push(line);
  return true;
}

/** What the BFF does about its credentials, as far as the statement says; undefined: nothing. */
function modeIn({ text, endpoint, method, served }: Facts): 'cached' | 'register' | undefined {
  if (served) return undefined;
  if (NO_CACHE.test(text) || REGISTERING.test(text) || (endpoint === 'register' && method === 'POST'))
    return 'register';
  return FROM_CACHE.test(text) || endpoint === 'client' ? 'cached' : undefined;
}

/** The bootstrap failed, or the whole start. */
function endsBadly({ text, served, retry, dcr, hint }: Facts): boolean {
  if (served || retry || (!dcr && /kafka|redis/i.test(text))) return false;
  return hint || ENDED.test(text) || ERROR_CLASS.test(text);
}

/** A new start has begun after one that failed, and has not come to anything yet. */
export function notDecidedYet({ cause, fix, evidence }: Diagnosis): Diagnosis {
  const words = `The latest start in the log has no result yet; the one before it failed: ${cause}`;
  return unknown(words, { ...fix, text: `If this start fails the same way: ${fix.text}` }, evidence);
}

function unknown(cause: string, fix: Hint, evidence: readonly string[]): Diagnosis {
  return { code: 'unknown', cause, fix, iatHelps: null, evidence: [...evidence] };
}

const REPLACES = /force[ _]?replac(?:e|ing)\b(?!["']?\s*[=:]\s*["']?(?:false|0|no))/;
const REGISTERS_AGAIN = pattern`\bre-?regist|fall(?:ing)? ?back|${REPLACES}`;
const REGISTERING = pattern`\bregistering\b${within(30)}\bclient\b|\bre-?regist(?:er(?:ing)?|ration)\b|${REPLACES}`;
const TAKING = /(?:using|use|loaded|loading|reusing|found|starting (?:from|with)) (?:existing |the |valid )?/;
const FROM_CACHE = anyOf(
  pattern`${TAKING}cached (?:client |dcr )?(?:credentials?|creds|client)|credentials loaded from`,
  pattern`(?<!(?:no|without|missing) )cached[ _](?:client[ _]|dcr[ _])?credentials[ _](?:found|loaded|present|in use|available)`,
);
const STARTUP_FAILED = /Application startup failed/i;
/** What comes before "bootstrap" where it is the BFF's own: the start of a clause, or one of these words. */
const OWN = /(?:^|[^\w\s]\s*|\b(?:dcr|bff|client|the|oauth2?|oidc|because|error|critical|fatal|startup)[ _-])/;
const HAS_FAILED = /(?:failed|failure|aborted|error)/;
const BOOTSTRAP = /(?:bootstrap|dcr|registration)/;
const STOPPING = /(?:shutting down|exiting|aborting|terminating)/;
const SAME_SENTENCE = /(?:(?!\.\s)[^\n]){0,60}/;
const ENDED = anyOf(
  STARTUP_FAILED,
  pattern`${OWN}bootstrap[ _](?:has |was |step |process )?${HAS_FAILED}\b`,
  pattern`(?:dcr|client|dynamic)[ _-]registration[ _](?:has |was |step |request )?(?:${HAS_FAILED}|rejected|refused)\b`,
  /(?<![a-z])dcr[ _](?:failed|failure|error)\b/i,
  /(?:failed|unable|could not|cannot) (?:to )?(?:bootstrap (?:dcr|the client)|register (?:oauth2? |the |bff )?client)/i,
  pattern`${STOPPING}${SAME_SENTENCE}${BOOTSTRAP}|${BOOTSTRAP}${SAME_SENTENCE}${STOPPING}`,
);
const ERROR_CLASS = /\b(?:Bootstrap|DCR|Dcr|Registration)\w*Error\b/;
/** An HTTP client's line about an answer, which it logs as information. */
const ANSWERED_NO = /HTTP\/[\d.]+ [45]\d\d/;
const LOOKS_LIKE_A_REASON = anyOf(
  /error|exception|fail|fatal|critical|panic|denied|refused|cannot|could not|unable|invalid|unauthorized|unauthorised|forbidden/i,
  /killed|out of memory|not found|exited with code [1-9]|\bHTTP\/[\d.]+ [45]\d\d|status(?:_code)?[=: ]+[45]\d\d/i,
);

/** Words of every statement that a start takes, besides those of the signatures. */
export const COURSE_WORDS = anyOf(
  BOOTSTRAP_WORDS,
  /cached|credential|force_replac|force replac|forcereplac|fallback|fall back|falling back/i,
);
/** Words of every line that may be a reason, or begins one. */
export const REASON_WORDS = anyOf(LOOKS_LIKE_A_REASON, /traceback/i);
