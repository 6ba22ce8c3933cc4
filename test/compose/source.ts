/** A fixture as it stands in a file: the common indentation taken off, and the line break after the opening backtick. */
export function source(strings: TemplateStringsArray, ...values: unknown[]): string {
  const text = String.raw({ raw: strings }, ...values)
    .replace(/^\n/, '')
    .replace(/\n[ ]*$/, '\n');
  const indents = [...text.matchAll(/^ *(?=\S)/gm)].map((match) => match[0].length);
  const common = Math.min(...indents);
  return text.replaceAll(new RegExp(`^ {${common}}`, 'gm'), '');
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(encoded: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(encoded);
}
