import { lineEndOf } from './source-text.ts';

/** A `.env` file as compose v2 reads it, with the places of its entries. */
export interface DotenvLines {
  readonly entries: readonly DotenvEntry[];
  /** The first thing that makes compose reject the file, or that its versions read differently. null: nothing. */
  readonly problem: { readonly offset: number; readonly what: string } | null;
}

export interface DotenvEntry {
  readonly name: string;
  /** Where it starts, with its `export`. */
  readonly start: number;
  readonly keyEnd: number;
  /** null: a name alone, whose value comes from the shell. */
  readonly separator: '=' | ':' | null;
  /** With its quotes, without blanks and comments around it. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** What stands between these two. */
  readonly written: string;
  /** The value; null for a name alone. */
  valueIn(lookup: (name: string) => string | undefined): string | null;
}

export function parseDotenv(text: string): DotenvLines {
  const entries: DotenvEntry[] = [];
  let problem: DotenvLines['problem'] = null;
  const complain = (offset: number, what: string): void => {
    problem ??= { offset, what };
  };
  let at = text.startsWith('\ufeff') ? 1 : 0;
  for (;;) {
    at = matchEnd(/(?:\s|#[^\n]*)*/y, text, at);
    if (at >= text.length) return { entries, problem };
    const key = matchAt(/(?:export[ \t]+)?([\p{L}\p{N}_.\-[\]]+)(?=[ \t]*([=:]|\r?\n|$))/uy, text, at);
    if (key === null) {
      complain(at, 'it does not start with a name and an equals sign');
      at = lineEndOf(text, at);
      continue;
    }
    const keyEnd = at + key[0].length;
    const separator = key[2] === '=' || key[2] === ':' ? key[2] : null;
    const valueStart = separator ? matchEnd(/[ \t]*[=:][ \t]*/y, text, keyEnd) : keyEnd;
    const valueEnd = separator ? endOfValue(text, valueStart) : keyEnd;
    if (valueEnd === null) {
      complain(valueStart, 'a quote is opened and not closed');
      at = lineEndOf(text, valueStart);
      continue;
    }
    const written = text.slice(valueStart, valueEnd);
    const valueIn = (lookup: (name: string) => string | undefined) => (separator ? readValue(written, lookup) : null);
    entries.push({ name: key[1] ?? '', start: at, keyEnd, separator, valueStart, valueEnd, written, valueIn });
    at = lineEndOf(text, valueEnd);
    if (isQuoted(written) && !/^[ \t]*(?:#.*)?$/s.test(text.slice(valueEnd, at))) {
      complain(valueEnd, 'something stands behind the closing quote');
    }
  }
}

/** null: the quote is not closed. */
function endOfValue(text: string, start: number): number | null {
  const quoted = matchAt(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/sy, text, start);
  if (quoted) return start + quoted[0].length;
  if (/["']/.test(text[start] ?? '')) return null;
  const line = text.slice(start, lineEndOf(text, start));
  const comment = line.indexOf(' #');
  return start + (comment < 0 ? line : line.slice(0, comment)).trimEnd().length;
}

function readValue(written: string, lookup: (name: string) => string | undefined): string {
  const inner = isQuoted(written) ? written.slice(1, -1) : written;
  if (written.startsWith("'")) return inner.replaceAll("\\'", "'");
  return inner.replaceAll(
    /(\\[nrtabfv"\\$])|\$\$|\$\{([A-Za-z_]\w*)(?:(:?[-?+])([^}]*))?\}|\$([A-Za-z_]\w*)/g,
    (
      all,
      escaped: string | undefined,
      braced: string | undefined,
      operator: string | undefined,
      word: string,
      bare: string,
    ) => {
      if (escaped) return written.startsWith('"') ? (ESCAPES[escaped] ?? escaped.slice(1)) : all;
      if (all === '$$') return '$';
      const found = lookup(braced ?? bare);
      const isThere = operator?.startsWith(':') ? Boolean(found) : found !== undefined;
      if (operator?.endsWith('+')) return isThere ? word : '';
      return isThere || !operator?.endsWith('-') ? (found ?? '') : word;
    },
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
  '\\a': '\x07',
  '\\b': '\b',
  '\\f': '\f',
  '\\v': '\v',
};

function isQuoted(written: string): boolean {
  return /^["']/.test(written);
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

function matchEnd(pattern: RegExp, text: string, offset: number): number {
  return offset + (matchAt(pattern, text, offset)?.[0].length ?? 0);
}
