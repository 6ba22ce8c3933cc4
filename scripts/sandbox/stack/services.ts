import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { readDotenv } from '../../compose-file/dotenv.ts';
import { AppError } from '../../core/errors.ts';
import { isRecord } from '../../core/json.ts';

export type RestartPolicy = 'no' | 'always' | 'unless-stopped' | 'on-failure';

/** A service of the compose file, with what the sandbox needs of it. */
export interface SandboxService {
  readonly image: string;
  /** null: passed through from the shell, and unset there. */
  readonly environment: Readonly<Record<string, string | null>>;
  readonly restart: RestartPolicy;
  /** The first published port on this machine. */
  readonly port: number | null;
}

type Variables = Readonly<Record<string, string | undefined>>;
type Mapping = Readonly<Record<string, unknown>>;

/**
 * The services of a compose file, resolved as far as the sandbox needs it: `.env`, `env_file`, `environment` as map or list,
 * `${VAR}` with its operators (compose-spec, 12-interpolation). Much else of compose is missing.
 *
 * @param shell variables that beat those of `.env`
 * @throws AppError `compose-file-missing`, `compose-invalid`, `file-io`, and what `readDotenv` throws
 */
export async function readComposeFile(
  path: string,
  shell: Variables,
): Promise<Readonly<Record<string, SandboxService>>> {
  const bytes = await readIfThere(path);
  if (bytes === null) {
    throw new AppError('compose-file-missing', 'The compose file of the sandbox is gone.', { where: { file: path } });
  }
  const variables = { ...(await readEnvFile(join(dirname(path), '.env'), shell)), ...shell };
  const { services } = parseInterpolated(bytes.toString('utf8'), variables, path);
  const read = Object.entries(asMapping(services)).map(
    async ([name, raw]) => [name, await readService(asMapping(raw), dirname(path), variables)] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

function parseInterpolated(text: string, variables: Variables, path: string): Mapping {
  const document = parseDocument(text, { merge: true });
  const reviver = (_: unknown, value: unknown) => (typeof value === 'string' ? interpolate(value, variables) : value);
  const [error] = document.errors;
  if (error === undefined) return asMapping(document.toJS({ reviver }));
  // The library's own message quotes the line, and the line may hold a token.
  const [start] = error.linePos ?? [];
  throw new AppError('compose-invalid', `The compose file is not valid YAML (${error.code}).`, {
    where: { file: path, ...(start === undefined ? {} : { line: start.line, column: start.col }) },
  });
}

async function readService(raw: Mapping, folder: string, variables: Variables): Promise<SandboxService> {
  const envFiles = [raw['env_file'] ?? []].flat().map(String);
  const fromFiles = await Promise.all(envFiles.map((file) => readEnvFile(join(folder, file), variables)));
  return {
    image: String(raw['image'] ?? ''),
    environment: { ...Object.assign({}, ...fromFiles), ...readPairs(raw['environment'], variables) },
    restart: readRestart(raw['restart']),
    port: readPort(raw['ports']),
  };
}

/** Variables of an env file; none where there is no such file. */
async function readEnvFile(path: string, shell: Variables): Promise<Record<string, string>> {
  return Object.fromEntries(readDotenv(await readIfThere(path), path, shell));
}

/** A map, or a list of `NAME=value`; a name without a value is looked up. */
function readPairs(raw: unknown, variables: Variables): Record<string, string | null> {
  const pairs = Array.isArray(raw)
    ? raw.map(String).map((item): [string, unknown] => {
        const at = item.indexOf('=');
        return at < 0 ? [item, null] : [item.slice(0, at), item.slice(at + 1)];
      })
    : Object.entries(asMapping(raw));
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, value === null ? (variables[name] ?? null) : String(value)]),
  );
}

function readRestart(raw: unknown): RestartPolicy {
  const [policy] = String(raw ?? 'no').split(':');
  return policy === 'always' || policy === 'unless-stopped' || policy === 'on-failure' ? policy : 'no';
}

/** `127.0.0.1:8000:8000`, `8000:8000`: the number before the last colon. */
function readPort(raw: unknown): number | null {
  const [first] = Array.isArray(raw) ? raw.map(String) : [];
  const port = Number(first?.split(':').at(-2));
  return Number.isInteger(port) ? port : null;
}

const REFERENCE = /\$(?:\$|\{([A-Za-z_]\w*)(?:(:?[-?+])([^}]{0,1024}))?\}|([A-Za-z_]\w*))/g;

function interpolate(text: string, variables: Variables): string {
  return text.replace(REFERENCE, (whole, braced?: string, operator?: string, operand = '', bare?: string) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    const value = variables[name];
    // With the colon an empty value counts as none.
    const isThere = value !== undefined && !(operator?.startsWith(':') && value === '');
    if (operator?.endsWith('+')) return isThere ? operand : '';
    if (isThere) return value;
    if (operator?.endsWith('?')) {
      throw new AppError('compose-invalid', `The compose file needs the variable ${name}, and it is not set.`);
    }
    return operand;
  });
}

function asMapping(value: unknown): Mapping {
  return isRecord(value) ? value : {};
}

/** null: there is no such file. */
async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ENOENT') return null;
    throw new AppError('file-io', 'A file of the sandbox cannot be read.', { where: { file: path }, cause: error });
  }
}
