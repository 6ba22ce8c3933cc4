import { readSource } from '../postman/source.ts';
import { renderList } from '../postman/tree.ts';
import { CLEAR_STEPS, runClear } from '../runbook/clear.ts';
import { COLLECTION_STEPS, runCollection } from '../runbook/collection.ts';
import { runDoctor } from '../runbook/doctor.ts';
import { HEALTH_STEPS, runHealth } from '../runbook/health.ts';
import { IAT_STEPS, runIat } from '../runbook/iat.ts';
import type { RunName } from './commands.ts';
import { execute, type Work } from './execute.ts';
import { printFailure } from './print-failure.ts';
import { type CommandLine, runCommand, type Session } from './session.ts';
import type { Settings } from './settings.ts';
import { watchCollection, watchDoctor } from './watch.ts';
import type { openOutside } from './wiring.ts';

/**
 * One command from arguments to exit code: 0 done and healthy, 1 the answer is no, 2 wrong usage or configuration, 3 could
 * not, 130/143 interrupted.
 */
export function main(command: RunName, process: Parameters<typeof openOutside>[0]): Promise<number> {
  return runCommand(command, process, async (session, line) => {
    if (!(line.settings instanceof Error) && line.settings.list) return listCollection(session, line.settings);
    const work = workOf(command, session, line);
    if (!(line.settings instanceof Error) && line.settings.watch) {
      return command === 'doctor' ? watchDoctor(session, work) : watchCollection(session, work, line.settings);
    }
    const { exitCode } = await execute(session, work);
    const isSuppressed = !(line.settings instanceof Error) && line.settings.suppressExitCode;
    // Newman's own option: whatever happens is no failure of the job that runs it. An interruption is not hidden.
    return isSuppressed && exitCode < 128 ? 0 : exitCode;
  });
}

/** `--list`: what is in the collection, and how it is named. */
async function listCollection(session: Session, settings: Settings): Promise<number> {
  const { outside, human, masker, redact } = session;
  try {
    const { collection } = await readSource(settings, {
      files: outside.files,
      learn: (secret) => masker.add(secret, 'found'),
    });
    human.print(...renderList(collection).map(redact));
    return 0;
  } catch (error) {
    return printFailure(session, error);
  }
}

/** The run of a command, against Docker or the sandbox. */
export function workOf(
  command: RunName,
  { outside }: Session,
  { settings, adminToken, given }: Extract<CommandLine, { kind: 'run' }>,
): Work {
  const isSandboxed = !(settings instanceof Error) && settings.sandbox;
  const sandbox = isSandboxed ? () => outside.openSandbox() : null;
  return { command, settings, adminToken, given, sandbox, ...stepsOf(command, settings as Settings) };
}

/** What a command does. The settings are an error where the command line is wrong, but then nothing runs. */
function stepsOf(command: RunName, settings: Settings): Pick<Work, 'steps' | 'showsEachOutcome' | 'run'> {
  switch (command) {
    case 'iat':
      return { steps: IAT_STEPS, run: runIat };
    case 'clear':
      return { steps: CLEAR_STEPS, run: runClear };
    case 'doctor':
      // It reports by itself what it could not check.
      return { steps: [], showsEachOutcome: true, run: (context) => runDoctor(context, settings.logFile) };
    case 'health':
      return { steps: HEALTH_STEPS, run: runHealth };
    case 'collection':
      return { steps: COLLECTION_STEPS, run: (context) => runCollection(context, settings) };
  }
}
