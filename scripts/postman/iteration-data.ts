import { AppError } from '../core/errors.ts';
import { decodeExport, positionOfError } from './export-json.ts';

/** The variables of one iteration. A CSV file gives texts and numbers, JSON anything. */
export type DataRow = Readonly<Record<string, unknown>>;

/**
 * Reads iteration data as Newman does (lib/run/options.js, `iterationData`): a JSON list with an object for each iteration, else
 * CSV with names in its first line. A JSON value that is no list counts as no data there.
 *
 * @returns one row for each iteration; empty: there is no data, and one iteration
 * @throws AppError `bad-value`, which quotes nothing of the file
 */
export async function readIterationData(bytes: Uint8Array, file: string): Promise<DataRow[]> {
  const text = decodeExport(bytes);
  const json = parseJson(text, file);
  if (Array.isArray(json)) return json.map((row) => (typeof row === 'object' && row !== null ? { ...row } : {}));
  return json ? [] : parseCsv(text, file);
}

/** undefined: no JSON. */
function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.trim());
  } catch {
    // No name of a column begins so: JSON is meant, and Newman would make columns of its pieces.
    if (!/^\s*[[{]/.test(text)) return undefined;
    const at = positionOfError(text);
    throw invalid(file, `${file} is not valid JSON.`, at.line, at.column);
  }
}

async function parseCsv(text: string, file: string): Promise<DataRow[]> {
  const { default: parse } = await import('csv-parse/lib/sync.js');
  try {
    return parse(text, {
      columns: true,
      escape: '"',
      cast: (value, { quoting }) => (quoting ? value : numberOr(value)),
      trim: true,
      relax: true,
      relax_column_count: true,
      bom: true,
    }) as DataRow[];
  } catch (error) {
    const { code = '', lines } = error as { readonly code?: string; readonly lines?: number };
    throw invalid(file, `${file} is not valid CSV: ${CSV_ERRORS[code] ?? 'it cannot be taken apart'}.`, lines);
  }
}

const CSV_ERRORS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and not closed',
  CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'text follows a closing quote',
};

/** What Newman takes for a number (lib/util.js, `isInt` and `isFloat`). */
function numberOr(value: string): string | number {
  if (/^[-+]?[1-9]+[0-9]*$/.test(value)) return Number.parseInt(value, 10);
  return Number(value) - Number.parseFloat(value) + 1 >= 0 ? Number.parseFloat(value) : value;
}

function invalid(file: string, message: string, line?: number, column?: number): AppError {
  return new AppError('bad-value', message, {
    hint: `${line === undefined ? 'Look at its quotes' : `Look at line ${line}`}. --iteration-data takes CSV with names in its first line, or a JSON list of objects.`,
    where: { file, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) },
  });
}
