import type { Diagnosis, DiagnosisCode } from '../core/diagnosis.ts';
import { toHint } from '../core/errors.ts';
import type { ConnectionFailure } from './connection.ts';
import { type Facts, isQuiet, type Mode } from './facts.ts';
import * as say from './phrases.ts';
import { modeIn } from './proofs.ts';
import { SIGNATURES, type Signature, type Strength, signatureOf } from './signatures.ts';
import { isAboutReaching, strengthOf } from './strength.ts';
import { nothingSaid, onlyTheHint, unknownReason } from './unknowns.ts';

/** What a statement did to the picture of its start. */
export type Effect = 'good' | 'bad' | 'none';

interface Seen {
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
}

/** How many lines may lie between a statement that could mean something and one about the bootstrap. */
const NEAR = 40;
/** The reason may stand right before the line that says what it is the reason of. */
const RIGHT_BEFORE = 5;
const EVIDENCE = 4;
const REASONS = 5;

/** One start of the BFF as its log tells it: takes statements, weighs them, names the root cause. */
export class Start {
  mode: Mode = null;
  /** Startup marks that were seen: one that comes again belongs to the next start. */
  readonly marks = new Set<string>();
  readonly #seen = new Map<DiagnosisCode, Seen>();
  readonly #reasons: string[] = [];
  readonly #endings: string[] = [];
  /** The lines that told the mode, and that the BFF is up. */
  readonly #modeLines: string[] = [];
  #up = false;
  #over = false;
  #startupFailed = false;
  #fatal = false;
  #aboutDcr = Number.NEGATIVE_INFINITY;
  #fallback = false;
  /** The newest statement that would have counted close to the bootstrap. */
  #pending: { readonly signature: Signature; readonly facts: Facts; readonly line: Line } | null = null;

  /** The BFF serves requests. */
  get isUp(): boolean {
    return this.#up;
  }

  /** Its process ended. */
  get isOver(): boolean {
    return this.#over;
  }

  /** It is not up, and nothing was said yet that speaks for or against it. */
  get isBlank(): boolean {
    return !this.#up && !this.failed && this.#seen.size === 0 && this.#reasons.length === 0;
  }

  /** The bootstrap or the start is known to have failed. */
  get failed(): boolean {
    return this.#endings.length > 0 || this.#fatal;
  }

