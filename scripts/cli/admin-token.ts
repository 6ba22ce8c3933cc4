import { AppError } from '../core/errors.ts';
import type { Files } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';

export interface TokenSources {
  /** The value of IAT_ADMIN_TOKEN, from the environment or `.env`; null: not set. */
  readonly variable: string | null;
  /** `--admin-token-file`; `-` is standard input; null: not given. */
  readonly file: string | null;
  readonly files: Files;
  readStdin(): Promise<string>;
  /** Asks on the terminal; null where there is no terminal to ask on. */
  readonly ask: (() => Promise<string>) | null;
}

/**
 * The admin token: from the named file, else from the variable, else from a hidden prompt. Never from a flag.
 *
 * @throws AppError `admin-token-missing`, `bad-value`
 */
export async function readAdminToken(sources: TokenSources): Promise<Secret> {
  const { text, from } = await readFirst(sources);
  const token = text
    .trim()
    .replace(/^bearer\s+/i, '')
    .replace(/^(["'])(.*)\1$/, '$2');
  if (token === '') throw missing(`There is no admin token${from === '' ? '' : `: ${from} is empty`}.`);
  // A line break would end the header, and a text with blanks is not a token but something else that was copied.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const message = `The value from ${from} is not a token: it contains spaces, line breaks or other characters that a token cannot have.`;
    throw new AppError('bad-value', message, { hint: 'It must be the access token alone, on one line.' });
  }
  return new Secret(token, 'admin token');
}

async function readFirst(sources: TokenSources): Promise<{ readonly text: string; readonly from: string }> {
  if (sources.file === '-') {
    // On a terminal standard input would show what is typed.
    return { text: await (sources.ask ?? sources.readStdin)(), from: 'standard input' };
  }
  if (sources.file !== null) {
    const bytes = await sources.files.read(sources.file);
    if (bytes === null) throw missing(`There is no file ${sources.file} (--admin-token-file).`);
    return { text: new TextDecoder().decode(bytes), from: sources.file };
  }
  if (sources.variable !== null) return { text: sources.variable, from: 'IAT_ADMIN_TOKEN' };
  if (sources.ask !== null) return { text: await sources.ask(), from: 'the prompt' };
  return { text: '', from: '' };
}

function missing(message: string): AppError {
  return new AppError('admin-token-missing', message, {
    hint: 'Set the variable IAT_ADMIN_TOKEN, or name a file with --admin-token-file FILE (- reads standard input). On a terminal you are asked for it.',
  });
}
