import { type ParseError, parse } from 'jsonc-parser';
import { AppError } from '../core/errors.ts';

/** The largest file that is read as a collection or environment; beyond it something else was named by mistake. */
const MAX_BYTES = 50 * 1024 * 1024;

export const EXPORT_HINT = "In Postman: the collection's menu, Export, format Collection v2.1.";

/**
 * A v3 collection (Postman 12, Native Git) is a folder of YAML files; Newman runs v2 only.
 *
 * @param what is there instead, for people
 */
export function v3Error(file: string, what = 'a Postman collection'): AppError {
  return new AppError('collection-v3', `${file} is ${what} in the v3 format, which Newman cannot run.`, {
    hint: `Export it as v2.1 and name that file with --collection. ${EXPORT_HINT}`,
    where: { file },
  });
}

/**
 * Parses a Postman export. What is wrong is said by position and never by quoting: exports hold secrets, and JSON.parse
 * quotes its input.
 *
 * @throws AppError `collection-invalid`, `collection-v3`, `environment-invalid`
 */
export function parseExport(bytes: Uint8Array, file: string, kind: 'collection' | 'environment'): unknown {
  const fail = (message: string, hint: string, at?: { line: number; column: number }) =>
    new AppError(`${kind}-invalid`, message, { hint, where: { file, ...at } });
  const exportAgain = `Export the ${kind} from Postman again.`;
  if (bytes.length === 0) throw fail(`${file} is empty.`, exportAgain);
  if (bytes.length > MAX_BYTES) {
    throw fail(`${file} is larger than 50 MB, too large for a Postman ${kind}.`, 'Check the path.');
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw fail(`${file} is UTF-16.`, 'Save it as UTF-8; Windows PowerShell writes UTF-16 with “>”.');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fail(`${file} is not UTF-8.`, exportAgain);
  }
  if (isDeeperThan(text, DEEPEST)) {
    throw fail(
      `${file} is nested more than ${DEEPEST} levels deep, which no ${kind} of Postman is.`,
      'Check the path.',
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    if (kind === 'collection' && /^[ \t]*(?:\$kind|\$schema|name|type)[ \t]*:/m.test(text.slice(0, 2_000))) {
      throw v3Error(file, 'YAML: a Postman collection');
    }
    const at = positionOfError(text);
    throw fail(
      `${file} is not valid JSON.`,
      `Look at line ${at.line}, column ${at.column}, or export the ${kind} from Postman again.`,
      at,
    );
  }
}

/** Readers that go down level by level would run out of stack. */
const DEEPEST = 2_000;

function isDeeperThan(text: string, most: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length && depth <= most; at++) {
    const sign = text[at];
    if (isInString && sign === '\\') at++;
    else if (sign === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (sign === '[' || sign === '{') depth++;
    else if (sign === ']' || sign === '}') depth--;
  }
  return depth > most;
}

function positionOfError(text: string): { line: number; column: number } {
  const errors: ParseError[] = [];
  parse(text, errors, { allowTrailingComma: false, disallowComments: true });
  const before = text.slice(0, errors[0]?.offset ?? text.length).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
