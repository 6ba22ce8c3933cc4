/** What came of asking a URL once: without a secret, without following where it sends. */
export type Reach =
  /** Something answers there, whatever the status. */
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'dns' | 'refused' | 'timeout' | 'tls' }
  /** The connection failed in another way; the system's word for it, as ECONNRESET. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It could not be asked; why, in half a sentence. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Asks from where a container is. */
export interface Network {
  /**
   * Asks a URL from inside a running container, else from a temporary one in the same network. Starts nothing else, changes
   * nothing.
   *
   * @param id the container's
   */
  reachFrom(id: string, url: string, signal: AbortSignal): Promise<Reach>;
}

/** How long an answer may take: a BFF that waits longer gives up, too. */
export const REACH_SECONDS = 4;

/** What can be asked of a base URL: without user, password and query; null: it is not an http(s) URL. */
export function toAskable(base: string): string | null {
  if (!URL.canParse(base.trim())) return null;
  const { protocol, origin, pathname } = new URL(base.trim());
  return protocol === 'http:' || protocol === 'https:' ? `${origin}${pathname}` : null;
}

/** It was asked, and there was no way to it. */
export function isUnreachable(reach: Reach | null): reach is Exclude<Reach, { kind: 'answered' | 'unknown' }> {
  return reach !== null && reach.kind !== 'answered' && reach.kind !== 'unknown';
}

/** "answers (HTTP 404)", "connection refused": what follows the name of who was asked. */
export function describeReach(reach: Reach): string {
  switch (reach.kind) {
    case 'answered':
      return reach.status >= 500
        ? `answers with a server error (HTTP ${reach.status})`
        : `answers (HTTP ${reach.status})`;
    case 'failed':
      return `cannot be reached (${reach.reason})`;
    case 'unknown':
      return `could not be checked (${reach.why})`;
    default:
      return WORDS[reach.kind];
  }
}

const WORDS = {
  dns: 'cannot be reached: its host name does not resolve',
  refused: 'cannot be reached: the connection is refused',
  timeout: `does not answer within ${REACH_SECONDS} s`,
  tls: 'is there, but its certificate is not trusted',
} as const;
