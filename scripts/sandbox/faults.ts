import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** Everything that can go wrong in the sandbox on purpose: who does it, and what it is. */
export const FAULTS = {
  'mint-400': { in: 'idp', description: 'the mint request is refused as malformed: 400 invalid_request' },
  'mint-401': { in: 'idp', description: 'the admin token is refused: 401 invalid_token' },
  'mint-403': { in: 'idp', description: 'the admin token lacks the right: 403 insufficient_scope' },
  'mint-404': { in: 'idp', description: 'the admin route is not exposed: 404' },
  'mint-409': { in: 'idp', description: 'the label is taken already: 409, N times (1), then fine' },
  'mint-429': { in: 'idp', description: 'too many requests: 429 with Retry-After of 1 second, N times (1), then fine' },
  'mint-500': { in: 'idp', description: 'the IdP breaks: 500, N times (2), then fine' },
  'mint-html': { in: 'idp', description: 'a login page in between: 200 with HTML' },
  'mint-redirect': { in: 'idp', description: 'a redirect to a login page on another port: 302' },
  'mint-no-token': { in: 'idp', description: '201 without a token in it' },
  'mint-two-tokens': { in: 'idp', description: '201 with two different tokens in it' },
  'mint-bad-json': { in: 'idp', description: '201 with JSON that breaks off' },
  'mint-hang': { in: 'idp', description: 'the IdP takes the request and never answers' },
  'mint-reset': { in: 'idp', description: 'the IdP takes the request and resets the connection' },
  'mint-expired-token': { in: 'idp', description: '201 with a token that has expired already' },
  'keycloak-shape': { in: 'idp', description: 'the answer has the shape of Keycloak: 200, expiration, count (works)' },
  'register-invalid-scope': { in: 'idp', description: 'the DCR policy lacks a scope: 400 invalid_scope' },
  'register-invalid-redirect-uri': { in: 'idp', description: 'the redirect URI is another: 400 invalid_redirect_uri' },
  'register-invalid-client-metadata': {
    in: 'idp',
    description: 'the auth method is not acceptable: 400 invalid_client_metadata',
  },
  'register-401': { in: 'idp', description: 'the IAT is refused at registration: 401 invalid_token' },
  'register-500': { in: 'idp', description: 'the IdP breaks at registration: 500' },

  'exits-at-once': { in: 'bff', description: 'the BFF exits with code N (3) before it says a word' },
  'crash-loop': { in: 'bff', description: 'the BFF registers, crashes with code 1, is restarted, and so on' },
  'dies-later': { in: 'bff', description: 'the BFF is healthy, and dies N seconds (2) later' },
  'slow-start': { in: 'bff', description: 'the BFF needs N seconds (3) before it begins' },
  'silent-hang': { in: 'bff', description: 'the BFF neither logs nor listens, and stays' },
  'never-logs': { in: 'bff', description: 'the BFF works and logs nothing' },
  unhealthy: { in: 'bff', description: 'the BFF runs, and /health answers 503 for ever' },
  flapping: { in: 'bff', description: '/health answers 200 and 503 in turn' },
  'redis-down': { in: 'bff', description: 'Redis does not answer' },
  'kafka-unconfigured': { in: 'bff', description: 'KAFKA_BOOTSTRAP_SERVERS is not set (noise: the BFF is fine)' },
  'idp-unreachable': { in: 'bff', description: 'the BFF asks for the IdP at a port where nobody listens' },
  dns: { in: 'bff', description: 'the host name of the IdP does not resolve in the network of the BFF' },
  tls: { in: 'bff', description: 'the BFF does not trust the certificate of the IdP' },
  'jwks-missing-kid': { in: 'bff', description: 'the JWKS of the BFF lacks BFF_KID' },
  'invalid-client': { in: 'bff', description: 'the BFF signs with a key that is not registered: 401 invalid_client' },
  'rat-invalid': { in: 'bff', description: 'the cached registration access token is not accepted any more' },
  'log-flood': { in: 'bff', description: 'the BFF writes N megabytes (20) of log before it begins' },
  'leaks-token': { in: 'bff', description: 'the BFF writes its IAT into the log' },
} as const satisfies Record<string, FaultEntry>;

export interface FaultEntry {
  readonly in: 'idp' | 'bff';
  readonly description: string;
}

export type FaultName = keyof typeof FAULTS;
export type IdpFaultName = { [K in FaultName]: (typeof FAULTS)[K]['in'] extends 'idp' ? K : never }[FaultName];
export type BffFaultName = Exclude<FaultName, IdpFaultName>;

/** A fault and its number, where it has one: `mint-500:3`. */
export interface Fault<Name extends FaultName = FaultName> {
  readonly name: Name;
  readonly number: number | null;
}

/**
 * Reads `name` or `name:number`.
 *
 * @throws AppError `bad-value` for a name that is not in the table
 */
export function parseFault(text: string): Fault {
  const [name = '', number] = text.split(':');
  if (!isFaultName(name) || (number !== undefined && !/^\d+(\.\d+)?$/.test(number))) {
    const close = nearest(name, Object.keys(FAULTS));
    throw new AppError('bad-value', `The sandbox has no fault "${text}".`, {
      hint: close.length > 0 ? `Did you mean ${close.join(' or ')}?` : `One of: ${Object.keys(FAULTS).join(', ')}.`,
    });
  }
  return { name, number: number === undefined ? null : Number(number) };
}

/** The fault as text again, as `parseFault` reads it. */
export function formatFault({ name, number }: Fault): string {
  return number === null ? name : `${name}:${number}`;
}

export function isIdpFault(fault: Fault): fault is Fault<IdpFaultName> {
  return FAULTS[fault.name].in === 'idp';
}

export function isBffFault(fault: Fault): fault is Fault<BffFaultName> {
  return FAULTS[fault.name].in === 'bff';
}

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}
