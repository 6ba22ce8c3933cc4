/** By what a person calls the commands: in a clone by npm's scripts, elsewhere by the package's bin. */
export type Caller = 'npm' | 'npx';

/** Where the bin says, on `process`, that it was called. */
export const BIN = Symbol.for('bff-iat.bin');

/**
 * A text of this project as its reader can follow it: messages name the commands as npm's scripts (`npm run iat -- --force`), and
 * who called the bin calls it again (`npx bff-iat iat --force`). Not for texts of others.
 */
export function forCaller(text: string, caller: Caller): string {
  if (caller === 'npm') return text;
  return text.replace(
    /\bnpm run (iat:clear|iat|doctor|health|collection|demo|init|reports)(?![\w:])(?: --(?= ))?/g,
    (_, script: string) => `npx bff-iat ${script === 'iat:clear' ? 'clear' : script}`,
  );
}
