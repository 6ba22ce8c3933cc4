/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import { cut } from '../text.ts';
import { linked } from './linked.tsx';
import { marked } from './parts.tsx';

/**
 * The description of a collection, a folder or a request. Of its Markdown it has paragraphs, lists, code and links; everything
 * else, HTML above all, is text as it was written.
 */
export function Description({ text }: { readonly text: string }) {
  if (text.trim() === '') return null;
  return <div class="description">{blocksOf(cut(text.trim(), LONGEST).split('\n')).map(block)}</div>;
}

const LONGEST = 4_000;

interface Block {
  readonly kind: 'paragraph' | 'bullets' | 'numbers' | 'code';
  /** Lines, or the items of a list. */
  readonly lines: string[];
}

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let open = null as Block | null;
  let isFenced = false;
  const add = (kind: Block['kind'], line: string) => {
    if (open?.kind !== kind) {
      open = { kind, lines: [] };
      blocks.push(open);
    }
    open.lines.push(line);
  };
  for (const line of lines) {
    const [, bullet, bulleted = ''] = /^\s{0,12}([-*+])\s(.*)$/.exec(line) ?? [];
    const [, number, numbered = ''] = /^\s{0,12}(\d{1,9}[.)])\s(.*)$/.exec(line) ?? [];
    if (/^\s{0,12}(?:```|~~~)/.test(line)) {
      isFenced = !isFenced;
      open = null;
    } else if (isFenced) add('code', line);
    else if (line.trim() === '') open = null;
    else if (bullet !== undefined) add('bullets', bulleted);
    else if (number !== undefined) add('numbers', numbered);
    else if (open !== null && open.kind !== 'paragraph' && open.kind !== 'code' && /^\s/.test(line)) {
      // An item goes on where its next line is set in.
      open.lines.push(`${open.lines.pop()}\n${line.trim()}`);
    } else add('paragraph', line.replace(/^#{1,6}\s/, ''));
  }
  return blocks;
}

function block({ kind, lines }: Block) {
  if (kind === 'code') return <pre>{marked(lines.join('\n'))}</pre>;
  if (kind === 'paragraph') return <p>{inline(lines.join('\n'))}</p>;
  const List = kind === 'bullets' ? 'ul' : 'ol';
  return (
    <List>
      {lines.map((line) => (
        <li>{inline(line)}</li>
      ))}
    </List>
  );
}

/** Code between backticks is code and holds no link. */
function inline(text: string): ComponentChildren {
  return text
    .split(/(`[^`\n]{1,400}`)/)
    .map((part, index) => (index % 2 === 1 ? <code>{marked(part.slice(1, -1))}</code> : linked(part)));
}
