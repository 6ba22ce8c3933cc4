import { AppError, type ErrorCode } from '../core/errors.ts';
import type { Exchange, HttpResponse } from '../core/exchange.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import { withoutTokens } from '../secrets/answer.ts';
import { isTokenLike } from '../secrets/values.ts';
import { kindOfCode } from './network-errors.ts';

/**
 * What the IdP's answer, or its absence, means for the mint; null: it is a success that may hold a token, whole (RFC 9110 §15.3).
 *
 * @param asked how it was asked: how long it had for its answer, and the CA that was named
 */
export function refusalOf(
  exchange: Exchange,
  url: URL,
  now: Date,
  asked: {
    readonly limitMs: number;
    readonly caFile: string | null;
    /** Where its authorization came from, where that is no admin token: `from the collection, basic`. */
    readonly authorization?: string | null;
  },
): AppError | null {
  const { response, error, via = null } = exchange;
  if (exchange.isSkipped) {
    return fail(
      'script-failed',
      'A script of the collection skips the mint request (pm.execution.skipRequest), so nothing was sent.',
      'Open the collection in Postman and look at the pre-request scripts of the request and of the folders around it.',
    );
  }
  if (response === null)
    return error?.kind === 'script' ? scriptFailed() : networkError(error?.code ?? '', url, via, asked);
  const { status } = response;
  if (status >= 200 && status <= 204) return null;
  return viaProxy(refusalOfStatus(response, url, now, asked.authorization ?? null), via);
}

/** Who has answered through a proxy cannot be told from the answer. */
function viaProxy(refusal: AppError, via: string | null): AppError {
  if (via === null) return refusal;
  const { code, message, hint } = refusal;
  return fail(
    code,
    message,
    `${hint?.text ?? ''} The answer came through the proxy of ${via}, which may have given it.`,
  );
}

function refusalOfStatus(response: HttpResponse, url: URL, now: Date, authorization: string | null): AppError {
  const { status } = response;
  const where = `${url.origin}${url.pathname}`;
  const oauth = readOAuthError(response);

  if (status >= 300 && status < 400) {
    return fail(
      'idp-redirect',
      `The IdP redirects (${status}) to ${hostOf(headerOf(response, 'location'), url)} instead of minting.`,
      `${authorization === null ? 'The admin token' : 'The authorization'} is not sent after a redirect. There may be a login page in between, or --idp-url needs https or another host.`,
    );
  }
  switch (status) {
    case 400:
    case 422:
      return fail(
        'idp-bad-request',
        `The IdP does not accept the mint request (${status}${oauth.error}).${oauth.description}`,
        'Compare the request body with what the IdP documents: max_usages or max_uses, expires_in or expiration.',
      );
    case 401:
      return fail(
        'idp-unauthorized',
        `The IdP refused ${authorization === null ? 'the admin token' : `the authorization ${authorization}`} (401${oauth.error}).${oauth.description}`,
        authorization === null
          ? 'It is expired, revoked, or of another IdP. Get a fresh admin access token and run again.'
          : 'Correct it where it comes from, and run again. An admin token takes its place with --admin-token-file FILE.',
      );
    case 403:
      if (authorization !== null) {
        return fail(
          'idp-forbidden',
          `The authorization ${authorization} may not mint (403${oauth.error}).${oauth.description}`,
          `It needs the right${oauth.scope === '' ? '' : ` (scope ${oauth.scope})`} to manage DCR Initial Access Tokens. An admin token takes its place with --admin-token-file FILE.`,
        );
      }
      return fail(
        'idp-forbidden',
        `The admin token may not mint (403${oauth.error}).${oauth.description}`,
        `Get one with the right${oauth.scope === '' ? '' : ` (scope ${oauth.scope})`} to manage DCR Initial Access Tokens.`,
      );
    case 404:
    case 405:
      return fail(
        'idp-not-found',
        `There is no admin route at ${where} (${status}).`,
        'Check --idp-url: it is the base, without /api/oidc. The route may also not be exposed to this network.',
      );
    case 409:
      return fail(
        'idp-conflict',
        `The IdP says that such a token already exists (409${oauth.error}).`,
        'Use another label: --label "ms-bff bootstrap 2".',
      );
    case 429: {
      const seconds = retryAfterSeconds(response, now);
      return fail(
        'idp-rate-limited',
        'The IdP asks to wait (429).',
        seconds === null ? 'Run again in a few minutes.' : `Run again in ${seconds} seconds.`,
      );
    }
    default:
      if (status >= 500) {
        return fail('idp-unavailable', `The IdP failed (${status}).`, `Look at the log of the IdP. ${MAY_BE_MINTED}`);
      }
      return fail(
        'idp-unexpected-status',
        `The IdP answered with ${status} instead of 201.`,
        `Does ${where} mint tokens?`,
      );
  }
}

