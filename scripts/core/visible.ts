/**
 * What a reader does not see, or is misled by: control characters, line separators, format characters such as those that turn
 * the direction of writing (CVE-2021-42574), everything that Unicode calls default-ignorable, halves of surrogate pairs, and
 * non-characters. Line breaks, tabs, and what joins the parts of an emoji are no such thing.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}](?<![\t\n]|\p{Extended_Pictographic}\ufe0f|[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?\u200d(?=\p{Extended_Pictographic}))/u;
const EACH_HIDDEN = new RegExp(HIDDEN.source, 'gu');

/**
 * The text with everything hidden as a visible sign: characters by number (`[U+202E]`), what is no character as �. The result
 * is legal in HTML and in XML 1.0 (§2.2).
 */
export function toVisible(text: string): string {
  return HIDDEN.test(text) ? text.replace(/\r\n/g, '\n').replace(EACH_HIDDEN, toSign) : text;
}

function toSign(char: string): string {
  return /[\p{Cs}\p{Noncharacter_Code_Point}]/u.test(char) ? '\ufffd' : numberOf(char);
}

function numberOf(char: string): string {
  return `[U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

/**
 * What the log reader of a CI takes for a command: GitHub's `::error::` at the start of a line, `##[error]`, Azure's `##vso[…]`,
 * TeamCity's `##teamcity[…]` anywhere, GitLab's `section_start:1:name`. A line may be broken in front of any word, so each word
 * counts as the start of a line.
 */
const COMMAND = /(?<!\S):{2,}|##(?=\w*\[)|section_(?:start|end):(?=\d)/g;

/** The text without commands for a CI: a blank breaks their signs. */
export function withoutCommands(text: string): string {
  return text.replace(COMMAND, (sign) => (sign.startsWith('s') ? `${sign} ` : [...sign].join(' ')));
}

/** The text as it may be part of a line: all of it visible, no line break in it, no command. Doing it twice changes nothing. */
export function toPlain(text: string): string {
  return withoutCommands(toVisible(text).replaceAll('\t', ' ').replaceAll('\n', numberOf));
}

/** JSON that may be printed: the same document, with an escape for everything hidden, and one in each command. */
export function escapeJson(json: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json
    .replace(EACH_HIDDEN, (char) => char.split('').map(escaped).join(''))
    .replace(COMMAND, (sign) => escaped(sign) + sign.slice(1));
}
