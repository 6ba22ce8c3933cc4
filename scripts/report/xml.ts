/** An element with either elements or text in it. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly content: readonly Element[] | string;
}

/**
 * An XML document, indented. Every text must hold legal characters only (`toVisible`); what would be markup is escaped, and
 * with `>` also `]]>`, which is forbidden in text (XML 1.0 §2.4).
 */
export function renderXml(root: Element): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const add = ({ name, attributes, content }: Element, indent: string) => {
    const start = `${indent}<${name}${renderAttributes(attributes)}`;
    if (content.length === 0) lines.push(`${start}/>`);
    else if (typeof content === 'string') lines.push(`${start}>${toContent(content)}</${name}>`);
    else {
      lines.push(`${start}>`);
      for (const child of content) add(child, `${indent}  `);
      lines.push(`${indent}</${name}>`);
    }
  };
  add(root, '');
  return `${lines.join('\n')}\n`;
}

function renderAttributes(attributes: Element['attributes']): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${toContent(String(value)).replaceAll('"', '&quot;')}"`)
    .join('');
}

function toContent(text: string): string {
  return /[&<>]/.test(text) ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : text;
}
