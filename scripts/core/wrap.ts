/** A blank at which `wrap` does not break. */
export const HARD_BLANK = '\u00a0';

/**
 * The lines of a text, broken at blanks so that none is longer than `width`, indent included; later lines begin with `indent`.
 * Words that are longer stay whole: a path or a command is there to be copied.
 */
export function wrap(text: string, width: number, indent = ''): string[] {
  const words = text.trimStart().split(' ');
  const lines: string[] = [];
  let line = text.slice(0, text.length - text.trimStart().length) + (words.shift() ?? '');
  for (const word of words) {
    if (line.length + 1 + word.length <= width) {
      line += ` ${word}`;
    } else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].map((each) => each.replaceAll(HARD_BLANK, ' '));
}
