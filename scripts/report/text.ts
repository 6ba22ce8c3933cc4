/** The first `limit` characters, never half of a pair, and how much there was. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${head(text, limit)}… (${formatBytes(text.length)} in all)`;
}

/** The first `limit` UTF-16 units, less one where that would split a pair. */
export function head(text: string, limit: number): string {
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}

/** As one line: for attributes, headings and table cells. */
export function toLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** 312 B, 4.2 kB, 1.0 MB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${(bytes / 1000).toFixed(bytes < 9950 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** 312, 2,000. By hand: the first use of Node's own number formats costs 15 ms and 8 MB. */
export function formatNumber(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3}){1,7}$)/g, ',');
}

/** 1 request, 2,000 requests. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** 2026-11-23 10:11:12 UTC; "unknown time" for a date that is none. */
export function formatUtc(date: Date): string {
  const iso = toIso(date);
  return iso === null ? 'unknown time' : `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

/** RFC 3339 in UTC with milliseconds; null for a date that is none. */
export function toIso(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** Halves of surrogate pairs are legal in JSON text and break most of its readers. */
export function toWellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
