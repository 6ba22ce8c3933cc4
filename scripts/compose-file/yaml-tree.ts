import {
  type Alias,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { AppError } from '../core/errors.ts';
import { lineOf, type SourceText, whereOf } from './source-text.ts';

/** A YAML file as nodes with their places in the text. Nothing is resolved: `<<`, aliases and scalars are as written. */
export interface Tree {
  readonly source: SourceText;
  /** The top node of each document; null where one is empty. */
  readonly roots: readonly (Node | null)[];
  /** The node that every alias means: the last anchor of that name before it. */
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly uses: readonly Use[];
  /** Nodes with an anchor, in the order of the text. */
  readonly anchored: readonly { readonly node: Node; readonly document: number }[];
}

/** One alias, with everything around it from the document's top down to it. */
export interface Use {
  readonly alias: Alias;
  readonly target: Node;
  readonly path: readonly (Node | Pair)[];
}

/**
 * @param fragment a piece cut out of a file: its aliases may have their anchors elsewhere
 * @throws AppError `yaml-syntax` for anything that compose would reject: syntax, doubled keys, aliases without an anchor
 */
export function parseTree(source: SourceText, fragment = false): Tree {
  // Doubled keys are looked for below: yaml compares every key with every other one of its map.
  const options = { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;
  const documents = [...parseAllDocuments(source.text, options)];
  const collected: Collected = { targets: new Map<Alias, Node>(), uses: [], anchored: [] };
  for (const [index, { contents, errors }] of documents.entries()) {
    const [error] = errors;
    // In our own words: the parser's quote the file, which may hold secrets.
    const words = error && (WORDS[error.code] ?? 'is not valid YAML');
    if (error) throw syntaxError(source, error.pos[0], `The YAML is broken: the line ${words}.`);
    collect(source, contents, index, fragment, collected);
  }
  return { source, roots: documents.map(({ contents }) => contents), ...collected };
}

/** The map's own entry of that name. */
export function entryOf(tree: Tree, map: YAMLMap, name: string): Pair | null {
  return map.items.find((pair) => keyText(tree, pair) === name) ?? null;
}

/** A key as compose reads it; null for a merge key and for what is no text at all. */
export function keyText(tree: Tree, pair: Pair): string | null {
  const key = resolved(tree, pair.key);
  return isScalar(key) && !isMergeKey(pair) ? scalarText(key) : null;
}

/** `<<`, which is a merge key only where it is not quoted. */
export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.source === '<<';
}

/** The entry that counts for a name: the map's own, else the first that a merge brings. */
export function effectiveEntry(tree: Tree, map: YAMLMap, name: string): Pair | null {
  return entryOf(tree, map, name) ?? mergedEntry(tree, map, name);
}

/** The entry that the map's merges bring for a name. */
export function mergedEntry(tree: Tree, map: YAMLMap, name: string): Pair | null {
  for (const merged of allMerged(tree, map)) {
    const found = entryOf(tree, merged, name);
    if (found) return found;
  }
  return null;
}

/** What a map merges, and what that merges in turn, in the order in which it wins. */
export function allMerged(tree: Tree, map: YAMLMap, seen = new Set<YAMLMap>([map])): YAMLMap[] {
  return mergedMaps(tree, map).flatMap((merged) => {
    if (seen.has(merged)) return [];
    seen.add(merged);
    return [merged, ...allMerged(tree, merged, seen)];
  });
}

/** The node itself, or the one that an alias means. null: there is none. */
export function resolved(tree: Tree, node: unknown): Node | null {
  if (isAlias(node)) return tree.targets.get(node) ?? null;
  return isNode(node) ? node : null;
}

/** The text between the quotes, or of the plain word, as YAML reads it. */
export function scalarText(scalar: Scalar): string {
  return scalar.source ?? '';
}

/** Nothing, `~` or `null`, without a tag that says otherwise. */
export function isNull(node: Node | null): boolean {
  if (node === null) return true;
  return isScalar(node) && node.type === 'PLAIN' && /^(?:~|null|Null|NULL)?$/.test(scalarText(node)) && !node.tag;
}

/** The tag where it changes what compose reads; null for none and for the one that only says what is there anyway. */
export function foreignTag(node: Node | null): string | null {
  const usual = isMap(node) ? 'map' : isSeq(node) ? 'seq' : 'str';
  const tag = isNode(node) && !isAlias(node) ? node.tag : undefined;
  return tag && tag !== '!' && tag !== `tag:yaml.org,2002:${usual}` ? tag.replace('tag:yaml.org,2002:', '!!') : null;
}

/** Where a node starts and where it ends, before any comment. Anchors and tags come before the start. */
export function spanOf(node: unknown): [start: number, end: number] {
  const range = isNode(node) ? node.range : null;
  if (!range) throw new AppError('internal', 'The YAML parser gave no place for a node.');
  return [range[0], range[1]];
}

/** Things that cannot be merged are left out. */
function mergedMaps(tree: Tree, map: YAMLMap): YAMLMap[] {
  return map.items.filter(isMergeKey).flatMap((pair) => {
    const merged = resolved(tree, pair.value);
    const list = isSeq(merged) ? merged.items.map((item) => resolved(tree, item)) : [merged];
    return list.filter((node): node is YAMLMap => isMap(node));
  });
}

/** What is found while a document's nodes are visited in the order of the text. */
interface Collected {
  readonly targets: Map<Alias, Node>;
  readonly uses: Use[];
  readonly anchored: { readonly node: Node; readonly document: number }[];
}

function collect(
  source: SourceText,
  root: Node | null,
  document: number,
  fragment: boolean,
  { targets, uses, anchored }: Collected,
) {
  const anchors = new Map<string, Node>();
  const path: (Node | Pair)[] = [];
  const visit = (node: unknown): void => {
    if (!isNode(node)) return;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target) {
        targets.set(node, target);
        uses.push({ alias: node, target, path: [...path] });
      } else if (!fragment) {
        // Its name may be a password that starts with an asterisk.
        const message = 'The line has an alias (*name) without an anchor (&name) before it.';
        throw syntaxError(source, spanOf(node)[0], message);
      }
      return;
    }
    if (node.anchor !== undefined) {
      anchors.set(node.anchor, node);
      anchored.push({ node, document });
    }
    if (!isMap(node) && !isSeq(node)) return;
    path.push(node);
    if (isSeq(node)) for (const item of node.items) visit(item);
    else {
      verifyUniqueKeys(source, node);
      for (const pair of node.items) {
        path.push(pair);
        visit(pair.key);
        visit(pair.value);
        path.pop();
      }
    }
    path.pop();
  };
  visit(root);
}

