import type { Reach } from '../core/reach.ts';

/** How a connection failed: the one classification, for codes, exit codes and words. */
export type NetworkErrorKind =
  /** The host name does not resolve. */
  | 'dns'
  /** Nothing accepts the connection. */
  | 'refused'
  | 'timeout'
  /** The certificate is not trusted, or TLS failed otherwise. */
  | 'tls'
  /** It broke in another way: reset, closed, no route. */
  | 'failed';

/** By Node's or OpenSSL's code: ENOTFOUND, ESOCKETTIMEDOUT, DEPTH_ZERO_SELF_SIGNED_CERT. */
export function kindOfCode(code: string): NetworkErrorKind {
  if (/^(?:ENOTFOUND|EAI_\w+|ENODATA)$/.test(code)) return 'dns';
  if (code === 'ECONNREFUSED') return 'refused';
  if (/^E(?:SOCKET)?TIMEDOUT$/.test(code)) return 'timeout';
  return /CERT|SELF_SIGNED|UNABLE_TO|SSL|TLS|EPROTO/.test(code) ? 'tls' : 'failed';
}

/** By curl's exit code (curl(1), EXIT CODES); null: it is not about the network. */
export function kindOfCurlExit(exitCode: number): NetworkErrorKind | null {
  if (exitCode === 6) return 'dns';
  if (exitCode === 7) return 'refused';
  if (exitCode === 28) return 'timeout';
  if ([35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91].includes(exitCode)) return 'tls';
  return [52, 55, 56].includes(exitCode) ? 'failed' : null;
}

/**
 * By the words that Python's clients (httpx, requests, aiohttp, redis-py), curl and both wgets print; null: they
 * report no failed connection. Where they report several, the one that caused the others.
 */
export function kindOfWords(text: string): NetworkErrorKind | null {
  return WORDS.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}

/** What came of asking a URL, by the code of the error. */
export function reachOfCode(code: string): Reach {
  const kind = kindOfCode(code);
  if (kind !== 'failed') return { kind };
  return { kind, reason: /^\w{1,60}$/.test(code) ? code : 'reason unknown' };
}

/** In the order in which they count: a TLS error is also a failed connection, and a refused one may be retried until a limit. */
const WORDS = Object.entries({
  tls: [
    /CERTIFICATE_VERIFY_FAILED|certificate verify failed|certificate verification failed|cannot verify \S+ certificate/i,
    /SSLCertVerificationError|ClientConnectorCertificateError|ClientConnectorSSLError|\bSSLError\b|ssl\.SSL\w*Error/i,
    /self[- ]signed certificate|unable to get local issuer|certificate has expired|CA certificate bundle/i,
    /\[SSL\]|EOF occurred in violation|record layer failure|wrong version number|SSL routines|connection has been closed \(EOF\)/i,
    /\bx509: |HTTP response to HTTPS client|not look like a TLS handshake|PKIX path|invalid peer certificate|\[X509|UNABLE_TO_\w+/i,
    /hostname mismatch|IP address mismatch|doesn't match (?:either of )?['"]|WRONG_VERSION_NUMBER|\bSSL: [A-Z_]+/i,
    /TLSV1_ALERT|sslv3 alert|(?:TLS|SSL) handshake (?:failed|failure|error)|handshake failure/i,
    /unable to establish SSL connection|certificate of \S+ (?:is not trusted|doesn't have|hasn't got)/i,
  ],
  dns: [
    /Name or service not known|Temporary failure in name resolution|nodename nor servname|No address associated/i,
    /getaddrinfo failed|gaierror|NameResolutionError|ClientConnectorDNSError|\bENOTFOUND\b|EAI_AGAIN|Errno -[235]\b/i,
    /Failed to resolve|(?:Could not|Cannot|unable to) resolve|no such host|wget: bad address/i,
    /contacting DNS servers?|contact DNS servers|DNS server (?:returned|claims)|Domain name not found|Name does not resolve|server misbehaving/i,
    /name resolution (?:failed|error)|DNS (?:lookup|resolution) (?:failed|error)/i,
  ],
  refused: [
    /Connection ?refused|ConnectionRefusedError|ECONNREFUSED|Errno 111\b|Error 111 connecting|actively refused/i,
    /WinError 10061|Connect call failed|All connection attempts failed|\bConnectError\b|Cannot connect to host/i,
    /Failed to establish a new connection|ClientConnectorError|NewConnectionError|Max retries exceeded/i,
  ],
  failed: [
    /No route to host|Errno 113\b|EHOSTUNREACH|Network is unreachable|Errno 101\b|ENETUNREACH|(?:not|un)[ -]?reachable/i,
    /Connection reset by peer|ConnectionResetError|ECONNRESET|Errno 104\b|Connection aborted|RemoteDisconnected/i,
    /BrokenResourceError|EndOfStream|BrokenPipeError|Errno 32\b|BadStatusLine|illegal status line|IncompleteRead|peer closed connection|closed connection without response/i,
    /ServerDisconnectedError|Server disconnected without sending|RemoteProtocolError|\b(?:Read|Write)Error\b/i,
  ],
  timeout: [
    /ConnectTimeout|ReadTimeout|PoolTimeout|WriteTimeout|ConnectionTimeoutError|ServerTimeoutError|SocketTimeoutError/i,
    /\bTimeoutError\b|\bTimeoutException\b|timed out|ETIMEDOUT|Errno 110\b|Connection timeout|Read timeout/i,
    /Timeout (?:while|on|contacting|connecting|reading|waiting for (?:the )?(?:idp|response))/i,
  ],
} satisfies Record<NetworkErrorKind, RegExp[]>).map(
  ([kind, patterns]) =>
    [kind as NetworkErrorKind, new RegExp(patterns.map(({ source }) => source).join('|'), 'i')] as const,
);
