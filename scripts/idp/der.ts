/** One value of DER: its tag, its content, and both with the length between them (X.690 §8.1). */
interface Value {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** The SEQUENCE at the beginning of the bytes, without what follows it; null: there is none that is whole. */
export function sequenceAt(bytes: Buffer): Buffer | null {
  const value = valueAt(bytes, 0);
  return value?.tag === 0x30 ? value.whole : null;
}

/** The values inside of a value, up to the first that is not whole. */
export function childrenOf(whole: Buffer): Value[] {
  const content = valueAt(whole, 0)?.content ?? Buffer.alloc(0);
  const children: Value[] = [];
  for (let at = 0; at < content.length; ) {
    const child = valueAt(content, at);
    if (child === null) break;
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

/** null also for lengths that are left open (BER) or have more than four bytes. */
function valueAt(bytes: Buffer, at: number): Value | null {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return null;
  const more = first < 0x80 ? 0 : first - 0x80;
  const start = at + 2 + more;
  if (first === 0x80 || more > 4 || start > bytes.length) return null;
  const end = start + (more === 0 ? first : bytes.readUIntBE(at + 2, more));
  if (end > bytes.length) return null;
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) };
}
