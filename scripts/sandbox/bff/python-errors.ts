/** What Python's httpx says for an error code of Node; `HOST` is the host name of the URL. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'ConnectError: [Errno 111] Connection refused',
  ECONNRESET: 'ReadError: [Errno 104] Connection reset by peer',
  ENOTFOUND: 'ConnectError: [Errno -2] Name or service not known',
  EAI_AGAIN: 'ConnectError: [Errno -3] Temporary failure in name resolution',
  ETIMEDOUT: 'ConnectTimeout: timed out',
  EHOSTUNREACH: 'ConnectError: [Errno 113] No route to host',
  ENETUNREACH: 'ConnectError: [Errno 113] No route to host',
  DEPTH_ZERO_SELF_SIGNED_CERT: unverified('self-signed certificate'),
  SELF_SIGNED_CERT_IN_CHAIN: unverified('self-signed certificate'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unverified('unable to get local issuer certificate'),
  ERR_TLS_CERT_ALTNAME_INVALID: unverified("Hostname mismatch, certificate is not valid for 'HOST'."),
  CERT_HAS_EXPIRED: unverified('certificate has expired'),
  EPROTO: 'ConnectError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'ConnectError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)',
};

function unverified(why: string): string {
  return `ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ${why} (_ssl.c:1006)`;
}

/** A failed connection in the words of Python's httpx, as in the log of the real BFF. */
export function pythonError(error: unknown, url: string): string {
  const { code = '' } = error as { readonly code?: string };
  return `httpx.${WORDS[code] ?? 'ConnectError: All connection attempts failed'}`.replace(
    'HOST',
    new URL(url).hostname,
  );
}

/** The frames of a traceback that ends in `last`. */
export function traceback(last: string): string[] {
  return [
    '  File "/app/ms_bff/src/bootstrap/dcr_bootstrap.py", line 214, in bootstrap',
    '    response = await client.send(request)',
    '  File "/usr/local/lib/python3.12/site-packages/httpx/_client.py", line 1730, in _send_handling_redirects',
    '    response = await self._send_single_request(request)',
    '  File "/usr/local/lib/python3.12/site-packages/httpx/_transports/default.py", line 118, in map_httpcore_exceptions',
    '    raise mapped_exc(message) from exc',
    last,
  ];
}
