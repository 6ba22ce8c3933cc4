/** Where a message goes on with an object, which may hold a whole Secret (`Invalid value: "{…}"`, Go's `map[…]` and `&v1.Pod{…}`). */
const OBJECT = /Invalid value: |\{\s*\\?"|\bmap\[|&\w+(?:\.\w+)?\{/;

const LONGEST = 300;

/**
 * Words of the cluster as a part of a sentence: one line, without control characters, at most 300 characters, and never an
 * object. '' where nothing of them can be said. It ends without a full stop.
 */
export function quote(message: string | undefined): string {
  const line = (message ?? '').split(OBJECT)[0]?.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ') ?? '';
  const text = line.trim().replace(/(?<![.:\s])[.:\s]+$/, '');
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

/** `: the words`, or nothing. */
export function because(message: string | undefined): string {
  const words = quote(message);
  return words === '' ? '' : `: ${words}`;
}
