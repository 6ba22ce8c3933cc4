import type { Diagnosis } from '../core/diagnosis.ts';
import { hintText } from '../core/errors.ts';
import { describeReach, isUnreachable, type Reach } from '../core/reach.ts';
import type { LogLine } from '../core/result.ts';
import { diagnoseEnvironment, isTrue, type ServiceEnvironment } from './environment-check.ts';
import { LogReader, type ReaderContext } from './log-reader.ts';

export { diagnoseEnvironment, type Finding, isTrue, type ServiceEnvironment } from './environment-check.ts';
export { LogReader, type ReaderContext, type Reading, SETTLE_MS } from './log-reader.ts';

/** Why the BFF does not start, or that it did, from a whole log: the newest start in it, its root cause. */
export function diagnoseLog(lines: Iterable<LogLine | string>, context: ReaderContext = {}): Diagnosis {
  const reader = new LogReader(context);
  for (const line of lines) reader.push(typeof line === 'string' ? { at: null, stream: 'stdout', text: line } : line);
  return reader.diagnosis();
}

/** Whether a fresh IAT would help; null: it cannot be told. */
export interface Prospect {
  readonly helps: boolean | null;
  /** One sentence. */
  readonly reason: string;
}

/** What is known beside the log of the last start and the environment of the next one. */
export interface Since {
  /** What the last start was started with. */
  readonly startedWith?: ServiceEnvironment;
  /** The variable that holds the IAT. */
  readonly variable?: string;
  /** Whether the IdP answers now, from the network of the BFF. */
  readonly idp?: Reach | null;
}

/**
 * Whether a fresh IAT would help, from the last log (null: there is none) and the environment of the service. What has been
 * repaired since the log was written counts: nobody is held up by a fault that is gone.
 */
export function wouldIatHelp(log: Diagnosis | null, env: ServiceEnvironment, since: Since = {}): Prospect {
  const off = diagnoseEnvironment(env).find((finding) => finding.code === 'bootstrap-skipped');
  if (off !== undefined) return { helps: false, reason: `${off.message} ${off.hint}` };
  const idp = since.idp ?? null;
  if (isUnreachable(idp)) {
    return { helps: false, reason: `Asked from the network of the BFF, the IdP ${describeReach(idp)}.` };
  }
  if (log === null) return { helps: null, reason: 'There is no log of an earlier start to tell from.' };
  const replace = isTrue(env['DCR_FORCE_REPLACE']) === true;
  switch (log.code) {
    case 'iat-missing':
    case 'iat-invalid':
      return { helps: true, reason: log.cause };
    case 'rat-invalid':
      if (!replace) break;
      return { helps: true, reason: `${log.cause} DCR_FORCE_REPLACE is on, so a fresh IAT registers the client anew.` };
    case 'registered':
    case 'credentials-cached':
      if (!replace) break;
      return { helps: true, reason: 'DCR_FORCE_REPLACE is on: the next start registers anew and needs an IAT.' };
    case 'bootstrap-skipped':
      return {
        helps: null,
        reason: 'The last start skipped the bootstrap; the environment does not ask for that any more.',
      };
    case 'kafka-unconfigured':
    case 'unknown':
      return { helps: null, reason: log.cause };
  }
  const changed = changedNames(env, since);
  if (changed.length > 0) {
    return { helps: null, reason: `The last log does not tell any more: ${changed.join(', ')} changed since then.` };
  }
  switch (log.code) {
    case 'rat-invalid':
      return {
        helps: false,
        reason: `${log.cause} While credentials are cached, an IAT is used only with DCR_FORCE_REPLACE "true".`,
      };
    case 'registered':
    case 'credentials-cached':
      return { helps: false, reason: `${log.cause} It needs no IAT now.` };
    case 'idp-unreachable':
    case 'idp-error':
      // Any answer proves the way; an IdP that failed may still do so.
      if (idp?.kind !== 'answered' || idp.status >= 500) break;
      return { helps: null, reason: 'The IdP answers again since the last start, so only the next start tells.' };
  }
  return { helps: false, reason: `${log.cause} ${hintText(log.fix)}` };
}

/** The variables that bear on the bootstrap and have another value now than at the last start. Their values are not shown. */
export function changedNames(env: ServiceEnvironment, { startedWith, variable = 'DCR_IAT' }: Since): string[] {
  if (startedWith === undefined) return [];
  // Not the other way round: what only the container has may come from its image.
  return Object.keys(env).filter(
    (name) => BEARING.test(name) && name !== variable && (env[name] ?? '') !== (startedWith[name] ?? ''),
  );
}

const BEARING = /^(?:DCR_(?!ENABLED$|IAT$)|BFF_|MS_BFF_|IDP_|REDIS_|BOOTSTRAP_)|CERT|CA_BUNDLE|PROXY/;
