import { type Diagnosis, type DiagnosisCode, isGood } from '../core/diagnosis.ts';
import { type Hint, toHint } from '../core/errors.ts';
import type { ConnectionFailure } from './connection.ts';
import type { Facts } from './facts.ts';
import * as matchers from './matchers.ts';
import { type Matcher, match, type Strength } from './matchers.ts';
import * as refusals from './refusals.ts';
import * as services from './services.ts';

/** One row of the table: what is found in a log, what it means, what to do. */
export interface Signature {
  readonly code: Exclude<DiagnosisCode, 'unknown'>;
  /** What happened, in one sentence. */
  readonly cause: string;
  /** What to do: names the variables and files. */
  readonly fix: string | Hint;
  /** Other words where a connection failed in one certain way. */
  readonly variants?: Partial<
    Readonly<
      Record<
        ConnectionFailure,
        {
          readonly cause: string;
          readonly fix: string | Hint;
          /** An IdP that answers does not show that this is over. */
          readonly isPermanent?: true;
        }
      >
    >
  >;
  readonly iatHelps: boolean;
  /** What counts as this. */
  readonly matcher: Matcher;
  /** Where several are found in one start, the highest is the root cause and the others follow from it. */
  readonly rank: number;
  /** Ends the bootstrap by itself, unless the statement says that it will be tried again. */
  readonly isFatal: boolean;
  /** Part of the bootstrap: a success in the same start proves it overcome. */
  readonly isOfBootstrap: boolean;
  /** It is about reaching the IdP, and an answer that the bootstrap got proves it overcome. */
  readonly isAboutReaching?: boolean;
  /** It counts by itself also where it is logged as information. */
  readonly isLoggedAsInformation?: boolean;
  /** Where the BFF has given the cached registration up, this is why it fails, and no longer the code named here. */
  readonly replaces?: DiagnosisCode;
  /** With this variable set, the BFF repairs it by itself. */
  readonly repairedWith?: string;
  /** The statement says that it is over. */
  readonly isOver?: (facts: Facts) => boolean;
  /** Names that a health answer gives to the component that it is about. */
  readonly component?: RegExp;
}

const FAULT = { isOfBootstrap: true, isFatal: true, iatHelps: false } as const;
const SUCCESS = { isOfBootstrap: true, isFatal: false, iatHelps: false } as const;

