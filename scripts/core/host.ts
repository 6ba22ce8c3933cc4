/**
 * A host as `URL.hostname` gives it: in lower case, IPv6 in brackets, other spellings of IPv4 as four numbers; without a dot at
 * its end.
 *
 * @param text IPv6 with or without brackets
 * @returns null: it is no host
 */
export function hostOf(text: string): string | null {
  const name = text.includes(':') && !text.startsWith('[') ? `[${text}]` : text;
  if (!/^\[[\da-f:.]+\]$|^[^\s/?#@\\%:[\]]+$/i.test(name) || !URL.canParse(`http://${name}`)) return null;
  return new URL(`http://${name}`).hostname.replace(/\.$/, '') || null;
}

/** The bits of an IP address, 32 or 128 of `0` and `1`; null: it is a name. */
export function bitsOf(host: string): string | null {
  if (/^\d+(?:\.\d+){3}$/.test(host)) return toBits(host.split('.'), 10, 8);
  if (!host.startsWith('[')) return null;
  const [head = [], tail = []] = host
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return toBits([...head, ...zeros, ...tail], 16, 16);
}

function toBits(parts: readonly string[], radix: number, width: number): string {
  return parts.map((part) => Number.parseInt(part, radix).toString(2).padStart(width, '0')).join('');
}
