import { type Diagnosis, type DiagnosisCode, isDiagnosisCode, isFault, isGood } from '../core/diagnosis.ts';
import { type Hint, toHint } from '../core/errors.ts';
import { describeReach, isUnreachable, type Reach } from '../core/reach.ts';
import type { Finding } from './environment-check.ts';
import { diagnoseComponents } from './health-answers.ts';
import type { Reading } from './log-reader.ts';
import { diagnosisOf, isAboutReaching, signatureOf } from './signatures.ts';
import type { InstanceVerdict } from './verdict.ts';

/** What the checks have found; null: that part could not be checked. */
export interface Observations {
  /** What the environment says that the next start gets. */
  readonly settings: readonly Finding[] | null;
  readonly container: InstanceVerdict | null;
  /** Of the newest start in the log; null also where the log is empty. */
  readonly log: Reading | null;
  /** How the log ends: what shows why a container ended that was well before. */
  readonly lastLines?: readonly string[];
  /** How the start before the newest one ended, which was well; null: there was none such. */
  readonly died?: readonly string[] | null;
  /** Whether the IdP answers in the network of the BFF. */
  readonly idp: Reach | null;
  /** Whether it answers on this machine, where a token is minted; absent: not asked. */
  readonly idpHere?: Reach | null;
  /** What a health folder came to: the failure in a few words, and the components that are down by name. */
  readonly health: { readonly passed: boolean; readonly failure: string; readonly down: readonly string[] } | null;
  /** Being up proves the registration: the BFF would have ended otherwise, or it publishes its key. */
  readonly isProvenByBeingUp: boolean;
}

/** Everything that is wrong, the root cause first; what follows from another fault is not in it. Empty: nothing is. */
export function findFaults(found: Observations): Diagnosis[] {
  const faults: Diagnosis[] = [];
  const said = saidInLog(found);
  const isGood = said === null && found.log?.decided === 'good';
  for (const { code, level, message, hint } of found.settings ?? []) {
    const isHere = code === 'bootstrap-skipped' || (level === 'fault' && !isGood);
    if (isHere && code !== null) faults.push(fault(code, message, hint));
  }
  if (isUnreachable(found.idp)) faults.push(unreachable(found.idp, said));
  if (said !== null && !faults.some(({ code }) => code === said.code)) faults.push(said);
  const state = ofContainer(found, said);
  if (state !== null && hasNoNewLog(found.container)) faults.unshift(state);
  else if (state !== null && (said === null || !isConsequence(found.container))) faults.push(state);
  if (found.container?.kind === 'missing' && isDown(found.idpHere)) faults.unshift(downHere(found.idpHere));
  if (faults.length === 0) faults.push(...ofHealth(found), ...ofRegistration(found));
  return faults;
}

/** The fault that the log names. What it says of Redis does not count once the BFF is registered and healthy. */
function saidInLog({ log, health, idp }: Observations): Diagnosis | null {
  if (log === null) return null;
  const { decided, diagnosis } = log;
  if (!isFault(diagnosis) && (diagnosis.code !== 'unknown' || decided !== 'bad')) return null;
  if (decided === 'good' && health?.passed === true && !isUnreachable(idp)) return null;
  const answers = idp?.kind === 'answered' && idp.status < 500;
  if (!answers || !isAboutReaching(diagnosis)) return diagnosis;
  const evidence = [...diagnosis.evidence, `Now the IdP ${describeReach(idp)}.`];
  // Its other addresses may answer while its registration still fails.
  if (diagnosis.code === 'idp-error') return { ...diagnosis, evidence };
  return {
    ...diagnosis,
    fix: {
      text: "The IdP now answers from the BFF's network, so restart the BFF. If it fails the same way, it trusts different certificates or uses an address other than IDP_BASE_URL.",
    },
    evidence,
  };
}

function unreachable(idp: Reach, said: Diagnosis | null): Diagnosis {
  const lines = said?.code === 'idp-unreachable' ? said.evidence : [];
  const evidence = [...lines, `Asked from the network of the BFF, the IdP ${describeReach(idp)}.`];
  const { kind } = idp;
  const failure = kind === 'dns' || kind === 'refused' || kind === 'timeout' || kind === 'tls' ? kind : null;
  return diagnosisOf(signatureOf('idp-unreachable'), evidence, failure);
}