/** What can be found in a BFF's log, root causes first. */
export const SIGNATURES: readonly Signature[] = [
  {
    ...FAULT,
    code: 'service-link',
    rank: 95,
    isOfBootstrap: false,
    matcher: services.SERVICE_LINK,
    cause:
      'A variable that has to hold a port number holds an address (tcp://…), which is injected for a service of that name.',
    fix: 'Set the variable that the log names (such as BFF_PORT or REDIS_PORT) to its number in the environment of the service, or switch the injected variables off.',
  },
  {
    ...FAULT,
    code: 'idp-unreachable',
    rank: 90,
    isFatal: false,
    isAboutReaching: true,
    matcher: matchers.UNREACHABLE,
    component: /^(?:idp|oidc|identity|keycloak|auth[_-]?server)/i,
    cause: 'The BFF cannot reach the IdP from its own network.',
    fix: "Make sure that the IdP is up, and set IDP_BASE_URL to an address that works inside the BFF's network (such as http://idp-app:8002).",
    variants: {
      refused: {
        cause: 'The BFF cannot reach the IdP: the connection is refused or cut off.',
        fix: "Start the IdP and wait until it answers, and check the host and port of IDP_BASE_URL (inside the BFF's network such as http://idp-app:8002).",
      },
      dns: {
        cause: "The IdP's host name does not resolve inside the BFF's container.",
        fix: 'Start the IdP, since a stopped container has no name, or set IDP_BASE_URL to a name that the container can resolve (such as http://idp-app:8002).',
      },
      timeout: {
        cause: 'The IdP does not answer the BFF in time.',
        fix: 'Make sure that the IdP is up and not overloaded, and check IDP_BASE_URL and the network between the two.',
      },
      tls: {
        cause: "The BFF does not trust the IdP's certificate, or the TLS handshake fails.",
        fix: "Give the BFF's container the CA of the IdP's certificate (SSL_CERT_FILE or REQUESTS_CA_BUNDLE), or set IDP_BASE_URL to the address inside the BFF's network (such as http://idp-app:8002).",
      },
      'plain-http': {
        cause: 'IDP_BASE_URL says https, but its port speaks plain http, so the TLS handshake fails.',
        fix: "Set IDP_BASE_URL to the https port of the IdP, or to its http address inside the BFF's network (such as http://idp-app:8002).",
        isPermanent: true,
      },
      https: {
        cause: 'IDP_BASE_URL is an http address, and https is required.',
        fix: 'Set IDP_BASE_URL to the https address of the IdP.',
        isPermanent: true,
      },
      'ca-file': {
        cause:
          "The file with the trusted CAs is missing in the BFF's container, cannot be read, or holds no certificate (TLS).",
        fix: 'Check that SSL_CERT_FILE and REQUESTS_CA_BUNDLE name a PEM file that is mounted in the container.',
        isPermanent: true,
      },
      proxy: {
        cause: 'A proxy between the BFF and the IdP refuses the connection, or is not configured correctly.',
        fix: "Correct HTTP_PROXY and HTTPS_PROXY of the BFF's container, or add the IdP's host name to NO_PROXY.",
        isPermanent: true,
      },
      address: {
        cause: 'IDP_BASE_URL is missing, or is not an http(s) address.',
        fix: 'Set IDP_BASE_URL to https://… or to http://idp-app:8002, without quotes or blanks.',
        isPermanent: true,
      },
      elsewhere: {
        cause:
          "IDP_BASE_URL does not lead to the IdP's registration endpoint: the answer is 404, a redirect or a page.",
        fix: 'Compare IDP_BASE_URL with the address of the IdP (with or without /api/oidc), and make sure that the IdP has dynamic registration switched on.',
        isPermanent: true,
      },
    },
  },
  {
    ...FAULT,
    code: 'idp-error',
    rank: 85,
    isFatal: false,
    isAboutReaching: true,
    matcher: matchers.SERVER_ERROR,
    cause: 'The IdP answers the BFF with a server error (5xx).',
    fix: "Read the IdP's own log, repair or restart the IdP, then start the BFF again.",
  },
  {
    ...FAULT,
    code: 'invalid-scope',
    rank: 80,
    matcher: refusals.SCOPE_REFUSED,
    cause: "The IdP's DCR policy does not allow a scope that the BFF asks for (invalid_scope).",
    fix: 'Add the scope to policy.allowed_scopes in dcr_config.yaml and restart the IdP.',
  },
  {
    ...FAULT,
    code: 'invalid-redirect-uri',
    rank: 79,
    matcher: refusals.REDIRECT_REFUSED,
    cause: 'The IdP does not accept a redirect URI of the BFF (invalid_redirect_uri).',
    fix: 'Align DCR_REDIRECT_URIS with what the IdP allows (host, path, no trailing slash), set DCR_FORCE_REPLACE to "true" and restart the BFF.',
  },
  {
    ...FAULT,
    code: 'invalid-client-metadata',
    rank: 78,
    matcher: refusals.METADATA_REFUSED,
    cause: "The IdP does not accept the BFF's client metadata (invalid_client_metadata).",
    fix: 'Correct what the answer names: redirect URIs (DCR_REDIRECT_URIS), grant types (DCR_CLIENT_PROFILE) or auth method (MS_BFF_TOKEN_AUTH_METHOD).',
  },
  {
    ...FAULT,
    code: 'read-only-file-system',
    rank: 76,
    isFatal: false,
    isOfBootstrap: false,
    matcher: services.READ_ONLY,
    cause: 'The BFF cannot save its keys and credentials: its file system is read-only there.',
    fix: 'Mount a volume for writing in the folder of BFF_CLIENT_CRED_PATH (such as /app/keys), and start the BFF again.',
  },
  {
    ...FAULT,
    code: 'rat-invalid',
    rank: 70,
    iatHelps: true,
    repairedWith: 'BOOTSTRAP_ADMIN_TOKEN',
    matcher: matchers.RAT_REFUSED,
    cause: 'The IdP no longer accepts the cached registration access token (RAT).',
    fix: {
      text: 'Renew the RAT as admin (BOOTSTRAP_ADMIN_TOKEN lets the BFF do it), or set DCR_FORCE_REPLACE to "true" and mint a fresh IAT:',
      command: 'npm run iat',
    },
  },
  {
    ...FAULT,
    code: 'iat-invalid',
    rank: 68,
    iatHelps: true,
    replaces: 'rat-invalid',
    matcher: matchers.IAT_REFUSED,
    cause: 'The IdP does not accept the IAT: it is expired, used up or mis-pasted.',
    fix: { text: 'Mint a fresh IAT, write it to DCR_IAT and restart the BFF:', command: 'npm run iat' },
  },
  {
    ...FAULT,
    code: 'iat-missing',
    rank: 66,
    iatHelps: true,
    replaces: 'rat-invalid',
    matcher: matchers.IAT_MISSING,
    cause: 'The BFF has no cached credentials and no IAT in DCR_IAT.',
    fix: { text: 'Mint an IAT, write it to DCR_IAT and restart the BFF:', command: 'npm run iat' },
  },
  {
    ...FAULT,
    code: 'invalid-client',
    rank: 60,
    isOfBootstrap: false,
    matcher: matchers.CLIENT_REFUSED,
    cause: "The IdP does not accept the BFF's client authentication at the token endpoint (invalid_client).",
    fix: "Align MS_BFF_TOKEN_AUTH_METHOD, the key in DCR_SIGNING_KEY and the published JWKS (BFF_KID) with the IdP's client record.",
  },
  {
    ...FAULT,
    code: 'bootstrap-skipped',
    rank: 50,
    isLoggedAsInformation: true,
    matcher: matchers.SKIPPED,
    cause: 'The environment switches the DCR bootstrap off, so the BFF does not register.',
    fix: 'Set DCR_ENABLED to "true" and SKIP_DCR_BOOTSTRAP to "false", and restart the BFF.',
  },
  {
    ...FAULT,
    code: 'redis-unavailable',
    rank: 40,
    isFatal: false,
    isOfBootstrap: false,
    matcher: services.REDIS_UNAVAILABLE,
    isOver: services.isRedisBack,
    component: /redis|^cache$/i,
    cause: 'The BFF cannot use Redis.',
    fix: 'Start the Redis service (shared_redis) or correct REDIS_URL.',
  },
  {
    ...SUCCESS,
    code: 'registered',
    rank: 30,
    matcher: matchers.REGISTERED,
    cause: 'The BFF registered itself at the IdP.',
    fix: 'Nothing to do.',
  },
  {
    ...SUCCESS,
    code: 'credentials-cached',
    rank: 29,
    matcher: matchers.CREDENTIALS_CACHED,
    cause: 'The BFF started from its cached credentials and used no IAT.',
    fix: 'Nothing to do: an IAT in DCR_IAT was not used.',
  },
  {
    ...FAULT,
    code: 'kafka-unconfigured',
    rank: 10,
    isFatal: false,
    isOfBootstrap: false,
    isLoggedAsInformation: true,
    matcher: services.KAFKA_UNCONFIGURED,
    cause:
      'The BFF looks for Kafka on localhost, because KAFKA_BOOTSTRAP_SERVERS is not set; this is not a DCR failure.',
    fix: "Set KAFKA_BOOTSTRAP_SERVERS to the broker's address inside the BFF's network (such as kafka:9092) and restart the BFF.",
  },
];

