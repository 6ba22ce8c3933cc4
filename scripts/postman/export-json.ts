import { type ParseError, parse } from 'jsonc-parser';
import { encodingOf } from '../core/encoding.ts';
import { AppError } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';

/** The largest file that is read as a collection or environment; beyond it something else was named by mistake. */
const MAX_BYTES = 50 * 1024 * 1024;

export const EXPORT_HINT = "In Postman: the collection's menu, Export, format Collection v2.1.";

/** What an export may be named as, and the option that takes it. */
const OPTIONS = {
  collection: '--collection FILE (for npm run collection just FILE)',
  environment: '--environment FILE',
  globals: '--globals FILE',
} as const;

export type ExportKind = keyof typeof OPTIONS;

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
 * Parses a Postman export, also as Postman's API wraps it: `{"collection": …}`. What is wrong is said by position and never by
 * quoting: exports hold secrets, and JSON.parse quotes its input.
 *
 * @throws AppError `collection-invalid`, `collection-v3`, `environment-invalid`
 */
export function parseExport(bytes: Uint8Array, file: string, kind: ExportKind): unknown {
  const fail = (message: string, hint: string, at?: { line: number; column: number }) =>
    new AppError(codeOf(kind), message, { hint, where: { file, ...at } });
  const named = nameOf(kind);
  const exportAgain = `Export the ${named} from Postman again.`;
  if (bytes.length === 0) throw fail(`${file} is empty.`, exportAgain);
  if (bytes.length > MAX_BYTES) {
    throw fail(`${file} is larger than 50 MB, too large for a Postman ${named}.`, 'Check the path.');
  }
  const text = decodeExport(bytes);
  if (isDeeperThan(text, DEEPEST)) {
    throw fail(
      `${file} is nested more than ${DEEPEST} levels deep, which no ${named} of Postman is.`,
      'Check the path.',
    );
  }
  try {
    return unwrap(JSON.parse(text.trim()), kind);
  } catch {
    if (kind === 'collection' && /^[ \t]*(?:\$kind|\$schema|name|type)[ \t]*:/m.test(text.slice(0, 2_000))) {
      throw v3Error(file, 'YAML: a Postman collection');
    }
    const at = positionOfError(text);
    throw fail(
      `${file} is not valid JSON.`,
      `Look at line ${at.line}, column ${at.column}, or export the ${named} from Postman again.`,
      at,
    );
  }
}

/** The error for a document that is something else, which it names where that can be told. */
export function otherExport(document: unknown, file: string, kind: ExportKind): AppError {
  const is = describeDocument(document);
  const hint = is.kind !== undefined ? `Give it with ${OPTIONS[is.kind]}.` : (is.hint ?? exportHint(kind));
  const message =
    is.what === null
      ? `${file} is JSON, but not a Postman ${nameOf(kind)}.`
      : `${file} is ${is.what}, not a Postman ${nameOf(kind)}.`;
  return new AppError(codeOf(kind), message, { hint, where: { file } });
}

interface Described {
  /** With its article; null: nothing known. */
  readonly what: string | null;
  readonly kind?: ExportKind;
  readonly hint?: string;
}

function describeDocument(document: unknown): Described {
  if (!isRecord(document)) return { what: null };
  const { collections, environments, values, _postman_variable_scope: scope } = document;
  if (Array.isArray(collections) || Array.isArray(environments)) {
    return {
      what: `a data dump (${countsOf(document)})`,
      hint: 'Export the one that is to run on its own from Postman.',
    };
  }
  if (isRecord(document['collection']) || isCollection(document))
    return { what: 'a Postman collection', kind: 'collection' };
  if (scope === 'globals') return { what: 'an export of globals', kind: 'globals' };
  if (Array.isArray(values) || isRecord(document['environment'])) {
    return { what: 'a Postman environment', kind: 'environment' };
  }
  if ('openapi' in document || 'swagger' in document) {
    return { what: 'an OpenAPI document', hint: `Import it into Postman, and export it from there. ${EXPORT_HINT}` };
  }
  return { what: null };
}

/** "3 collections, 1 environment" */
function countsOf(document: Record<string, unknown>): string {
  return ['collection', 'environment']
    .map((each) => [each, document[`${each}s`]] as const)
    .filter((entry): entry is readonly [string, unknown[]] => Array.isArray(entry[1]))
    .map(([each, list]) => `${list.length} ${each}${list.length === 1 ? '' : 's'}`)
    .join(', ');
}

/** Of any format: v2 has a list of items, v1 one of requests. */
export function isCollection(document: Record<string, unknown>): boolean {
  const { info, item, requests } = document;
  return Array.isArray(item) || Array.isArray(requests) || (isRecord(info) && typeof info['schema'] === 'string');
}

/** Postman's API puts an export into a member of its kind; Newman takes it out twice (lib/run/options.js, `extractModel`). */
function unwrap(document: unknown, kind: ExportKind, most = 2): unknown {
  const inner = isRecord(document) ? document[kind] : null;
  return most > 0 && (isRecord(inner) || (Array.isArray(inner) && kind !== 'collection'))
    ? unwrap(inner, kind, most - 1)
    : document;
}

function codeOf(kind: ExportKind): 'collection-invalid' | 'environment-invalid' {
  return kind === 'collection' ? 'collection-invalid' : 'environment-invalid';
}

function nameOf(kind: ExportKind): string {
  return kind === 'globals' ? 'export of globals' : kind;
}

function exportHint(kind: ExportKind): string {
  return kind === 'collection' ? EXPORT_HINT : 'In Postman: Environments, the menu of the environment, Export.';
}

/** UTF-8 or UTF-16, without a byte order mark; what is neither, is Latin-1 (Newman guesses so too, lib/util.js, `detectEncoding`). */
export function decodeExport(bytes: Uint8Array): string {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
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

/** Where a text stops being JSON; both count from 1. */
export function positionOfError(text: string): { line: number; column: number } {
  const errors: ParseError[] = [];
  parse(text, errors, { allowTrailingComma: false, disallowComments: true });
  const before = text.slice(0, errors[0]?.offset ?? text.length).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