/**
 * How long to wait before the request is sent again, in milliseconds; null: do not send it again. Only what is transient is
 * tried again: 429 when the IdP says (RFC 9110 §10.2.3), 5xx, and connections that were refused before anything was sent.
 */
export function retryDelayMs(exchange: Exchange, tries: number, now: Date): number | null {
  const { response, error } = exchange;
  const jittered = Math.random() * Math.min(4_000, 500 * 2 ** tries);
  if (response === null) {
    if (error?.kind === 'script') return null;
    if (error?.code === 'ECONNREFUSED' || error?.code === 'EAI_AGAIN') return jittered;
    // Something may have been sent: once.
    return error?.code === 'ECONNRESET' && tries === 1 ? jittered : null;
  }
  if (response.status === 429) {
    const seconds = retryAfterSeconds(response, now);
    if (seconds === null) return jittered;
    return seconds <= MAX_WAIT_SECONDS ? seconds * 1_000 : null;
  }
  return [500, 502, 503, 504].includes(response.status) ? jittered : null;
}

/** Nobody watches a terminal for longer than this; the message says when to come back. */
const MAX_WAIT_SECONDS = 30;

function scriptFailed(): AppError {
  return fail(
    'script-failed',
    'A pre-request script of the collection broke, so nothing was sent.',
    'Open the collection in Postman and run the request there; the report has the message.',
  );
}

/** What is said where the request may have arrived. */
const MAY_BE_MINTED = 'A token may have been minted anyway; it expires by itself.';

/** @param via the proxy: its name is looked up then, and it is connected to, instead of the IdP's */
function networkError(
  code: string,
  url: URL,
  via: string | null,
  { limitMs, caFile }: { readonly limitMs: number; readonly caFile: string | null },
): AppError {
  const answered = /^PROXY_ANSWERED_(\d+)$/.exec(code)?.[1];
  if (answered !== undefined) {
    return fail(
      'idp-unreachable',
      `The proxy of ${via} refuses the connection to ${url.host}: ${answered}.`,
      answered === '407'
        ? 'It wants a user and a password: http://USER:PASSWORD@HOST:PORT in that variable. Or name the IdP in NO_PROXY.'
        : 'Is it the right proxy for that host? If the IdP can be reached without one, name its host in NO_PROXY.',
    );
  }
  const kind = kindOfCode(code);
  if (via !== null && (kind === 'dns' || kind === 'refused')) {
    const reason = kind === 'dns' ? 'its host name is not known here' : 'nothing listens there';
    return fail(
      'idp-unreachable',
      `The proxy of ${via} cannot be reached: ${reason} (${code}).`,
      `Correct the variable, or name ${url.hostname} in NO_PROXY if it can be reached without a proxy.`,
    );
  }
  const through = via === null ? '' : ` through the proxy of ${via}`;
  if (code.startsWith('HPE_')) {
    return fail(
      'idp-not-http',
      `${url.host} answered${through}, but not in valid HTTP (${code}).`,
      `Is that the port of the IdP, and does --idp-url need https? ${MAY_BE_MINTED}`,
    );
  }
  switch (kind) {
    case 'tls':
      return fail(
        'idp-tls',
        `The certificate of ${url.host} is not trusted${through} (${code}).`,
        adviseOnCertificate(code, url, caFile),
      );
    case 'dns':
      return fail(
        'idp-unreachable',
        `The host name ${url.hostname} is not known here (${code}).`,
        'On a developer machine it is an entry in the hosts file. Check --idp-url, VPN and DNS.',
      );
    case 'refused':
      return fail(
        'idp-unreachable',
        `Nothing listens at ${url.host} (${code}).`,
        'Is the IdP running? Check --idp-url.',
      );
    case 'timeout':
      return fail(
        'idp-timeout',
        `${url.host} did not answer within ${limitMs / 1_000} s${through}.`,
        `Is the IdP up, and is there a proxy or a firewall in between? --timeout-request ${2 * limitMs} gives it ${(2 * limitMs) / 1_000} s. ${MAY_BE_MINTED}`,
      );
    case 'failed':
      return fail(
        'idp-unreachable',
        `The connection to ${url.host} failed${through}${code === '' ? '' : ` (${code})`}.`,
        `Check --idp-url, the network, and HTTP_PROXY/HTTPS_PROXY/NO_PROXY. ${MAY_BE_MINTED}`,
      );
  }
}

