/** So many bytes show the encoding of a text. */
export const SAMPLE_BYTES = 64;

/** Of a text file, by its byte order mark, else by the positions of the zero bytes among the first letters. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const head = [...bytes.subarray(0, SAMPLE_BYTES)];
  const zeros = (parity: 0 | 1) => head.filter((byte, index) => byte === 0 && index % 2 === parity).length;
  if (zeros(1) > head.length / 4 && zeros(0) === 0) return 'utf-16le';
  return zeros(0) > head.length / 4 && zeros(1) === 0 ? 'utf-16be' : 'utf-8';
}

/** The content of a text file in UTF-8, or in the UTF-16 that PowerShell's `>` writes, without its byte order mark. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}
