/**
 * A regular expression out of named parts, without regard to case: plain text, or other expressions.
 *
 * @example pattern`${IAT}${within(60)}(?:${BAD})`
 */
export function pattern(text: TemplateStringsArray, ...parts: readonly (string | RegExp)[]): RegExp {
  const sources = parts.map((part) => (typeof part === 'string' ? part : `(?:${part.source})`));
  return new RegExp(String.raw(text, ...sources), 'i');
}

/** Any of the expressions, the first that fits; all have the flags of the first one. */
export function anyOf(...parts: readonly RegExp[]): RegExp {
  return new RegExp(parts.map(({ source }) => source).join('|'), parts[0]?.flags);
}

/** The source of "at most so many characters further, in the same sentence". */
export function within(characters: number): string {
  return `(?:(?![.;]\\s)[^\\n]){0,${characters}}`;
}

/**
 * All words as one expression, in any case. Sorted, since an engine reads a beginning that several of them share once.
 *
 * @param words alternatives that have no `|` of their own
 */
export function anyWordOf(words: readonly RegExp[]): RegExp {
  const sources = new Set(words.flatMap(({ source }) => source.split('|')));
  return new RegExp([...sources].sort().join('|'), 'i');
}
