import type { Header } from '../core/exchange.ts';

/**
 * The text of a body: by its byte order mark, else by the `charset` of its type (RFC 9110 §8.3.2), else as UTF-8; without the
 * mark, as `pm.response.text()` and every browser read it. JSON in UTF-16 is known by its first character even without a
 * mark (RFC 4627 §3). Bytes that fit no character become U+FFFD.
 *
 * @param contentType the header's value, `application/json; charset=iso-8859-1`
 */
export function decodeBody(bytes: Uint8Array, contentType: string): string {
  return new TextDecoder(markOf(bytes) ?? charsetOf(contentType) ?? 'utf-8').decode(bytes);
}

/** The value of the first header of that name, in any case; '' where there is none. */
export function headerIn(headers: readonly Header[], name: string): string {
  return headers.find((header) => header.name.toLowerCase() === name)?.value ?? '';
}

function markOf([first, second, third]: Uint8Array): string | null {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // No text begins with one of the two and U+0000.
  const isOpening = (byte: number | undefined) => byte === 0x7b || byte === 0x5b;
  if (isOpening(first) && second === 0) return 'utf-16le';
  return first === 0 && isOpening(second) ? 'utf-16be' : null;
}

/** null: none is named, or one that nobody knows. */
function charsetOf(contentType: string): string | null {
  const name = /;\s*charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1];
  if (name === undefined) return null;
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return null;
  }
}