/** Without it no token can be minted, and nothing that is started can register. */
function isDown(reach: Reach | null | undefined): reach is Reach {
  return reach != null && isUnreachable(reach) && reach.kind !== 'tls';
}

function downHere(reach: Reach): Diagnosis {
  const cause = `The IdP ${describeReach(reach)}, asked from this machine.`;
  const text = 'Start the IdP, or name its address with --idp-url. Then look again:';
  return fault('idp-unreachable', cause, { text, command: 'npm run doctor' });
}

function ofContainer(found: Observations, said: Diagnosis | null): Diagnosis | null {
  const { container, log, health, lastLines = [], died = null } = found;
  if (container === null || container.kind === 'fine') return null;
  const { kind, message, hint } = container;
  const isWell = health?.passed === true && log?.decided === 'good';
  // It failed some times and came up then: the count of its restarts stays.
  if (kind === 'crash-loop' && isWell && died === null) return null;
  if (kind === 'unhealthy' && isWell) {
    const cause = `Every request of the health folder passes, so only the healthcheck of the container is wrong. ${message}`;
    const text = 'Correct the healthcheck of the service in the compose file (URL, port, program). To see it:';
    return fault('unknown', cause, hint?.command === undefined ? text : { text, command: hint.command });
  }
  if (kind === 'starting') {
    const fix = { text: 'Look again in a moment:', command: 'npm run doctor' };
    return said === null ? fault('unknown', message, fix) : null;
  }
  // What proves a registration explains no end.
  const ends =
    log !== null && log.reasons.length === 0 && died !== null ? died : [...(log?.reasons ?? []), ...lastLines];
  const evidence = log === null ? [] : isGood(log.diagnosis) ? ends : log.diagnosis.evidence;
  return { ...fault(codeOf(container), message, hint ?? ''), evidence: [...new Set(evidence)] };
}

function codeOf({ code }: InstanceVerdict): DiagnosisCode {
  return code !== undefined && isDiagnosisCode(code) ? code : 'unknown';
}

/** A container that never started, or is gone, has no new log lines. One that is ended from outside may have. */
function hasNoNewLog(container: Observations['container']): boolean {
  if (container?.kind === 'obstacle') return !isDiagnosisCode(container.code ?? '');
  return container?.kind === 'missing' || container?.kind === 'not-started';
}

/** A BFF whose bootstrap failed ends, and its healthcheck fails. */
function isConsequence(container: Observations['container']): boolean {
  return container !== null && ['exited', 'crash-loop', 'unhealthy'].includes(container.kind);
}

function ofHealth({ log, health, container }: Observations): Diagnosis[] {
  // Where the container could not be checked, the failure may be of anything.
  if (health === null || health.passed || container === null) return [];
  const evidence = [health.failure];
  if (health.down.length > 0) return [diagnoseComponents(health.down, evidence)];
  const wait = log?.decided === 'good' ? '' : 'If it was started just now, look again in a moment (npm run doctor). ';
  const fix = `${wait}Check that --bff-url is the address where the BFF is published, and see what its answer reports.`;
  return [{ ...fault('unknown', 'The BFF is running, but it is not healthy.', fix), evidence }];
}

/** Up and healthy is not registered, where a failed bootstrap is allowed. */
function ofRegistration({ log, isProvenByBeingUp, container }: Observations): Diagnosis[] {
  if (log?.decided === 'good' || isProvenByBeingUp || container === null) return [];
  const cause = 'The BFF is running, but nothing proves that it is registered: its log does not say so.';
  const fix = 'Set ALLOW_BOOTSTRAP_FAILURE to "false" and restart it: it then stays up only if it is registered.';
  return [fault('unknown', cause, fix)];
}

function fault(code: DiagnosisCode, cause: string, fix: string | Hint): Diagnosis {
  return { code, cause, fix: toHint(fix), iatHelps: null, evidence: [] };
}
