/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import { cut } from '../text.ts';
import { marked } from './parts.tsx';

/**
 * Text of a collection in which links are links: `[JIRA-1](https://…)`, and addresses as they are. An address that a secret was
 * masked in is none.
 */
export function linked(text: string, limit = Number.POSITIVE_INFINITY): ComponentChildren {
  const shown = cut(text, limit);
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const { 0: whole, 1: label, 2: target, index } of shown.matchAll(LINK)) {
    // What ends a sentence does not belong to the address in it.
    const address = target ?? whole.replace(/[.,;:!?*_]{1,10}$/, '');
    const end = index + (target === undefined ? address.length : whole.length);
    const href = shown[end] === '‹' ? null : safeHref(address);
    if (href === null) continue;
    parts.push(
      marked(shown.slice(at, index)),
      <a href={href} rel="noreferrer">
        {marked(label ?? address)}
      </a>,
    );
    at = end;
  }
  return at === 0 ? marked(shown) : [...parts, marked(shown.slice(at))];
}

const LINK =
  /\[([^[\]\n]{1,300})\]\(((?:https?:\/\/|mailto:)[^\s()<>‹›]{1,2000})\)|\bhttps?:\/\/[^\s<>"'`‹›[\]()|]{1,2000}/gi;

/** null for what is no address, or one of a scheme that may do more than lead to a page. */
function safeHref(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return ['http:', 'https:', 'mailto:'].includes(protocol) ? href : null;
}