function verifyUniqueKeys(source: SourceText, map: YAMLMap): void {
  const seen = new Map<string, Node>();
  for (const { key } of map.items) {
    if (!isScalar(key) && !isAlias(key)) continue;
    const id = isAlias(key) ? `*${key.source}` : ` ${key.source}`;
    const first = seen.get(id);
    if (first) {
      const lines = [first, key].map((node) => lineOf(source.text, spanOf(node)[0]));
      throw syntaxError(
        source,
        spanOf(key)[0],
        `The same key appears twice in one map, in lines ${lines.join(' and ')}.`,
      );
    }
    seen.set(id, key);
  }
}

function syntaxError(source: SourceText, offset: number, message: string): AppError {
  return new AppError('yaml-syntax', message, {
    hint: 'Correct that line; "docker compose config -q" says whether compose reads the file.',
    where: whereOf(source, offset),
  });
}

/** What is wrong with the YAML, by the parser's code. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'has an alias (*name) with an anchor or a tag of its own',
  BAD_ALIAS: 'has an alias (*name) without a name, or with a bad one',
  BAD_COLLECTION_TYPE: 'has a tag that does not fit the map or list behind it',
  BAD_DIRECTIVE: 'has a directive (a line that starts with %) that is not known',
  BAD_DQ_ESCAPE: 'has an unknown escape (backslash) inside double quotes',
  BAD_INDENT: 'has an indentation that does not match any line above it',
  BAD_PROP_ORDER: 'has an anchor or a tag before the sign it belongs after',
  BAD_SCALAR_START: 'has a value that starts with a character that must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'has a map inside the line of another one: a second colon, or a value that must be quoted',
  BLOCK_IN_FLOW: 'has an indented block inside { } or [ ]',
  DUPLICATE_KEY: 'has a key that the same map has already',
  KEY_OVER_1024_CHARS: 'has a key of more than 1024 characters',
  MISSING_CHAR: 'is missing a closing quote or bracket, a comma, a colon or a space',
  MULTILINE_IMPLICIT_KEY: 'has a key that goes over several lines: a colon or a closing quote is missing',
  MULTIPLE_ANCHORS: 'has two anchors on one value',
  MULTIPLE_DOCS: 'has several documents',
  MULTIPLE_TAGS: 'has two tags on one value',
  NON_STRING_KEY: 'has a key that is not a text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'is indented with a tab; YAML allows blanks only',
  TAG_RESOLVE_FAILED: 'has a value that does not fit its tag',
  UNEXPECTED_TOKEN: 'has something that cannot be there',
};
