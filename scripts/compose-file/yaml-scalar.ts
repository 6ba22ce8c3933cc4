import { AppError } from '../core/errors.ts';

/**
 * A value so that both composes read it back exactly. A dollar is always doubled: compose interpolates after YAML is read,
 * whatever the quotes.
 */
export function renderMapValue(value: string): string {
  return doubleQuoted(value.replaceAll('$', '$$$$'));
}

/** `NAME: "value"` of a block map. */
export function renderMapEntry(name: string, value: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) && !YAML_WORD.test(name);
  return `${isPlain ? name : doubleQuoted(name)}: ${renderMapValue(value)}`;
}

/** `"NAME": "value"`, right for flow maps and JSON. `gap` comes after the colon. */
export function renderFlowEntry(name: string, value: string, gap = ' '): string {
  return `${doubleQuoted(name)}:${gap}${renderMapValue(value)}`;
}

/** The whole item `NAME=value` of a block list. Quotes may only be around the whole item: after `=` they are part of the value. */
export function renderListItem(name: string, value: string): string {
  const item = `${name}=${value}`;
  return /^[A-Za-z_][A-Za-z0-9_.-]*=[A-Za-z0-9_.~+/=-]*$/.test(item) ? item : renderFlowItem(name, value);
}

/** The same in a flow list or JSON. */
export function renderFlowItem(name: string, value: string): string {
  return doubleQuoted(`${name}=${value.replaceAll('$', '$$$$')}`);
}

/** What compose makes of a text without interpolations: `$$` is a dollar. */
export function undoubled(text: string): string {
  return text.replaceAll('$$', '$');
}

/** Whether compose takes a part of the text from a variable: `${X}`, `${X:-default}`, `$X`. A doubled dollar is none. */
export function isInterpolated(text: string): boolean {
  return /\$[{A-Za-z_]/.test(text.replaceAll('$$', ''));
}

/** The first variable that a text is interpolated from. */
export function interpolatedName(text: string): string | undefined {
  return /\$\{?([A-Za-z_][A-Za-z0-9_]*)/.exec(text.replaceAll('$$', ''))?.[1];
}

/**
 * Whether an unquoted value reaches the container exactly as it is written. Other numbers, dates and words do not: compose v2
 * turns `0123456789` into `1.23456789e+08` and `0x1F` into 31, v1 `12:30:45` into 45045.
 */
export function isPlainText(written: string): boolean {
  if (/^(?:0|-?[1-9][0-9]{0,14}|true|false)$/.test(written)) return true;
  return !/^[-+.]?[0-9]|^[-+]?\.(?:inf|nan)$|^=$/i.test(written) && !YAML_WORD.test(written);
}

/** Throws `bad-value` for a name or a value that cannot be in an environment. */
export function verifyAssignment(name: string, value: string): void {
  verifyName(name);
  if (!/[\p{Cc}\p{Cs}]/u.test(value)) return;
  throw new AppError('bad-value', `The value for ${name} has a line break or another control character in it.`, {
    hint: 'Copy it again, as one line. A token has none of these.',
  });
}

/** Throws `bad-value` for a name that compose would not read as that name. */
export function verifyName(name: string): void {
  if (/^[A-Za-z_][\w.:/-]*$/.test(name) && !/^x-/.test(name)) return;
  throw new AppError('bad-value', `${JSON.stringify(name)} cannot be the name of an environment variable.`, {
    hint: 'Use letters, digits and underscores, and start with a letter. Compose takes names that start with x- for extensions.',
  });
}

const YAML_WORD = /^(?:~|null|true|false|yes|no|on|off|y|n|<<)?$/i;

/** A text in double quotes, for YAML and JSON. */
export function doubleQuoted(text: string): string {
  const escaped = text
    .replaceAll(/[\\"]/g, '\\$&')
    // The readers take these for line breaks, marks or nonsense when they are not escaped.
    .replaceAll(/[\u2028\u2029\ufeff\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
  return `"${escaped}"`;
}
