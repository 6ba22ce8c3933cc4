import { exitCodeOf, toAppError } from '../core/errors.ts';
import { readSource } from '../postman/source.ts';
import { renderList } from '../postman/tree.ts';
import { renderFailure } from './outcome.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import { signsOf } from './terminal-text.ts';

/**
 * `npm run collection -- --list`: prints what is in the collection and how it is named. Asks nobody, and writes no report.
 *
 * @returns the exit code
 */
export async function printList(session: Session, { collection, quiet }: Settings): Promise<number> {
  const { outside, masker, human, redact } = session;
  try {
    const source = await readSource(
      { collection, environment: null, envVars: [] },
      { files: outside.files, learn: (secret, how) => masker.add(secret, how ?? 'certain') },
    );
    human.print(...[...renderList(source.collection), ...source.warnings].map(redact));
    return 0;
  } catch (error) {
    const { code, message, hint = null, where = null } = toAppError(error);
    human.print(
      ...renderFailure(
        { code, message, hint, where },
        { columns: human.columns, signs: signsOf(human), quiet, redact },
      ),
    );
    return exitCodeOf(code);
  }
}
