import { type JSONPath, visit } from 'jsonc-parser';
import { parseCollection } from './collection.ts';
import type { Item } from './collection-format.ts';
import { decodeExport } from './export-json.ts';

/** A request of a collection, and the check in it that is looked for; null: the request itself. */
export interface Sought {
  /** The item's id, as `parseCollection` gives it. */
  readonly id: string | undefined;
  readonly check: string | null;
}

/** Lines of a collection's file, from 1. */
export interface CollectionLines {
  /**
   * The line of a script that names the check, as the request has it or else a folder around it; where no script does, the line
   * with the request's name. null: not known.
   */
  lineOf(sought: Sought): number | null;
}

/**
 * Finds where in a collection's file requests and their checks stand. Where the file is read otherwise than it stands there (the
 * old v1 format, parts that do not fit), nothing is known.
 */
export function readCollectionLines(
  bytes: Uint8Array,
  file: string,
  checks: ReadonlySet<string>,
): CollectionLines | null {
  let fits = true;
  try {
    const { item } = parseCollection(bytes, file, {
      warn() {
        fits = false;
      },
    });
    if (!fits) return null;
    const { names, scripts } = visitFile(decodeExport(bytes), checks);
    const paths = new Map<string, readonly string[]>();
    collectPaths(item, [''], paths);
    return {
      lineOf({ id, check }) {
        const around = paths.get(id ?? '') ?? [];
        const named = around.map((path) => scripts.get(path)?.get(check ?? '')).findLast((line) => line !== undefined);
        return named ?? names.get(around.at(-1) ?? '') ?? null;
      },
    };
  } catch {
    // Nothing that is said about a run depends on it.
    return null;
  }
}

/** By id: the places of all items around one, the collection's own first and its own last. */
function collectPaths(items: readonly Item[], around: readonly string[], paths: Map<string, readonly string[]>): void {
  for (const [index, { id, item }] of items.entries()) {
    const own = [...around, `${around.at(-1)}/item/${index}`];
    paths.set(id ?? '', own);
    if (item !== undefined) collectPaths(item, own, paths);
  }
}

/** By the places of items: the line of the name, and of each check in its scripts. */
function visitFile(text: string, checks: ReadonlySet<string>) {
  const names = new Map<string, number>();
  const scripts = new Map<string, Map<string, number>>();
  const sought = [...checks].map(
    (check) => [check, ['"', "'", '`'].map((quote) => `${quote}${check}${quote}`)] as const,
  );
  visit(text, {
    onObjectProperty(property, _offset, _length, line, _column, pathOf) {
      if (property !== 'name') return;
      // Of the object, without the property.
      const [place, rest] = split(pathOf());
      if (rest === '') names.set(place, line + 1);
    },
    onLiteralValue(value, _offset, _length, line, _column, pathOf) {
      if (typeof value !== 'string') return;
      const found = sought.filter(([, spellings]) => spellings.some((each) => value.includes(each)));
      if (found.length === 0) return;
      const [place, rest] = split(pathOf());
      if (!/^event\/\d+\/script\/exec(?:\/\d+)?$/.test(rest)) return;
      const lines = scripts.get(place) ?? new Map<string, number>();
      for (const [check] of found) if (!lines.has(check)) lines.set(check, line + 1);
      scripts.set(place, lines);
    },
  });
  return { names, scripts };
}

/** The place of the innermost item (`/item/0/item/2`; '' is the collection's), and what follows it. */
function split(path: JSONPath): [place: string, rest: string] {
  let at = path.findIndex((part) => part !== 'collection');
  const start = at;
  while (at >= 0 && path[at] === 'item' && typeof path[at + 1] === 'number') at += 2;
  return [
    path
      .slice(start, at)
      .map((part) => `/${part}`)
      .join(''),
    path.slice(at).join('/'),
  ];
}
