import { jsonOrNull } from '../core/json.ts';

/**
 * Masks the values of members with secret names in a JSON text, and leaves everything else as it is: the digits of large
 * numbers, repeated names, and text that was cut in the middle. It works on tokens, so that what `JSON.parse` refuses is
 * masked too. Under a secret name that holds an object or a list, every string and number is masked.
 *
 * @param toMask what to show in place of the value, by the secret name that it is under
 */
export function maskMembers(
  text: string,
  isSecretName: (name: string) => boolean,
  toMask: (value: string, name: string) => string,
): string {
  const shown: string[] = [];
  const list = tokensOf(text);
  const outer: boolean[] = [];
  let secret = false;
  let name = '';
  for (const [index, token] of list.entries()) {
    if (isOpening(token)) outer.push(secret);
    else if (isClosing(token)) secret = outer.pop() ?? false;
    if (isName(list, index)) {
      secret = outer.at(-1) === true;
      if (!secret) {
        name = decode(token);
        secret = isSecretName(name);
      }
    } else if (secret && isValue(token)) {
      shown.push(`"${toMask(decode(token), name)}"`);
      continue;
    }
    if (token === ',' || isClosing(token)) secret = outer.at(-1) ?? false;
    shown.push(token);
  }
  return shown.join('');
}

/** The JSON text on many lines, indented by two spaces a level; one that was cut in the middle is laid out to its end. */
export function layOutJson(text: string): string {
  const list = tokensOf(text).filter((token) => token.trim() !== '');
  let depth = 0;
  let result = '';
  const line = () => `\n${'  '.repeat(Math.min(depth, DEEPEST))}`;
  for (const [index, token] of list.entries()) {
    if (isOpening(token)) {
      depth++;
      result += isClosing(list[index + 1]) ? token : token + line();
    } else if (isClosing(token)) {
      depth = Math.max(0, depth - 1);
      result += isOpening(list[index - 1]) ? token : line() + token;
    } else if (token === ',') result += token + line();
    else if (token === ':') result += ': ';
    else result += token;
  }
  return result;
}

/** Whether the text is meant as JSON: by its media type, or because it parses. */
export function isJson(text: string, type: string): boolean {
  if (/[/+]json$/.test(type)) return true;
  if (!/^\s*[{[]/.test(text)) return false;
  return jsonOrNull(text) !== null;
}

/** Levels. Indentation stops growing here: ten thousand open brackets are a body, too. */
const DEEPEST = 40;
const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|[{}[\],:]|[^\s"{}[\],:]+|\s+/g;

function tokensOf(text: string): string[] {
  return text.match(TOKENS) ?? [];
}

function isName(list: readonly string[], index: number): boolean {
  if (!list[index]?.startsWith('"')) return false;
  const next = list[index + 1];
  return next === ':' || (next?.trim() === '' && list[index + 2] === ':');
}

/** Strings and numbers; `null`, `true` and `false` give nothing away. */
function isValue(token: string): boolean {
  return /^["\w+-]/.test(token) && !/^(?:null|true|false)$/.test(token);
}

function isOpening(token: string | undefined): boolean {
  return token === '{' || token === '[';
}

function isClosing(token: string | undefined): boolean {
  return token === '}' || token === ']';
}

function decode(token: string): string {
  if (!token.startsWith('"')) return token;
  try {
    return String(JSON.parse(token));
  } catch {
    return token.slice(1).replace(/"$/, '');
  }
}
