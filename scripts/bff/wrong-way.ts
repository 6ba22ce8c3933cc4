import { anyOf } from './patterns.ts';

/** What keeps a request from its server though no network is at fault: it does not leave, or goes to something else. */
export type WrongWay =
  /** The address is no http(s) URL, or there is none. */
  | 'address'
  /** An http address where https is wanted. */
  | 'https'
  /** An https address of a port that speaks http. */
  | 'plain-http'
  /** The proxy between the two refuses, or is configured wrongly. */
  | 'proxy'
  /** The file with the trusted CAs is not there, or holds no certificate. */
  | 'ca-file';

/** The words of httpx, requests, niquests, urllib3, aiohttp, yarl, http.client, urllib, oauthlib, Authlib and pydantic; null: none. */
export function wrongWayIn(text: string, frames: string): WrongWay | null {
  if (NO_FILE.test(text) && (TLS_FRAMES.test(frames) || TLS_NAMES.test(text))) return 'ca-file';
  const found = WORDS.find(([, words]) => words.test(text))?.[0] ?? null;
  // The IdP speaks of the BFF's own address.
  return (found === 'address' || found === 'https') && /redirect[ _]?uri/i.test(text) ? null : found;
}

const WORDS: readonly (readonly [WrongWay, RegExp])[] = [
  [
    'proxy',
    anyOf(
      /Proxy(?:Connection|Timeout)?Error\b|ProxySchemeUnknown|InvalidProxyURL|proxy authentication required/i,
      /Tunnel connection failed|(?:connect|connection) to (?:the )?proxy\b|\bproxy URL\b|Using SOCKS proxy/i,
    ),
  ],
  [
    'https',
    anyOf(
      /InsecureTransport|MUST utilize https|\bHTTPS required\b|HTTPS is required/i,
      /HTTP request was sent to (?:an )?HTTPS port|(?:status line|BadStatusLine)\W.{0,40}\\x15\\x03/i,
    ),
  ],
  [
    'ca-file',
    /suitable TLS CA certificate bundle|NO_CERTIFICATE_OR_CRL_FOUND|no certificate or crl found|\[X509\] PEM lib/i,
  ],
  [
    'plain-http',
    anyOf(
      /WRONG_VERSION_NUMBER|wrong version number|RECORD_LAYER_FAILURE|record layer failure/i,
      /HTTP response to HTTPS client|does not look like a TLS handshake|packet length too long/i,
    ),
  ],
  [
    'address',
    anyOf(
      /UnsupportedProtocol|missing an 'http|unsupported protocol|MissingSchema|InvalidSchema|No scheme supplied/i,
      /No connection adapters|Invalid(?:Http)?Url\w{0,20}Error|NonHttpUrl|\bInvalidURL\b|LocationParseError|LocationValueError/i,
      /unknown url type|no host (?:given|supplied|specified)|URLSchemeUnknown|not supported URL scheme/i,
      /non-?numeric port|invalid port(?: number)?\b|Port could not be cast|Port out of range|Port outside of range/i,
      /Invalid IPv6 URL|Invalid URL: |host is required for absolute|'idna' codec|label (?:empty or )?too long/i,
      /should be a valid URL|relative URL without a base|URL scheme should be|URL can't contain control characters/i,
      /KeyError: ['"]IDP_BASE_URL|\bIDP_BASE_URL[\s;:]+Field required/i,
      /\bIDP_BASE_URL["'`]? (?:env\w* (?:variable )?)?(?:is |was )?(?:not (?:set|given|configured|defined)|missing|unset|empty|required|invalid|not a valid)\b(?!.{0,40}default)/i,
    ),
  ],
];
const NO_FILE = /FileNotFoundError|IsADirectoryError|NotADirectoryError|PermissionError|No such file or directory/;
/** Files that a program goes through when it reads the trusted CAs. */
const TLS_FRAMES = /(?:^|[\s"/\\])ssl(?:_)?\.py|[/\\]httpx[/\\]_config\.py|[/\\]certifi[/\\]/;
const TLS_NAMES = /SSL_CERT_(?:FILE|DIR)|(?:REQUESTS|CURL)_CA_BUNDLE|load_verify_locations|cafile/i;

/** Words of every such statement. */
export const WRONG_WAY_WORDS = anyOf(
  /proxyerror|proxyconnection|proxytimeout|proxyscheme|proxyurl|proxy auth|to proxy|the proxy|proxy url|socks proxy|tunnel conn/,
  /insecuretransport|utilize https|https required|https is required|https port|status line|statusline|ca certificate bundle/,
  /no_certificate_or_crl|certificate or crl|pem lib|wrong_version|version number|record_layer|record layer|to https client/,
  /packet length|protocol|schema|no scheme|connection adapters|invalidurl|invalidhttpurl|nonhttpurl|locationparseerror|locationvalueerror/,
  /url type|no host|urlscheme|url scheme|numeric port|invalid port|invalid url|port could not|port out|ipv6 url|idna|valid url/,
  /host is required|label too long|or too long|idp_base_url|no such file|filenotfound|directoryerror|permissionerror/,
);
