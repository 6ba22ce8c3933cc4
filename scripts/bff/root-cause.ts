import type { Diagnosis, DiagnosisCode } from '../core/diagnosis.ts';
import { type Hint, toHint } from '../core/errors.ts';
import { describeReach, isUnreachable, type Reach } from '../core/reach.ts';
import type { Finding } from './environment-check.ts';
import { diagnoseComponents } from './health-answers.ts';
import type { Reading } from './log-reader.ts';
import { signatureOf } from './signatures.ts';
import type { ContainerVerdict } from './verdict.ts';

/** What a look around has found; null: it could not be looked at. */
export interface Observations {
  /** What the environment says that compose gives the service. */
  readonly settings: readonly Finding[] | null;
  /** `none`: the service has no container. */
  readonly container: ContainerVerdict | 'none' | null;
  /** Of the newest start in the log; null also where the log is empty. */
  readonly log: Reading | null;
  /** Whether the IdP answers in the network of the BFF. */
  readonly idp: Reach | null;
  /** What a health folder came to: the failure in a few words, and the components that are down by name. */
  readonly health: { readonly passed: boolean; readonly failure: string; readonly down: readonly string[] } | null;
  /** Who is up is registered: the BFF would have ended otherwise, or it publishes its key. */
  readonly isProvenByBeingUp: boolean;
}

/** Everything that is wrong, the root cause first; what follows from another fault is not in it. Empty: nothing is. */
export function findFaults(seen: Observations): Diagnosis[] {
  const faults: Diagnosis[] = [];
  const said = saidInLog(seen);
  const isGood = said === null && seen.log?.decided === 'good';
  for (const { code, level, message, hint } of seen.settings ?? []) {
    const isHere = code === 'bootstrap-skipped' || (level === 'fault' && !isGood);
    if (isHere && code !== null) faults.push(fault(code, message, hint));
  }
  if (isUnreachable(seen.idp)) faults.push(unreachable(seen.idp, said));
  if (said !== null && !faults.some(({ code }) => code === said.code)) faults.push(said);
  const state = ofContainer(seen, said);
  // Who has never been started, and who is not there, says nothing new in the log.
  if (state !== null && isOver(seen.container)) faults.unshift(state);
  else if (state !== null && (said === null || !isConsequence(seen.container))) faults.push(state);
  if (faults.length === 0) faults.push(...ofHealth(seen), ...ofRegistration(seen));
  return faults;
}

/** The fault that the log names. What it says of Redis does not count once the BFF is registered and healthy. */
function saidInLog({ log, health, idp }: Observations): Diagnosis | null {
  if (log === null) return null;
  const { decided, diagnosis } = log;
  if (GOOD.includes(diagnosis.code) || diagnosis.code === 'kafka-unconfigured') return null;
  if (decided === 'good' && health?.passed === true && !isUnreachable(idp)) return null;
  if (diagnosis.code === 'unknown' && decided !== 'bad') return null;
  const answers = idp?.kind === 'answered' && idp.status < 500;
  if (!answers || (diagnosis.code !== 'idp-unreachable' && diagnosis.code !== 'idp-error')) return diagnosis;
  return {
    ...diagnosis,
    fix: toHint(
      'By now the IdP answers in the network of the BFF, so start the BFF again. If that fails the same way, its program trusts other certificates or uses another address than IDP_BASE_URL.',
    ),
    evidence: [...diagnosis.evidence, `Now the IdP ${describeReach(idp)}.`],
  };
}

function unreachable(idp: Extract<Reach, { kind: string }>, said: Diagnosis | null): Diagnosis {
  const { code, cause, fix, variants } = signatureOf('idp-unreachable');
  const words = (idp.kind in (variants ?? {}) && variants?.[idp.kind as keyof typeof variants]) || { cause, fix };
  const lines = said?.code === code ? said.evidence : [];
  const evidence = [...lines, `Asked from the network of the BFF, the IdP ${describeReach(idp)}.`];
  return { code, cause: words.cause, fix: toHint(words.fix), iatHelps: false, evidence };
}

function ofContainer({ container, log }: Observations, said: Diagnosis | null): Diagnosis | null {
  if (container === null) return null;
  if (container === 'none') {
    const fix = 'Start it with npm run iat, which mints a token for it as well, or with compose: up -d.';
    return fault('unknown', 'The service has no container: it was never started, or somebody took it away.', fix);
  }
  if (container.kind === 'fine') return null;
  if (container.kind === 'starting') {
    return said === null ? fault('unknown', container.message, 'Look again in a moment: npm run doctor') : null;
  }
  return { ...fault('unknown', container.message, container.hint), evidence: log?.diagnosis.evidence ?? [] };
}

function isOver(container: Observations['container']): boolean {
  return container === 'none' || container?.kind === 'not-started';
}

/** A BFF whose bootstrap failed ends, and its healthcheck fails. */
function isConsequence(container: Observations['container']): boolean {
  return container !== null && container !== 'none' && ['exited', 'crash-loop', 'unhealthy'].includes(container.kind);
}

function ofHealth({ log, health, container }: Observations): Diagnosis[] {
  // Without a look at the container nobody knows whose failure it is.
  if (health === null || health.passed || container === null) return [];
  const evidence = [health.failure];
  if (health.down.length > 0) return [diagnoseComponents(health.down, evidence)];
  const look = 'See that --bff-url is where it is published, and read what the answer names.';
  const fix =
    log?.decided === 'good' ? look : `If it was started just now, look again in a moment (npm run doctor). ${look}`;
  return [{ ...fault('unknown', 'The BFF runs, and it is not healthy.', fix), evidence }];
}

/** Up and healthy is not registered, where a failed bootstrap is allowed. */
function ofRegistration({ log, isProvenByBeingUp, container }: Observations): Diagnosis[] {
  if (log?.decided === 'good' || isProvenByBeingUp || container === null) return [];
  return [
    fault(
      'unknown',
      'The BFF runs, and nothing proves that it is registered: its log does not say so.',
      'Set ALLOW_BOOTSTRAP_FAILURE to "false" and start it again: then it stays up only when it is registered.',
    ),
  ];
}

const GOOD: readonly DiagnosisCode[] = ['registered', 'credentials-cached'];

function fault(code: DiagnosisCode, cause: string, fix: string | Hint): Diagnosis {
  return { code, cause, fix: toHint(fix), iatHelps: null, evidence: [] };
}