/** How surely a statement means it; null: it does not. What is only said, at a level that reports no failure, is not sure. */
export function strengthOf(signature: Signature, facts: Facts): Strength | null {
  const strength = match(signature.matcher, facts);
  const isOnlySaid = facts.quiet && facts.status === null && facts.error === null;
  const isProof = isGood(signature) || signature.isLoggedAsInformation === true;
  return strength === 'sure' && isOnlySaid && !isProof ? 'in-context' : strength;
}

/**
 * The diagnosis in the words of a row.
 *
 * @param failure how the connection failed, for a row that has words of its own for that
 */
export function diagnosisOf(
  { code, cause, fix, variants, iatHelps }: Signature,
  evidence: readonly string[],
  failure: ConnectionFailure | null = null,
): Diagnosis {
  const words = (failure && variants?.[failure]) ?? { cause, fix };
  return { code, cause: words.cause, fix: toHint(words.fix), iatHelps, evidence: [...evidence] };
}

/** Whether a diagnosis is about reaching the IdP, so that an answer of the IdP outdates it. */
export function isAboutReaching({ code, cause }: Pick<Diagnosis, 'code' | 'cause'>): boolean {
  const row = SIGNATURES.find((each) => each.code === code);
  const words = Object.values(row?.variants ?? {}).find((each) => each.cause === cause);
  return row?.isAboutReaching === true && words?.isPermanent !== true;
}

/** The row of a code. */
export function signatureOf(code: Signature['code']): Signature {
  const found = SIGNATURES.find((signature) => signature.code === code);
  if (found === undefined) throw new Error(`No signature for ${code}`);
  return found;
}
