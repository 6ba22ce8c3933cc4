import process from 'node:process';
import { describe, test } from 'vitest';

/**
 * A suite that needs something of the machine. Without it, it is skipped with a line that says so, or fails where the variable
 * `required` is set.
 *
 * @param missing such as `there is no docker command`; null: all is there
 */
export function describeUnless(
  missing: string | null,
  { required, wayOut }: { readonly required: string; readonly wayOut: string },
  name: string,
  body: () => void,
): void {
  if (missing === null) {
    describe(name, body);
    return;
  }
  if (process.env[required]) {
    describe(name, () => {
      test('what it needs is there', () => {
        throw new Error(`${required} is set, and ${missing}.`);
      });
    });
    return;
  }
  process.stderr.write(`SKIPPED: "${name}", because ${missing}; ${wayOut}.\n`);
  describe.skip(name, body);
}
