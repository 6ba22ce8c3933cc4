/** What can be told from a value alone: whether it is an ordinary word, a placeholder, or looks like a token. */

/** Characters. Shorter values turn up in ordinary text by chance, so they are masked by place only. */
export const SHORTEST_MASKED = 8;

/** Characters of what counts as a token by its look alone. */
const SHORTEST_TOKEN = 16;

/**
 * Words, numbers, dates, paths: "client_credentials", "application/json", "2026-11-25", "/app/keys/a.pem". Masked everywhere,
 * they would make a report unreadable.
 */
export function isOrdinary(text: string): boolean {
  if (text.length < 16 && /^[\d.:,+-]*$/.test(text)) return true;
  if (/^\d{4}-\d{2}-\d{2}(?:[T ][\d:.]{4,18}(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return true;
  if (/^\.{0,2}\//.test(text) && text.split('/').every((part) => part.length < 40 && !looksRandom(part))) return true;
  if (text.length < 200 && /\s/.test(text))
    return text.split(/[\s.,:;'"/()_-]+/).every((word) => /^[A-Za-z]*$/.test(word));
  return text.length < 24 && text.split(/[-_.:/,;+@]/).every((word) => /^(?:[A-Z]?[a-z]*|[A-Z]+)$/.test(word));
}

/** What stands where a value is to be put in: `<paste_token_here>`, `${DCR_IAT}`, `changeme`, `xxxx`. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim().replace(/^(["'])([^"']*)\1$/, '$2');
  if (text.length > LONGEST_PLACEHOLDER) return false;
  if (/^(?:<[^<>]*>|\{\{[^{}]*\}\}|\$\{[^{}]*\}|\[[^[\]]*\]|([x*.#_-])\1*)$/i.test(text)) return true;
  const words = text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.every((word) => PLACEHOLDER_WORDS.has(word));
}

const LONGEST_PLACEHOLDER = 100;

const PLACEHOLDER_WORDS: ReadonlySet<string> = new Set([
  '',
  ...(
    'change changeme replace replaceme fill insert paste put enter set your my the dummy example sample placeholder todo tbd ' +
    'none null empty bootstrap secret password token here this me it in value to be a an iat dcr initial access minted later'
  ).split(' '),
]);

/** Different characters of a token, at least. */
const FEWEST_CHARACTERS = 6;

/** Letters and digits, large and small, in a row that no word has: what a generator of tokens makes. */
export function looksRandom(text: string): boolean {
  const signs = text.replace(/[._~+/=-]/g, '');
  if (signs.length < SHORTEST_TOKEN || /[^A-Za-z0-9]/.test(signs)) return false;
  const changes = countOf(
    signs,
    /\d/.test(signs) ? /[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|\d(?=[A-Za-z])/g : INNER_CAPITAL,
  );
  return changes >= Math.max(4, signs.length / 5);
}

const INNER_CAPITAL = /[a-z](?=[A-Z])/g;

/**
 * A token by its look (RFC 6750 §2.1 `b64token`): sixteen or more of its characters with a digit among them, or with more
 * capitals than words begin with.
 */
export function isTokenLike(run: string): boolean {
  if (run.length < SHORTEST_TOKEN || new Set(run).size < FEWEST_CHARACTERS) return false;
  // Of a path only its parts count.
  if (run.startsWith('/'))
    return run.split('/').some((part) => isTokenLike(part) || /\d[A-Za-z]+\d[A-Za-z]/.test(part));
  return /\d/.test(run) || countOf(run, INNER_CAPITAL) >= run.length / 6;
}

/** The runs of `b64token` characters in a text. */
export function runsIn(text: string): string[] {
  return text.match(/[A-Za-z0-9._~+/=-]+/g) ?? [];
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
