import type { Diagnosis } from '../core/diagnosis.ts';
import type { LogLine } from '../core/result.ts';
import { diagnoseEnvironment, isTrue, type ServiceEnvironment } from './environment.ts';
import { LogReader, type ReaderContext } from './log-reader.ts';

export { diagnoseEnvironment, type Finding, isTrue, type ServiceEnvironment } from './environment.ts';
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

/** Whether a fresh IAT would help, from the last log (null: there is none) and the environment of the service. */
export function wouldIatHelp(log: Diagnosis | null, env: ServiceEnvironment): Prospect {
  const off = diagnoseEnvironment(env).find((finding) => finding.code === 'bootstrap-skipped');
  if (off !== undefined) return { helps: false, reason: `${off.message} ${off.hint}` };
  const replace = isTrue(env['DCR_FORCE_REPLACE']) === true;
  if (log === null) return { helps: null, reason: 'There is no log of an earlier start to tell from.' };
  switch (log.code) {
    case 'iat-missing':
    case 'iat-invalid':
      return { helps: true, reason: log.cause };
    case 'rat-invalid':
      return replace
        ? { helps: true, reason: `${log.cause} DCR_FORCE_REPLACE is on, so a fresh IAT registers the client anew.` }
        : {
            helps: false,
            reason: `${log.cause} While credentials are cached, an IAT is used only with DCR_FORCE_REPLACE "true".`,
          };
    case 'bootstrap-skipped':
      return {
        helps: null,
        reason: 'The last start skipped the bootstrap; the environment does not ask for that any more.',
      };
    case 'registered':
    case 'credentials-cached':
      return replace
        ? { helps: true, reason: 'DCR_FORCE_REPLACE is on: the next start registers anew and needs an IAT.' }
        : { helps: false, reason: `${log.cause} It needs no IAT now.` };
    case 'kafka-unconfigured':
    case 'unknown':
      return { helps: null, reason: log.cause };
    default:
      return { helps: false, reason: `${log.cause} ${log.fix}` };
  }
}
