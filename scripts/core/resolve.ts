import { bitsOf, hostOf } from './host.ts';

/** The addresses that `--resolve` gives to a host and port, in place of what DNS says (curl(1), `--resolve`). */
export interface Resolution {
  /** As `URL.hostname` gives it; `*`: every host. */
  readonly host: string;
  readonly port: string;
  /** Without brackets, as sockets take them. */
  readonly addresses: readonly string[];
}

/**
 * Reads HOST:PORT:ADDRESS[,ADDRESS…]; HOST may be `*`, IPv6 stands in brackets, and a leading `+`, which for curl is about its
 * cache, means nothing here. null: it is nothing like that.
 */
export function parseResolution(text: string): Resolution | null {
  const [, name = '', port = '', list = ''] = /^\+?(\*|\[[^\]]*\]|[^:[\]]+):(\d{1,5}):(.+)$/.exec(text) ?? [];
  const host = name === '*' ? name : hostOf(name);
  const addresses = list.split(',').map((each) => hostOf(each.trim()));
  if (host === null || Number(port) < 1 || Number(port) > 65_535) return null;
  if (addresses.some((each) => each === null || bitsOf(each) === null)) return null;
  return {
    host,
    port: String(Number(port)),
    addresses: addresses.map((each) => (each ?? '').replace(/^\[|\]$/g, '')),
  };
}

/**
 * The addresses for a host and port: what was said last, and of a host rather than of all; null: DNS knows.
 *
 * @param port that of the connection, also where it is the scheme's own
 */
export function addressesOf(resolutions: readonly Resolution[], host: string, port: string): readonly string[] | null {
  const named = hostOf(host);
  const find = (wanted: string | null) =>
    resolutions.findLast((each) => each.host === wanted && each.port === port)?.addresses;
  return find(named) ?? find('*') ?? null;
}

/** What Node asks for the addresses of a host (`net.LookupFunction`): these, whatever the host. */
export function lookupOf(addresses: readonly string[]) {
  const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return (
    _host: string,
    { all: isAll }: { readonly all?: boolean | undefined },
    done: (error: null, address: string | { address: string; family: number }[], family?: number) => void,
  ): void => {
    if (isAll) done(null, all);
    else done(null, all[0]?.address ?? '', all[0]?.family ?? 4);
  };
}
