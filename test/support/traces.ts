import { plantedForms } from './planted-forms.ts';

/** Characters of a secret in a row that nobody may see: assertion libraries cut what they print. */
const PIECE = 12;

/**
 * Where a secret stands, in every form in which one gets around, or any piece of it; empty when nowhere. It shares the list
 * of forms with the leak guard's self-test, and none of the masker's eyes: it looks for plain text in plain text.
 */
export function findTraces(secret: string, texts: Readonly<Record<string, string>>): string[] {
  const forms = new Map([...plantedForms(secret)].map(([form, text]) => [text, form]));
  const bare = withoutGaps(secret);
  const pieces = new Set(
    Array.from({ length: Math.max(1, bare.length - PIECE + 1) }, (_, at) => bare.slice(at, at + PIECE)),
  );
  return Object.entries(texts).flatMap(([where, text]) => {
    const found = [...forms].filter(([form]) => text.includes(form)).map(([, name]) => `${where}: ${name}`);
    const characters = withoutGaps(text);
    for (let at = 0; at + PIECE <= characters.length; at++) {
      const piece = characters.slice(at, at + PIECE);
      if (pieces.has(piece))
        return [...found, `${where}: a piece, near ${JSON.stringify(characters.slice(at - 20, at))}`];
    }
    return found;
  });
}

/** Without what may stand between two characters where a text was broken: blanks, line ends, borders of tables. */
function withoutGaps(text: string): string {
  return text.replace(/[\s\u2500-\u257f|]+/g, '');
}
