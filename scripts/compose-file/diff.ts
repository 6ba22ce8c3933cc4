import { structuredPatch } from 'diff';

/** What an edit of a service's variables changes in a file, under the names that the variables have there. */
export function diffOf(
  target: { readonly path: string; nameOf(variable: string): string },
  before: Uint8Array | null,
  after: Uint8Array,
  shown: { readonly variables: readonly string[]; readonly secret: string; readonly handle: string },
): string {
  return renderDiff(target.path, textOf(before), textOf(after), {
    names: shown.variables.map(target.nameOf),
    secretName: target.nameOf(shown.secret),
    handle: shown.handle,
  });
}

/**
 * What an edit changes, as a unified diff without context: the lines around it may hold other secrets. Of the
 * changed lines, only those are shown that hold one of `names` and nothing else.
 *
 * @param names the variables that the edit sets
 * @param secretName the one among them whose value is never shown, old or new
 * @param handle what is shown instead of the new value, as in `‹IAT sha256:1a2b3c4d›`
 */
export function renderDiff(
  file: string,
  before: string,
  after: string,
  {
    names,
    secretName,
    handle,
  }: { readonly names: readonly string[]; readonly secretName: string; readonly handle: string },
): string {
  const patch = structuredPatch(file, file, before, after, '', '', { context: 0 });
  const lines = patch.hunks.flatMap((hunk) => [
    `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    ...hunk.lines.map((line) => showLine(line.replace(/\r$/, ''))),
  ]);
  return lines.length === 0 ? '' : [`--- ${file}`, `+++ ${file}`, ...lines].join('\n');

  function showLine(line: string): string {
    if (/^[+-]\s*(?:#.*)?$/.test(line) || /^[+-]\s*environment:\s*$/.test(line)) return line;
    // "      DCR_IAT: value", "  - DCR_IAT=value" (behind any number of blanks), "export DCR_IAT='value'"
    const entry = /^([+-]\s*(?:-[ \t]+)?(?:export )?["']?)([A-Za-z_]\w*)(["']?\s*[:=]\s*)(.*)$/.exec(line);
    const [, start = '', name = '', sign = '', value = ''] = entry ?? [];
    if (entry === null || !names.includes(name)) return `${line[0]} (a line with other values)`;
    if (name !== secretName) return line;
    if (/^(?:""|'')?\s*(?:#.*)?$/.test(value)) return line;
    return `${start}${name}${sign}‹${line.startsWith('+') ? handle : `value before`}›`;
  }
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '' : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
