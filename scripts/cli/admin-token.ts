import { decodeText } from '../core/encoding.ts';
import { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { Files } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { isSecretName } from '../secrets/places.ts';
import { isOrdinary, isPlaceholder, SHORTEST_MASKED } from '../secrets/values.ts';

export interface TokenSources {
  /** The value of IAT_ADMIN_TOKEN, from the environment or `.env`; null: not set. */
  readonly variable: string | null;
  /** `--admin-token-file`; `-` is standard input; null: not given. */
  readonly file: string | null;
  readonly files: Pick<Files, 'read'>;
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
  const token = tokenIn(text, from);
  if (token === '') throw missing(`There is no admin token${from === '' ? '' : `: ${from} is empty`}.`);
  verifyToken(token, from);
  return new Secret(token, 'admin token');
}

/** Everything in a text with an admin token that may be one, to be masked before it is known whether it is. */
export function tokensIn(text: string): string[] {
  const words = text.split(/[\s"'`{}[\],:;&<>]+/).flatMap((word) => [word, word.replace(/^[\w$-]{1,64}=/, '')]);
  return [...new Set([text.trim(), ...words])].filter((word) => word.length >= SHORTEST_MASKED && !isOrdinary(word));
}

/** The token out of what people put into such a file: quotes, `Bearer`, a header, an assignment, the IdP's whole answer. */
function tokenIn(given: string, from: string): string {
  let text = given.replace(/^[\ufeff\u200b\s]+|[\ufeff\u200b\s]+$/g, '');
  if (/^[[{]/.test(text)) return memberIn(text, from);
  if (text.startsWith('-----BEGIN')) throw refused(from, 'it is a key or a certificate (PEM)');
  if (/^<[!a-z]/i.test(text)) throw refused(from, 'it is a web page, or a placeholder in angle brackets');
  if (/[\r\n]/.test(text)) text = unwrapped(text, from);
  const [, header, headerValue] = /^(?:["']?)([A-Za-z][\w-]{0,63}):[ \t]{0,8}(.+)$/.exec(text) ?? [];
  if (headerValue !== undefined && isSecretName(header ?? '')) text = headerValue;
  const [, name, value] =
    /^(?:export[ \t]{1,8}|set[ \t]{1,8}|\$env:)?([A-Za-z_]\w{0,63})[ \t]{0,8}=[ \t]{0,8}(.+)$/.exec(text) ?? [];
  if (value !== undefined && isSecretName(name ?? '')) text = value.replace(/&.*$/, '');
  text = withoutQuotes(text).replace(/^bearer[ \t]{1,8}/i, '');
  return withoutQuotes(text).trim();
}

function withoutQuotes(text: string): string {
  return text.replace(/^(["'`])([^"'`]*)\1$/, '$2').replace(/^["'`]|["'`]$/g, '');
}

/** Members of an OAuth answer that are the token (RFC 6749 §5.1), and what people call it themselves. */
const MEMBERS = ['access_token', 'accessToken', 'admin_token', 'token'];

function memberIn(text: string, from: string): string {
  const document = jsonOrNull(text);
  if (!isRecord(document)) throw refused(from, 'it begins like JSON, but is no JSON object, or was cut off');
  const value = MEMBERS.map((name) => document[name]).find((member) => typeof member === 'string');
  if (typeof value === 'string') return value;
  throw refused(from, 'it is JSON without a member access_token');
}

/** One line of what a terminal or an editor has wrapped: then every line but the last is equally long. */
function unwrapped(text: string, from: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  const [first = ''] = lines;
  const isWrapped =
    first.length >= 60 &&
    lines.slice(0, -1).every(({ length }) => length === first.length) &&
    (lines.at(-1) ?? '').length <= first.length;
  if (isWrapped) return lines.join('');
  throw refused(from, `it has ${lines.length} lines: it was wrapped, or there is more than one value`);
}

/** RFC 6750 §2.1 `b64token`: what a Bearer token can have. */
function verifyToken(token: string, from: string): void {
  if (token.length < SHORTEST_MASKED) {
    throw refused(
      from,
      `it has ${token.length} characters, and a token so short cannot be kept out of reports; ${SHORTEST_MASKED} are needed`,
    );
  }
  if (token.length > MOST_CHARACTERS)
    throw refused(from, `it has ${token.length} characters; ${MOST_CHARACTERS} are accepted`);
  if (/^basic[ \t]/i.test(token))
    throw refused(from, 'it is a user name with its password (Basic), not an access token');
  if (/\s/.test(token)) throw refused(from, 'it contains spaces, so it is something else that was copied');
  if (isPlaceholder(token)) throw refused(from, 'it is a placeholder: put the token itself in its place');
  const end = /(?<!=)=*$/.exec(token)?.index ?? token.length;
  const at = token.slice(0, end).search(/[^A-Za-z0-9._~+/-]/);
  if (at >= 0) {
    throw refused(
      from,
      `a token has letters, digits and - . _ ~ + / only, and = at its end (RFC 6750 §2.1); the first other character is number ${at + 1}`,
    );
  }
}

/** No header of a server takes more. */
const MOST_CHARACTERS = 16_384;

async function readFirst(sources: TokenSources): Promise<{ readonly text: string; readonly from: string }> {
  if (sources.file === '-') {
    // On a terminal standard input would show what is typed.
    return { text: await (sources.ask ?? sources.readStdin)(), from: 'standard input' };
  }
  if (sources.file !== null) {
    const bytes = await sources.files.read(sources.file);
    if (bytes === null) throw missing(`There is no file ${sources.file} (--admin-token-file).`);
    return { text: decodeText(bytes), from: sources.file };
  }
  if (sources.variable !== null) return { text: sources.variable, from: 'IAT_ADMIN_TOKEN' };
  if (sources.ask !== null) return { text: await sources.ask(), from: 'the prompt' };
  return { text: '', from: '' };
}

function refused(from: string, why: string): AppError {
  return new AppError('bad-value', `The value from ${from} is not a token: ${why}.`, {
    hint: 'It must be the access token alone, on one line.',
  });
}

function missing(message: string): AppError {
  return new AppError('admin-token-missing', message, {
    hint: 'Set the variable IAT_ADMIN_TOKEN, or name a file with --admin-token-file FILE (- reads standard input). On a terminal you are asked for it. Or let the collection do it: name the request that logs in with --login NAME, or give the variable of the token a value in --environment FILE.',
  });
}
