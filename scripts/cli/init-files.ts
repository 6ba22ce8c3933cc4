import { applyEdits, modify } from 'jsonc-parser';
import { AppError } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import { positionOfError } from '../postman/export-json.ts';

/** What would become of one text file. */
export interface Edited {
  /** The same as before where nothing is added. */
  readonly text: string;
  /** Names of what is added, and of what is there already and stays as it is. */
  readonly added: readonly string[];
  readonly kept: readonly string[];
}

/** What npm's script of each name runs. */
const SCRIPTS = { iat: 'iat', 'iat:clear': 'clear', doctor: 'doctor' } as const;

/**
 * package.json with the scripts that it lacks, at the end of its own ones. Indentation, order and line breaks stay.
 *
 * @throws AppError `bad-value` for what is no package.json, or cannot be edited safely
 */
export function addScripts(text: string, file = 'package.json'): Edited {
  const body = text.replace(/^\ufeff/, '');
  const before = parseManifest(body, file);
  const { scripts = {}, dependencies, devDependencies } = before;
  if (!isRecord(scripts)) throw new AppError('bad-value', `In ${file} "scripts" is not an object.`, { hint: BY_HAND });
  // Without it among the packages npm would look for a program that is not there.
  const isInstalled = [dependencies, devDependencies].some((each) => isRecord(each) && 'bff-iat' in each);
  const names = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];
  const missing = names.filter((name) => !Object.hasOwn(scripts, name));
  const wanted = Object.fromEntries(
    missing.map((name) => [name, `${isInstalled ? '' : 'npx '}bff-iat ${SCRIPTS[name]}`]),
  );
  const [, indent = '  '] = /\n([ \t]+)"/.exec(body) ?? [];
  const formattingOptions = {
    insertSpaces: !indent.includes('\t'),
    tabSize: indent.length,
    eol: body.includes('\r\n') ? '\r\n' : '\n',
  };
  let after = body;
  for (const [name, command] of Object.entries(wanted)) {
    const getInsertionIndex = (properties: readonly string[]) => properties.length;
    after = applyEdits(after, modify(after, ['scripts', name], command, { formattingOptions, getInsertionIndex }));
  }
  const intended = missing.length === 0 ? before : { ...before, scripts: { ...scripts, ...wanted } };
  // Where a key stands twice, another one than the last, which counts, would have been edited.
  if (JSON.stringify(JSON.parse(after)) !== JSON.stringify(intended))
    throw new AppError('bad-value', `${file} cannot be edited safely.`, { hint: BY_HAND });
  return {
    text: text.slice(0, text.length - body.length) + after,
    added: missing,
    kept: names.filter((name) => !missing.includes(name)),
  };
}

const BY_HAND = 'Correct that, and run again; or leave package.json as it is, and type npx bff-iat iat.';

function parseManifest(text: string, file: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    const where = { file, ...positionOfError(text) };
    throw new AppError('bad-value', `${file} is not valid JSON.`, { hint: BY_HAND, where });
  }
  if (isRecord(parsed)) return parsed;
  throw new AppError('bad-value', `${file} is JSON, but not an object.`, { hint: BY_HAND });
}

/** .gitignore with the lines that it lacks. */
export function addIgnores(text: string): Edited {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const isThere = (line: string) =>
    lines.some((each) => [line, `/${line}`, `${line}*`, `/${line}*`, line.replace(/\/$/, '')].includes(each));
  return addLines(text, ['.env', 'reports/'], isThere);
}

/** What a `.env` is likely to hold. */
export interface EnvValues {
  /** As `COMPOSE_FILE` has it; null: the default ones are right. */
  readonly composeFile: string | null;
  /** null: not known. */
  readonly service: string | null;
}

/** .env.example with the variables that it does not name yet, each with a word about it. */
export function addVariables(text: string, { composeFile, service }: EnvValues): Edited {
  const lines = [
    '# For bff-iat. Copy to .env: its values count as environment variables, but real ones win. Never commit a token.',
    composeFile === null
      ? '#COMPOSE_FILE=docker-compose.yml'
      : `COMPOSE_FILE=${/^[\w./:;\\@+-]+$/.test(composeFile) ? composeFile : `'${composeFile}'`}`,
    service === null || service === 'bff' ? '#IAT_SERVICE=bff' : `IAT_SERVICE=${service}`,
    '# The base URLs as this machine reaches them; the collection has its own defaults.',
    '#IAT_IDP_URL=https://idp.example.test',
    '#IAT_BFF_URL=http://localhost:8000',
    '# The CA of a self-signed IdP.',
    '#IAT_CA_FILE=lab-ca.pem',
  ];
  const nameOf = (line: string) => /^#?([A-Z_]+)=/.exec(line)?.[1];
  const names = lines.map(nameOf).filter((name) => name !== undefined);
  const kept = names.filter((name) => isNamed(text, name));
  if (kept.length === names.length) return { text, added: [], kept };
  const isMissing = (line: string | undefined) => line !== undefined && !kept.includes(nameOf(line) ?? '');
  // A word about variables that are there already is left out with them.
  const block = lines.filter((line, at) =>
    nameOf(line) === undefined ? at === 0 || isMissing(lines[at + 1]) : isMissing(line),
  );
  const start = text === '' ? '' : `${text}${endOf(text)}${breakOf(text)}`;
  return {
    text: start + block.map((line) => line + breakOf(text)).join(''),
    added: names.filter((name) => !kept.includes(name)),
    kept,
  };
}

/** Whether a `.env` file has a line for a variable, if only as a comment. */
export function isNamed(text: string, name: string): boolean {
  return text.split('\n').some((line) =>
    line
      .trimStart()
      .replace(/^#[ \t]*/, '')
      .startsWith(`${name}=`),
  );
}

function addLines(text: string, wanted: readonly string[], isThere: (line: string) => boolean): Edited {
  const added = wanted.filter((line) => !isThere(line));
  const lines = added.map((line) => line + breakOf(text)).join('');
  return {
    text: added.length === 0 ? text : `${text}${text === '' ? '' : endOf(text)}${lines}`,
    added,
    kept: wanted.filter(isThere),
  };
}

/** What the last line lacks. */
function endOf(text: string): string {
  return text.endsWith('\n') ? '' : breakOf(text);
}

function breakOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