function adviseOnCertificate(code: string, url: URL, caFile: string | null): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'It was issued for another host name. Check --idp-url.';
  if (code === 'CERT_HAS_EXPIRED') return 'It, or a CA that signed it, has expired. Compare the clock of this machine.';
  if (caFile === null || !/SELF_SIGNED|UNABLE_TO/.test(code))
    return 'Name the CA that signed it with --ca-file FILE. --insecure accepts any certificate.';
  const see = `openssl s_client -showcerts -connect ${url.hostname}:${url.port || 443}`;
  if (code === 'UNABLE_TO_GET_ISSUER_CERT')
    return `${caFile} (--ca-file) does not have the CA at the top, which signed the others: it has to hold that root certificate, too. To see the chain: ${see}`;
  return `None of the certificates in ${caFile} (--ca-file) signed it. To see which CA did, and whether the server sends the certificates between: ${see}`;
}

/** `error`, `error_description` and `scope` of an OAuth error (RFC 6749 §5.2, RFC 6750 §3), from body or WWW-Authenticate. */
export function readOAuthError(response: HttpResponse): { error: string; description: string; scope: string } {
  // If it is not JSON, only the header is used.
  const document = jsonOrNull(response.body?.text ?? '');
  const body = isRecord(document) ? document : {};
  const challenge = headerOf(response, 'www-authenticate');
  const member = (name: string) => {
    const value = body[name];
    return typeof value === 'string' ? value : (new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1] ?? '');
  };
  const clean = (text: string) => withoutTokens(text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 300));
  const error = clean(member('error'));
  const description = clean(member('error_description'));
  return {
    error: error === '' ? '' : ` ${error}`,
    description: description === '' ? '' : ` It says: ${description}`,
    scope: clean(member('scope')),
  };
}

function retryAfterSeconds(response: HttpResponse, now: Date): number | null {
  const value = headerOf(response, 'retry-after').trim();
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now.getTime()) / 1_000));
}

function headerOf(response: HttpResponse, name: string): string {
  return response.headers.find((header) => header.name.toLowerCase() === name)?.value ?? '';
}

/** Only the host: a redirect's query may carry anything, and so may a part of its name. */
function hostOf(location: string, base: URL): string {
  const host = URL.canParse(location, base.href) ? new URL(location, base.href).host : '';
  return host === '' || host.split('.').some(isTokenLike) ? 'another place' : host;
}

function fail(code: ErrorCode, message: string, hint: string): AppError {
  return new AppError(code, message, { hint });
}
