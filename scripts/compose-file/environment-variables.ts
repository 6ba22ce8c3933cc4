import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { type LocatedService, refuse, verifyTag } from './environment-locate.ts';
import { isMergeKey, isNull, keyText, resolved, scalarText, spanOf } from './yaml-tree.ts';

/** An environment as a map or list that stands in the text; `via` is the alias that led there. */
export type EnvironmentNode = YAMLMap | YAMLSeq;

/** One variable of a map or list. */
export interface EnvironmentVariable {
  readonly name: string;
  /** What is written: the map's value, or the list's item. null: nothing at all. */
  readonly node: Node | null;
  /** The pair of a map; null in a list. */
  readonly pair: Pair | null;
  readonly index: number;
  /** The text as YAML reads it, before interpolation; null: passed through from the shell. */
  readonly text: string | null;
}

/** The environment's own collection; null: null or absent. Throws where compose rejects what stands there. */
export function collectionOf(service: LocatedService, node: Node | null): EnvironmentNode | null {
  const { tree, name } = service;
  const target = resolved(tree, node);
  if (node !== null) verifyTag(service, node, `The environment of "${name}"`);
  if (target !== null) verifyTag(service, target, `The environment of "${name}"`);
  if (isNull(target)) return null;
  if (isMap(target) || isSeq(target)) return target;
  return refuse(
    tree,
    'environment-shape',
    spanOf(node)[0],
    `The environment of "${name}" is neither a map nor a list.`,
    {
      hint: 'Write each variable on a line of its own, as NAME: "value" or - NAME=value. Compose rejects it as it is.',
    },
  );
}

/**
 * The variables that a collection has itself, without those it merges.
 *
 * @throws AppError `item-shape`, `value-shape` for what compose rejects
 */
export function variablesOf(service: LocatedService, collection: EnvironmentNode): EnvironmentVariable[] {
  const { tree } = service;
  if (isMap(collection)) {
    return collection.items.flatMap((pair, index) => {
      if (isMergeKey(pair)) return [];
      const key = keyText(tree, pair);
      const node = resolved(tree, pair.value);
      if (key === null || isMap(node) || isSeq(node)) {
        const at = spanOf(key === null && pair.key ? pair.key : pair.key)[0];
        const message = `The environment of "${service.name}" has a variable whose value is a map or a list.`;
        return refuse(tree, 'value-shape', at, message, {
          hint: 'A value is one text. Compose rejects the file as it is.',
        });
      }
      const text = isNull(node) || !isScalar(node) ? null : scalarText(node);
      return [{ name: key, node: pair.value as Node | null, pair, index, text }];
    });
  }
  return collection.items.map((item, index) => {
    const node = resolved(tree, item);
    if (!isScalar(node) || isNull(node) || (node.type === 'PLAIN' && typeof node.value !== 'string' && !node.tag)) {
      const message = `The environment of "${service.name}" has a list item that is no text of the form NAME=value.`;
      return refuse(tree, 'item-shape', spanOf(item)[0], message, {
        hint: 'Write "- NAME=value" (with an equals sign, not a colon). Compose rejects the file as it is.',
      });
    }
    const written = scalarText(node);
    const equals = written.indexOf('=');
    const name = equals < 0 ? written : written.slice(0, equals);
    return { name, node: item as Node, pair: null, index, text: equals < 0 ? null : written.slice(equals + 1) };
  });
}