  complete(line: string): void {
    this.#up = true;
    keep(this.#modeLines, line, EVIDENCE);
  }

  close(): void {
    this.#over = true;
  }

  add(facts: Facts, line: Line): Effect {
    if (REGISTERS_ANEW.test(facts.text)) this.#fallback = true;
    const mode = modeIn(facts);
    if (mode !== undefined) {
      this.mode = mode;
      keep(this.#modeLines, line.text, EVIDENCE);
    }
    let effect: Effect = 'none';
    for (const signature of SIGNATURES) {
      const strength = strengthOf(signature, facts);
      if (strength === 'in-context' && !this.#up) this.#pending = { signature, facts, line };
      if (strength === null || !this.#counts(signature, strength, facts, line.at)) continue;
      this.#note(signature, strength, facts, line);
      effect = signature.meaning;
      if (signature.bootstrap) break;
    }
    if (facts.dcr || facts.hint || mode !== undefined || facts.endpoint === 'register') this.#aboutDcr = line.at;
    if (say.redisBack(facts)) this.#seen.delete('redis-unavailable');
    if (say.endsBadly(facts) && effect !== 'good') {
      keep(this.#endings, line.text, REASONS);
      if (/Application startup failed/i.test(facts.text)) this.#startupFailed = this.#over = true;
      else this.#explain(line.at);
      effect = 'bad';
    }
    if (effect === 'none' && !facts.served && !facts.retry) this.remember(facts.text, line.text);
    return effect;
  }

  /** A statement that nothing is known about; it may still be the reason. */
  remember(statement: string, line: string): void {
    const said = statement.replace(/uvicorn\.error/g, '');
    if (isQuiet(said) ? ANSWERED_NO.test(said) : LOOKS_LIKE_A_REASON.test(said)) keep(this.#reasons, line, REASONS);
  }

  /** Whether this start's bootstrap is decided. Trouble with Redis or Kafka does not decide it. */
  decided(env: Readonly<Record<string, string | null>> = {}): 'good' | 'bad' | null {
    if (this.#startupFailed || this.#endings.length > 0) return 'bad';
    const best = this.#best();
    if (best?.signature.code === 'rat-invalid' && (env['BOOTSTRAP_ADMIN_TOKEN'] ?? '') !== '') return null;
    if (this.#fatal && best?.signature.meaning === 'bad') return 'bad';
    return this.#proof() === null ? null : 'good';
  }

  diagnosis(): Diagnosis {
    const fault = this.#best();
    if (fault !== null) return this.#diagnose(fault);
    if (this.#startupFailed) return unknownReason([...this.#reasons, ...this.#endings]);
    if (this.#endings.length > 0)
      return this.#reasons.length > 0
        ? unknownReason([...this.#reasons, ...this.#endings])
        : onlyTheHint(this.#endings);
    const proof = this.#proof();
    if (proof !== null) return this.#diagnose(proof);
    const kafka = this.#seen.get('kafka-unconfigured');
    return kafka === undefined ? nothingSaid(this.#reasons) : this.#diagnose(kafka);
  }

  /**
   * A connection failure or a bare error code may be anyone's; close to the bootstrap, before the BFF is up, it is the
   * bootstrap's. Once the BFF is up and registered, only a bootstrap that fails again counts against it.
   */
  #counts(signature: Signature, strength: Strength, facts: Facts, at: number): boolean {
    const settled = this.#proof() !== null;
    if (strength === 'in-context') return !this.#up && !settled && at - this.#aboutDcr <= NEAR;
    return !(settled && isAboutReaching(signature)) || facts.dcr;
  }

  /** The bootstrap has failed, and what was said right before is why. */
  #explain(at: number): void {
    const { signature, facts, line } = this.#pending ?? {};
    if (signature && facts && line && at - line.at <= RIGHT_BEFORE) this.#note(signature, 'in-context', facts, line);
    this.#pending = null;
  }

  #note(signature: Signature, strength: Strength, facts: Facts, line: Line): void {
    if (signature.meaning === 'good') this.#overcome();
    if (!isAboutReaching(signature) && signature.bootstrap && facts.status !== null) {
      this.#seen.delete('idp-unreachable');
      this.#seen.delete('idp-error');
    }
    if ((signature.code === 'iat-invalid' || signature.code === 'iat-missing') && this.#fallback)
      this.#seen.delete('rat-invalid');
    const known = this.#seen.get(signature.code);
    const seen = known ?? { signature, strength, failure: null, lines: [] };
    if (strength === 'sure') seen.strength = 'sure';
    seen.failure = facts.connection?.failure ?? seen.failure;
    if (known === undefined || !line.continued) keep(seen.lines, line.text, EVIDENCE);
    this.#seen.set(signature.code, seen);
    if (signature.fatal && strength === 'sure' && !facts.retry) this.#fatal = true;
  }

  /** The bootstrap succeeded: what stood in its way does not any more. */
  #overcome(): void {
    for (const [code, seen] of this.#seen)
      if (seen.signature.bootstrap && seen.signature.meaning === 'bad') this.#seen.delete(code);
    this.#endings.length = 0;
    this.#fatal = false;
  }

  /** The fault at the root; null: none was seen. What is only likely comes after everything that is sure. */
  #best(): Seen | null {
    let best: Seen | null = null;
    const proven = this.#proof() !== null && this.#endings.length === 0;
    for (const seen of this.#seen.values()) {
      if (seen.signature.meaning === 'good' || seen.signature.code === 'kafka-unconfigured') continue;
      if (proven && seen.strength === 'in-context') continue;
      if (best === null || weightOf(seen) > weightOf(best)) best = seen;
    }
    return best;
  }

  /** What proves that the BFF is registered: it said so, or it took its cached credentials and came up. */
  #proof(): Seen | null {
    const said = this.#seen.get('registered') ?? this.#seen.get('credentials-cached');
    if (said !== undefined) return said;
    if (this.mode !== 'cached' || !this.#up || this.failed) return null;
    return {
      signature: signatureOf('credentials-cached'),
      strength: 'sure',
      failure: null,
      lines: this.#modeLines,
    };
  }

  #diagnose({ signature, failure, lines }: Seen): Diagnosis {
    const words = (failure === null ? undefined : signature.variants?.[failure]) ?? signature;
    return {
      code: signature.code,
      cause: words.cause,
      fix: toHint(words.fix),
      iatHelps: signature.iatHelps,
      evidence: [...lines],
    };
  }
}

function weightOf(seen: Seen): number {
  return seen.signature.rank + (seen.strength === 'sure' ? 100 : 0);
}

/** Keeps the first line and the newest ones, each once. */
function keep(lines: string[], line: string, limit: number): void {
  if (lines.includes(line)) return;
  if (lines.length === limit) lines.splice(1, 1);
  lines.push(line);
}

const REGISTERS_ANEW =
  /\bre-?regist|fall(?:ing)? ?back|force[ _]?replac(?:e|ing)\b(?!["']?\s*[=:]\s*["']?(?:false|0|no))/i;
/** An HTTP client's line about an answer, which it logs as information. */
const ANSWERED_NO = /HTTP\/[\d.]+ [45]\d\d/;
const LOOKS_LIKE_A_REASON =
  /error|exception|fail|fatal|critical|panic|denied|refused|cannot|could not|unable|invalid|unauthori[sz]ed|forbidden|\bkilled\b|out of memory|not found|\bHTTP\/[\d.]+ [45]\d\d|status(?:_code)?[=: ]+[45]\d\d/i;
