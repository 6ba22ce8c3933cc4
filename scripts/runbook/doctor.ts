import { diagnoseEnvironment, isTrue, LogReader, type Prospect, wouldIatHelp } from '../bff/diagnose.ts';
import { findFaults } from '../bff/root-cause.ts';
import type { Diagnosis } from '../core/diagnosis.ts';
import { AppError, type Hint } from '../core/errors.ts';
import type { Verdict } from '../core/result.ts';
import { lookAround, type Seen } from './checks.ts';
import type { Context } from './job.ts';

/**
 * `npm run doctor`: says why the BFF does not start, and whether a fresh Initial Access Token would help. Changes nothing.
 *
 * @param logFile a saved log to read in place of everything else
 * @throws AppError `fault-found` where something is wrong; what kept it from looking beats that
 */
export async function runDoctor(context: Context, logFile: string | null): Promise<Verdict> {
  return logFile === null ? examine(context) : readSaved(context, logFile);
}

async function examine(context: Context): Promise<Verdict> {
  const { job, recorder } = context;
  const seen = await lookAround(context);
  const { environment, container, reader } = seen;
  const effective = environment ?? container?.env ?? {};
  const prospect = wouldIatHelp(reader?.diagnosis() ?? null, effective, {
    ...(container === null ? {} : { startedWith: container.env }),
    variable: job.variable,
    idp: seen.idp,
  });
  const faults = findFaults({
    settings: environment && diagnoseEnvironment(environment, job.variable),
    container: seen.verdict,
    log: reader?.reading() ?? null,
    idp: seen.idp,
    health: seen.health,
    isProvenByBeingUp:
      isTrue((container?.env ?? effective)['ALLOW_BOOTSTRAP_FAILURE']) === false || (seen.health?.kid ?? null) !== null,
  });
  recorder.next = adviceOf(seen, faults, prospect);
  return conclude(context, faults, prospect, seen);
}

/** A saved log, offline: what it says is all there is. */
async function readSaved(context: Context, path: string): Promise<Verdict> {
  const { job, tools, recorder, signal } = context;
  const where = path === '-' ? 'standard input' : path;
  const reader = new LogReader({ service: job.service });
  await recorder.step('log', async (scope) => {
    scope.progress(`reading ${where}`);
    for await (const line of tools.logFile(path, signal)) reader.push(line);
    recorder.facts.push(['Log', `${where}, ${reader.count} lines`]);
    recorder.log = reader.excerpt();
    const said = `${reader.count} lines of ${where}`;
    if (reader.reading().decided === 'good') scope.summary(said);
    else scope.fail(said);
  });
  const { decided, diagnosis } = reader.reading();
  const prospect = wouldIatHelp(diagnosis, {});
  const isGood = decided === 'good' && ['registered', 'credentials-cached'].includes(diagnosis.code);
  return conclude(context, isGood ? [] : [diagnosis], prospect, { reader, blocked: [], missed: [] });
}

/** The answer: the root cause as the diagnosis, and the exit code that belongs to it. */
function conclude(
  { recorder }: Context,
  [root, ...others]: readonly Diagnosis[],
  prospect: Prospect,
  { reader, blocked, missed }: Pick<Seen, 'reader' | 'blocked' | 'missed'>,
): Verdict {
  const [obstacle] = blocked;
  const proof = reader?.reading().decided === 'good' ? reader.diagnosis() : null;
  recorder.diagnosis = root === undefined ? proof : { ...root, iatHelps: prospect.helps };
  const also = (obstacle === undefined ? others : [root, ...others]).filter((each) => each !== undefined);
  recorder.next.unshift(...also.map(({ cause, fix }) => ({ ...fix, text: `Also: ${cause} ${fix.text}` })));
  if (obstacle !== undefined) throw obstacle;
  if (root !== undefined) throw new AppError('fault-found', root.cause, { hint: root.fix });
  if (missed[0] !== undefined) throw missed[0];
  return 'healthy';
}

/** What the root cause alone does not say. */
function adviceOf(
  { reader, idpHere, blocked }: Seen,
  faults: readonly Diagnosis[],
  { helps, reason }: Prospect,
): Hint[] {
  const advice: Hint[] = [];
  if (helps === null && reader !== null && faults.length > 0 && !faults.some(({ cause }) => cause === reason))
    advice.push({ text: reason });
  if (helps === true && idpHere !== null && idpHere.kind !== 'answered' && idpHere.kind !== 'unknown')
    advice.push({
      text: 'From this machine the IdP cannot be reached, so npm run iat could not mint. See --idp-url, --ca-file.',
    });
  if (blocked.some(({ code }) => code.startsWith('docker-')))
    advice.push({ text: 'A saved log can be read without Docker:', command: 'npm run doctor -- --log-file FILE' });
  return advice;
}
