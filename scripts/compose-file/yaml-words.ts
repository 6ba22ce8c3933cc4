import type { ErrorCode } from 'yaml';

/** What is wrong with the YAML, by the parser's code, in our own words: the parser's quote the file, which may hold secrets. */
export function describeYamlError(code: ErrorCode): string {
  return WORDS[code] ?? 'is not valid YAML';
}

const WORDS: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'has an alias (*name) with an anchor or a tag of its own',
  BAD_ALIAS: 'has an alias (*name) without a name, or with a bad one',
  BAD_COLLECTION_TYPE: 'has a tag that does not fit the map or list behind it',
  BAD_DIRECTIVE: 'has a directive (a line that starts with %) that is not known',
  BAD_DQ_ESCAPE: 'has an unknown escape (backslash) inside double quotes',
  BAD_INDENT: 'is indented in a way that fits no line above it',
  BAD_PROP_ORDER: 'has an anchor or a tag before the sign it belongs after',
  BAD_SCALAR_START: 'has a value that starts with a character that must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'has a map inside the line of another one: a second colon, or a value that must be quoted',
  BLOCK_IN_FLOW: 'has an indented block inside { } or [ ]',
  DUPLICATE_KEY: 'has a key that stands in the same map already',
  KEY_OVER_1024_CHARS: 'has a key of more than 1024 characters',
  MISSING_CHAR: 'misses a closing quote or bracket, a comma, a colon or a blank',
  MULTILINE_IMPLICIT_KEY: 'has a key that goes over several lines: a colon or a closing quote is missing',
  MULTIPLE_ANCHORS: 'has two anchors on one value',
  MULTIPLE_DOCS: 'has several documents',
  MULTIPLE_TAGS: 'has two tags on one value',
  NON_STRING_KEY: 'has a key that is not a text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'is indented with a tab; YAML allows blanks only',
  TAG_RESOLVE_FAILED: 'has a value that does not fit its tag',
  UNEXPECTED_TOKEN: 'has something that cannot stand there',
};
