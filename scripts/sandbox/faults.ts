import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** Everything that can go wrong in the sandbox on purpose: in which program, and what it is in half a line. */
export const FAULTS = {
  'mint-400': { in: 'idp', description: 'the mint request is malformed: 400' },
  'mint-401': { in: 'idp', description: 'the admin token is refused: 401' },
  'mint-403': { in: 'idp', description: 'the admin token lacks the right: 403' },
  'mint-404': { in: 'idp', description: 'the admin route is not exposed: 404' },
  'mint-409': { in: 'idp', description: 'the label is taken: 409, N times (1)' },
  'mint-429': { in: 'idp', description: 'too many requests: 429, N times (1)' },
  'mint-500': { in: 'idp', description: 'the IdP breaks: 500, N times (2)' },
  'mint-html': { in: 'idp', description: 'a login page in front of it: 200 with HTML' },
  'mint-redirect': { in: 'idp', description: 'a redirect to a login page: 302' },
  'mint-no-token': { in: 'idp', description: '201 without a token in it' },
  'mint-two-tokens': { in: 'idp', description: '201 with two different tokens in it' },
  'mint-bad-json': { in: 'idp', description: '201 with JSON that breaks off' },
  'mint-hang': { in: 'idp', description: 'the IdP never answers the mint request' },
  'mint-reset': { in: 'idp', description: 'the IdP resets the connection' },
  'mint-expired-token': { in: 'idp', description: '201 with a token that has expired' },
  'keycloak-shape': { in: 'idp', description: "an answer of Keycloak's shape (works)" },
  'register-invalid-scope': { in: 'idp', description: 'the DCR policy lacks a scope: 400' },
  'register-invalid-redirect-uri': { in: 'idp', description: 'another redirect URI is registered: 400' },
  'register-invalid-client-metadata': { in: 'idp', description: 'the auth method is not accepted: 400' },
  'register-401': { in: 'idp', description: 'the IAT is refused at registration: 401' },
  'register-500': { in: 'idp', description: 'the IdP breaks at registration: 500' },

  'never-starts': { in: 'bff', description: 'its entrypoint does not exist: no process' },
  'exits-at-once': { in: 'bff', description: 'exits with code N (3) and logs nothing' },
  'out-of-memory': { in: 'bff', description: 'is killed for using too much memory: 137' },
  'crash-loop': { in: 'bff', description: 'registers, crashes, is restarted, and so on' },
  'dies-in-bootstrap': { in: 'bff', description: 'crashes in the middle of the bootstrap' },
  'dies-later': { in: 'bff', description: 'is healthy, and crashes N seconds (2) later' },
  'port-in-use': { in: 'bff', description: 'registers, and its own port is taken' },
  'slow-start': { in: 'bff', description: 'starts after N seconds (3), then works' },
  'silent-hang': { in: 'bff', description: 'neither logs nor listens, and stays' },
  'never-logs': { in: 'bff', description: 'works and logs nothing' },
  unhealthy: { in: 'bff', description: 'runs, and /health always answers 503' },
  flapping: { in: 'bff', description: '/health answers 200 and 503 in turn' },
  'health-404': { in: 'bff', description: '/health is not there: 404' },
  'health-html': { in: 'bff', description: '/health answers with a page: 200, HTML' },
  'health-redirect': { in: 'bff', description: '/health redirects to a login page: 302' },
  'health-hang': { in: 'bff', description: '/health takes requests, never answers' },
  'redis-down': { in: 'bff', description: 'Redis does not answer' },
  'kafka-unconfigured': { in: 'bff', description: 'KAFKA_BOOTSTRAP_SERVERS is not set (noise)' },
  'idp-unreachable': { in: 'bff', description: 'nothing listens at its address of the IdP' },
  'idp-silent': { in: 'bff', description: 'the IdP takes its requests, never answers' },
  dns: { in: 'bff', description: 'the host name of the IdP does not resolve' },
  tls: { in: 'bff', description: "does not trust the IdP's certificate" },
  'jwks-missing-kid': { in: 'bff', description: 'its JWKS lacks BFF_KID' },
  'invalid-client': { in: 'bff', description: 'signs with an unknown key: invalid_client' },
  'rat-invalid': { in: 'bff', description: 'its cached RAT is not accepted any more' },
  'iat-ignored': { in: 'bff', description: 'the IAT does not reach it' },
  'iat-mangled': { in: 'bff', description: 'the IAT reaches it in quotes' },
  'bootstrap-skipped': { in: 'bff', description: 'runs with DCR switched off' },
  'bootstrap-swallowed': { in: 'bff', description: 'is refused, and starts as if it were not' },
  'log-flood': { in: 'bff', description: 'writes N megabytes (20) of log, then starts' },
  'log-line': { in: 'bff', description: 'a line of N megabytes (10), then it starts' },
  'log-garbage': { in: 'bff', description: 'writes colours, commands, broken UTF-8' },
  'leaks-token': { in: 'bff', description: 'writes its IAT into the log' },
} as const satisfies Record<string, FaultEntry>;

export interface FaultEntry {
  readonly in: 'idp' | 'bff';
  /** So short that it fits beside the longest name in 80 columns. */
  readonly description: string;
}

export type FaultName = keyof typeof FAULTS;
export type IdpFaultName = { [K in FaultName]: (typeof FAULTS)[K]['in'] extends 'idp' ? K : never }[FaultName];
export type BffFaultName = Exclude<FaultName, IdpFaultName>;

/** A fault, and its number where it has one: `mint-500:3`. */
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
  if (!Object.hasOwn(FAULTS, name) || (number !== undefined && !/^\d+(\.\d+)?$/.test(number))) {
    const close = nearest(name, Object.keys(FAULTS));
    throw new AppError('bad-value', `The sandbox has no fault "${text}".`, {
      hint: close.length > 0 ? `Did you mean ${close.join(' or ')}?` : `One of: ${Object.keys(FAULTS).join(', ')}.`,
    });
  }
  return { name: name as FaultName, number: number === undefined ? null : Number(number) };
}

/** The fault as text again, as `parseFault` reads it. */
export function formatFault({ name, number }: Fault): string {
  return number === null ? name : `${name}:${number}`;
}

/** Every name with its description, a line each, no longer than 80 columns. */
export function listFaults(): string {
  const entries = Object.entries(FAULTS);
  const width = Math.max(...entries.map(([name]) => name.length));
  const part = (title: string, program: FaultEntry['in']) => [
    title,
    ...entries
      .filter(([, each]) => each.in === program)
      .map(([name, each]) => `  ${name.padEnd(width)}  ${each.description}`),
  ];
  return `${[...part('The IdP:', 'idp'), '', ...part('The BFF:', 'bff')].join('\n')}\n`;
}

export function isIdpFault(fault: Fault): fault is Fault<IdpFaultName> {
  return FAULTS[fault.name].in === 'idp';
}

export function isBffFault(fault: Fault): fault is Fault<BffFaultName> {
  return FAULTS[fault.name].in === 'bff';
}
