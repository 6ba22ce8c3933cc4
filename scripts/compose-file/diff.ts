import { structuredPatch } from 'diff';

export interface DiffOptions {
  /** The variables that the edit is about, by their names in the file. */
  readonly names: readonly string[];
  /** The one among them whose value is never shown, old or new. */
  readonly secretName: string;
  /** What is shown instead of the new value, as in `‹IAT sha256:1a2b3c4d›`. */
  readonly handle: string;
}

/**
 * What an edit changes, as a unified diff without context: the lines around it may hold other secrets. Of the changed lines,
 * only those are shown that hold one of the named variables and nothing else. '' where nothing changed.
 */
export function renderDiff(
  file: string,
  before: string,
  after: string,
  { names, secretName, handle }: DiffOptions,
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
    const [, alone = '', written = '', remark = alone] = /^(?:(#.*)|("[^"]*"|'[^']*'|[^\s"'#]\S*)(\s+#.*)?)?\s*$/.exec(
      value,
    ) ?? ['', '', value];
    const isEmpty = /^(?:""|'')?$/.test(written);
    const shown = isEmpty ? written : `‹${line.startsWith('+') ? handle : 'value before'}›`;
    return `${start}${name}${sign}${shown}${mayHoldToken(remark) ? ' # …' : remark}`;
  }
}

/** An old token is sometimes kept in a remark. */
function mayHoldToken(remark: string): boolean {
  return remark.match(/[\w.~+/=-]{16,}/g)?.some((word) => /\d|[a-z][A-Z]/.test(word)) ?? false;
}
