import { type Exchange, isPassed } from '../core/exchange.ts';
import { groupBy } from '../core/group-by.ts';
import type { CollectionFacts, CollectionNode, Run } from '../core/result.ts';
import { decidingExchanges } from './outline.ts';

/** Requests of a collection's run that belong together, and how they went. */
export interface Group {
  readonly requests: number;
  /** Of the requests. */
  readonly failed: number;
  readonly checks: number;
  /** Folders and requests, in the order in which they ran first. */
  readonly entries: readonly (FolderGroup | Exchange)[];
}

export interface FolderGroup extends Group {
  readonly name: string;
  /** Markdown; '' where there is none. */
  readonly description: string;
}

export interface IterationGroup extends Group {
  /** From 1. */
  readonly number: number;
  /** The row of data that it ran with; null: there is none. */
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** The requests of a collection's run by iteration, those that did not pass first, and in it by folder. */
export function toIterations(run: Run): IterationGroup[] {
  const nodes = nodesById(run.collection?.tree ?? []);
  const byNumber = groupBy(run.steps.flatMap(decidingExchanges), ({ iteration = 0 }) => iteration + 1);
  const iterations = [...byNumber].map(([number, exchanges]) => {
    const root = new Folder(null);
    for (const exchange of exchanges) root.add(exchange, foldersOf(exchange, nodes));
    return { ...root.toGroup(), number, data: dataOf(run.collection, number) };
  });
  return iterations.sort((a, b) => Number(a.failed === 0) - Number(b.failed === 0) || a.number - b.number);
}

/** The description of each request in the collection, by its id. */
export function descriptionsOf({ collection }: Run): ReadonlyMap<string, string> {
  const nodes = nodesById(collection?.tree ?? []);
  return new Map([...nodes].map(([id, { node }]) => [id, node.items === null ? node.description : '']));
}

interface Place {
  readonly node: CollectionNode;
  /** The folders around it, outermost first. */
  readonly folders: readonly CollectionNode[];
}

function nodesById(tree: readonly CollectionNode[]): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const add = (nodes: readonly CollectionNode[], folders: readonly CollectionNode[]) => {
    for (const node of nodes) {
      places.set(node.id, { node, folders });
      add(node.items ?? [], [...folders, node]);
    }
  };
  add(tree, []);
  return places;
}

/** What is known of a folder. */
type Around = Pick<CollectionNode, 'id' | 'name' | 'description'>;

/** Two folders of one name are told apart where the collection is known. */
function foldersOf({ id, folders }: Exchange, nodes: ReadonlyMap<string, Place>): readonly Around[] {
  const found = nodes.get(id ?? '')?.folders;
  if (found?.length === folders.length) return found;
  return folders.map((name) => ({ id: `name:${name}`, name, description: '' }));
}

/** The last row goes on where there are more iterations than rows, as in Newman. */
function dataOf(collection: CollectionFacts | null, number: number): IterationGroup['data'] {
  return collection?.data[number - 1] ?? collection?.data.at(-1) ?? null;
}

class Folder {
  readonly #about: Around | null;
  readonly #folders = new Map<string, Folder>();
  readonly #entries: (Folder | Exchange)[] = [];
  readonly #counts = { requests: 0, failed: 0, checks: 0 };

  constructor(about: Around | null) {
    this.#about = about;
  }

  add(exchange: Exchange, [next, ...rest]: readonly Around[]): void {
    this.#counts.requests++;
    if (!isPassed(exchange)) this.#counts.failed++;
    this.#counts.checks += exchange.assertions.length;
    if (next === undefined) {
      this.#entries.push(exchange);
      return;
    }
    let folder = this.#folders.get(next.id);
    if (folder === undefined) {
      folder = new Folder(next);
      this.#folders.set(next.id, folder);
      this.#entries.push(folder);
    }
    folder.add(exchange, rest);
  }

  toGroup(): FolderGroup {
    const entries = this.#entries.map((entry) => (entry instanceof Folder ? entry.toGroup() : entry));
    return { name: this.#about?.name ?? '', description: this.#about?.description ?? '', ...this.#counts, entries };
  }
}
