import { type Diagnosis, type DiagnosisCode, isGood } from '../core/diagnosis.ts';
import { hintText } from '../core/errors.ts';
import { describeReach, isUnreachable, type Reach } from '../core/reach.ts';
import type { Environment } from '../core/stack.ts';
import { diagnoseEnvironment, isTrue } from './environment-check.ts';
import { isAboutReaching } from './signatures.ts';

/** Whether a fresh IAT would help. */
export interface Prospect {
  /** null: that cannot be told. */
  readonly helps: boolean | null;
  /** One or two sentences. */
  readonly reason: string;
  /** It does not help by a log that may be out of date: the fault is mended elsewhere, where this run does not look. */
  readonly mayBeMended?: true;
}

/** What is known beside the log of the last start and the environment of the next one. */
export interface Since {
  /** What the last start was started with. */
  readonly startedWith?: Environment;
  /** The variable that holds the IAT. */
  readonly variable?: string;
  /** Whether the IdP answers now, from the network of the BFF. */
  readonly idp?: Reach | null;
  /** What else the next start differs in from the last one, in half a sentence; null: in nothing. */
  readonly changed?: string | null;
}

/**
 * Whether a fresh IAT would help, from the last log (null: there is none) and the environment of the service. What has been
 * repaired since the log was written counts: no fault that is gone holds a run up.
 */
export function wouldIatHelp(log: Diagnosis | null, env: Environment, since: Since = {}): Prospect {
  const off = diagnoseEnvironment(env).find((finding) => finding.code === 'bootstrap-skipped');
  if (off !== undefined) return { helps: false, reason: `${off.message} ${off.hint}` };
  const idp = since.idp ?? null;
  if (isUnreachable(idp))
    return { helps: false, reason: `Asked from the network of the BFF, the IdP ${describeReach(idp)}.` };
  if (log === null) return { helps: null, reason: 'There is no log of an earlier start to go by.' };
  const { code, cause, fix } = log;
  if (code === 'iat-missing' || code === 'iat-invalid') return { helps: true, reason: cause };
  if (code === 'kafka-unconfigured' || code === 'unknown') return { helps: null, reason: cause };
  if (code === 'bootstrap-skipped') {
    const reason = 'The last start skipped the bootstrap; the environment does not ask for that any more.';
    return { helps: null, reason };
  }
  if (isTrue(env['DCR_FORCE_REPLACE'])) {
    if (code === 'rat-invalid')
      return { helps: true, reason: `${cause} DCR_FORCE_REPLACE is on, so a fresh IAT registers the client again.` };
    if (isGood(log))
      return { helps: true, reason: 'DCR_FORCE_REPLACE is on: the next start registers again and needs an IAT.' };
  }
  const names = changedNames(env, since);
  if (names.length > 0)
    return { helps: null, reason: `The last log is out of date: ${names.join(', ')} changed since then.` };
  if (since.changed) return { helps: null, reason: `The last log is out of date: ${since.changed} since then.` };
  if (code === 'rat-invalid') {
    const reason = `${cause} While credentials are cached, an IAT is used only with DCR_FORCE_REPLACE "true".`;
    return { helps: false, reason };
  }
  if (isGood(log)) return { helps: false, reason: `${cause} It needs no IAT now.` };
  // Any answer proves the way, and no more: an IdP whose registration fails answers elsewhere all the time.
  const isReached = idp?.kind === 'answered' && idp.status < 500;
  if (isReached && code !== 'idp-error' && isAboutReaching(log))
    return { helps: null, reason: 'The IdP has recovered since the last start, so only the next start will show.' };
  const reason = `${cause} ${hintText(fix)}`;
  return MENDED_ELSEWHERE.includes(code) ? { helps: false, reason, mayBeMended: true } : { helps: false, reason };
}

/** Faults of the IdP, its policy or another service: whether they still are cannot be seen in the BFF's log. */
const MENDED_ELSEWHERE: readonly DiagnosisCode[] = [
  'invalid-scope',
  'invalid-redirect-uri',
  'invalid-client-metadata',
  'idp-error',
  'idp-unreachable',
  'redis-unavailable',
];

/** The variables that bear on the bootstrap and have another value now than at the last start. Their values are not shown. */
function changedNames(env: Environment, { startedWith, variable = 'DCR_IAT' }: Since): string[] {
  if (startedWith === undefined) return [];
  // Not the other way round: a variable that only the container has may come from its image.
  return Object.keys(env).filter(
    (name) => BEARING.test(name) && name !== variable && (env[name] ?? '') !== (startedWith[name] ?? ''),
  );
}

const BEARING = /^(?:DCR_(?!ENABLED$|IAT$)|BFF_|MS_BFF_|IDP_|REDIS_|BOOTSTRAP_)|CERT|CA_BUNDLE|PROXY/;
