/** A failed connection in the words of Python's httpx, as in the log of the real BFF. */
export function pythonError(error: unknown, url: string): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  const host = new URL(url).hostname;
  switch (code) {
    case 'ECONNREFUSED':
      return 'httpx.ConnectError: [Errno 111] Connection refused';
    case 'ECONNRESET':
      return 'httpx.ReadError: [Errno 104] Connection reset by peer';
    case 'ENOTFOUND':
      return 'httpx.ConnectError: [Errno -2] Name or service not known';
    case 'EAI_AGAIN':
      return 'httpx.ConnectError: [Errno -3] Temporary failure in name resolution';
    case 'ETIMEDOUT':
      return 'httpx.ConnectTimeout: timed out';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'httpx.ConnectError: [Errno 113] No route to host';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'httpx.ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)';
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'httpx.ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `httpx.ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for '${host}'. (_ssl.c:1006)`;
    case 'CERT_HAS_EXPIRED':
      return 'httpx.ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)';
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return 'httpx.ConnectError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)';
    default:
      return 'httpx.ConnectError: All connection attempts failed';
  }
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
