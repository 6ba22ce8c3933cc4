/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren, VNode } from 'preact';
import { COMPRESSED } from '../../secrets/compressed.ts';
import type { View } from '../view.ts';
import { detailOf } from './request-row.tsx';
import { AFTER_TEXTS, BETWEEN_TEXTS } from './script.ts';

/**
 * The details of most requests of a long run: what components make of them, as compressed text in blocks that no browser runs
 * or shows. The script of the page puts the elements into a row when it is opened (`fill` in script.ts).
 */
export function PackedDetails({ view }: { readonly view: View }) {
  const blocks: { last: number; data: string }[] = [];
  let block = new Block();
  let last = 0;
  const end = () => {
    if (block.size > 0) blocks.push({ last, data: view.compress(block.toString()) });
    block = new Block();
  };
  for (const [exchange, number] of view.numbers) {
    if (view.details.get(exchange) !== 'packed') continue;
    if (block.size > LARGEST_BLOCK) end();
    block.add(number, detailOf(exchange, view));
    last = number;
  }
  end();
  return blocks.map(({ last: number, data }) => (
    // Base64: it holds no markup.
    <script type={COMPRESSED} data-last={number} dangerouslySetInnerHTML={{ __html: data }} />
  ));
}

/** Characters. The browser reads a whole block to show one request of it. */
const LARGEST_BLOCK = 400_000;

/**
 * One block: all texts, each once, and the JSON of the details, by the number of the request. A node of a detail is the place of
 * its text among the texts, or a list: the place of its start tag, then the nodes in it. Control signs are between the parts,
 * which no text of a page has in it; the texts are as they are, because each escape would have to be undone to search them.
 */
class Block {
  /** Characters of all texts, about. */
  size = 0;
  readonly #texts = new Map<string, number>();
  readonly #details: Record<number, Packed[]> = {};

  add(number: number, detail: ComponentChildren): void {
    const nodes: Packed[] = [];
    this.#pack(detail, nodes);
    this.#details[number] = nodes;
  }

  toString(): string {
    return `${[...this.#texts.keys()].join(BETWEEN_TEXTS)}${AFTER_TEXTS}${JSON.stringify(this.#details)}`;
  }

  #pack(node: ComponentChildren, into: Packed[]): void {
    if (node === null || node === undefined || typeof node === 'boolean') return;
    if (Array.isArray(node)) {
      for (const child of node) this.#pack(child, into);
    } else if (typeof node === 'object') {
      const { type, props } = node as VNode<{ children?: ComponentChildren }>;
      if (typeof type === 'function') {
        this.#pack((type as (props: object) => ComponentChildren)(props), into);
        return;
      }
      const element: Packed[] = [this.#place(startTag(type, props))];
      this.#pack(props.children, element);
      into.push(element);
    } else if (node !== '') into.push(this.#place(String(node)));
  }

  #place(text: string): number {
    let place = this.#texts.get(text);
    if (place === undefined) {
      place = this.#texts.size;
      this.#texts.set(text, place);
      this.size += text.length;
    }
    return place;
  }
}

type Packed = number | Packed[];

/** The name, and on a line each what `setAttribute` is told. */
function startTag(name: string, props: object): string {
  let tag = name;
  for (const [key, value] of Object.entries(props)) {
    if (key === 'children' || value === undefined || value === false) continue;
    tag += `\n${key}=${value === true ? '' : value}`;
  }
  return tag;
}
