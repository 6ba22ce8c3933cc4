/** An object of JSON: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text from outside, parsed as JSON, also behind a byte order mark (as .NET writes it); null if it is not JSON. The error is dropped: `JSON.parse` quotes its input. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch {
    return null;
  }
}
