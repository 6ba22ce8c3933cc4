import type { DiagnosisCode } from '../core/diagnosis.ts';
import type { ConnectionFailure } from './connection.ts';
import type { Facts } from './facts.ts';
import * as say from './phrases.ts';
import * as proof from './proofs.ts';

/**
 * `sure`: the statement says it by itself. `in-context`: it may mean this, and counts only close to statements about the
 * bootstrap, before the BFF is up. Between the two, `unknown` is the honest answer.
 */
export type Strength = 'sure' | 'in-context';

/** One row of the table: what is seen, what it means, what to do. */
export interface Signature {
  readonly code: Exclude<DiagnosisCode, 'unknown'>;
  /** What happened, in one sentence. */
  readonly cause: string;
  /** What to do, in one sentence that names the variables, files and commands. */
  readonly fix: string;
  /** Words of their own for one way of failing. */
  readonly variants?: Partial<Readonly<Record<ConnectionFailure, { readonly cause: string; readonly fix: string }>>>;
  readonly iatHelps: boolean;
  readonly meaning: 'good' | 'bad';
  /** Where several are seen in one start, the highest is the root cause and the others follow from it. */
  readonly rank: number;
  /** Ends the bootstrap by itself, unless the statement says that it will be tried again. */
  readonly fatal: boolean;
  /** Part of the bootstrap: a success in the same start proves it overcome. */
  readonly bootstrap: boolean;
  /** What counts as this, strongest first; null: nothing in the statement does. */
  readonly match: (facts: Facts) => Strength | null;
}

const BAD = { meaning: 'bad', bootstrap: true, fatal: true } as const;
const GOOD = { meaning: 'good', bootstrap: true, fatal: false, iatHelps: false } as const;

/** What can be seen in a BFF's log, root causes first. */
export const SIGNATURES: readonly Signature[] = [
  {
    ...BAD,
    code: 'idp-unreachable',
    rank: 90,
    fatal: false,
    iatHelps: false,
    cause: 'The BFF cannot reach the IdP from its own network.',
    fix: "Correct IDP_BASE_URL so that it works from inside the BFF's container (http://idp-app:8002 on the compose network), and see that the idp service is up; a new IAT does not help.",
    variants: {
      refused: {
        cause: 'The BFF reaches no IdP: the connection is refused or cut off.',
        fix: 'Start the idp service and wait until it answers, and check host and port of IDP_BASE_URL (http://idp-app:8002 on the compose network); a new IAT does not help.',
      },
      dns: {
        cause: "The IdP's host name does not resolve inside the BFF's container.",
        fix: 'Start the idp service, since a stopped one has no name on the compose network, or set IDP_BASE_URL to a name that the container can resolve (http://idp-app:8002, or one under extra_hosts); a new IAT does not help.',
      },
      timeout: {
        cause: 'The IdP does not answer the BFF in time.',
        fix: 'See that the idp service is up and not overloaded, and that IDP_BASE_URL and the network between the two are right; a new IAT does not help.',
      },
      tls: {
        cause: "The BFF does not trust the IdP's certificate, or the TLS handshake fails.",
        fix: "Give the BFF's container the CA of the IdP's certificate (SSL_CERT_FILE or REQUESTS_CA_BUNDLE), or use the internal address http://idp-app:8002 as IDP_BASE_URL; a new IAT does not help.",
      },
    },
    match: say.unreachable,
  },
  {
    ...BAD,
    code: 'idp-error',
    rank: 85,
    fatal: false,
    iatHelps: false,
    cause: 'The IdP answers the BFF with a server error (5xx).',
    fix: "Read the IdP's own log (docker compose logs idp), repair or restart it, then start the BFF again; a new IAT does not help.",
    match: say.serverError,
  },
  {
    ...BAD,
    code: 'invalid-scope',
    rank: 80,
    iatHelps: false,
    cause: "The IdP's DCR policy does not allow a scope that the BFF asks for (invalid_scope).",
    fix: 'Add the scope to policy.allowed_scopes in dcr_config.yaml and restart the IdP; a new IAT does not help.',
    match: (facts) => say.refusedAs(facts, 'invalid_scope', say.SCOPE_REFUSED),
  },
  {
    ...BAD,
    code: 'invalid-redirect-uri',
    rank: 79,
    iatHelps: false,
    cause: 'The IdP does not accept a redirect URI of the BFF (invalid_redirect_uri).',
    fix: 'Align DCR_REDIRECT_URIS with what the IdP allows (host, path, no trailing slash), set DCR_FORCE_REPLACE to "true" and restart.',
    match: (facts) => say.refusedAs(facts, 'invalid_redirect_uri', say.REDIRECT_REFUSED),
  },
  {
    ...BAD,
    code: 'invalid-client-metadata',
    rank: 78,
    iatHelps: false,
    cause: "The IdP does not accept the BFF's client metadata (invalid_client_metadata).",
    fix: 'Correct what the answer names: redirect URIs (DCR_REDIRECT_URIS), grant types (DCR_CLIENT_PROFILE) or auth method (MS_BFF_TOKEN_AUTH_METHOD); a new IAT does not help.',
    match: (facts) => say.refusedAs(facts, 'invalid_client_metadata', say.METADATA_REFUSED),
  },
  {
    ...BAD,
    code: 'rat-invalid',
    rank: 70,
    iatHelps: true,
    cause: 'The IdP no longer accepts the cached registration access token (RAT).',
    fix: 'Renew the RAT as admin (BOOTSTRAP_ADMIN_TOKEN lets the BFF do it), or set DCR_FORCE_REPLACE to "true" and run npm run iat for a fresh IAT.',
    match: say.ratRefused,
  },
  {
    ...BAD,
    code: 'iat-invalid',
    rank: 68,
    iatHelps: true,
    cause: 'The IdP does not accept the IAT: it is expired, used up or mis-pasted.',
    fix: 'Run npm run iat: it mints a fresh IAT, writes it to DCR_IAT and restarts the BFF.',
    match: say.iatRefused,
  },
  {
    ...BAD,
    code: 'iat-missing',
    rank: 66,
    iatHelps: true,
    cause: 'The BFF has no cached credentials and no IAT in DCR_IAT.',
    fix: 'Run npm run iat: it mints an IAT, writes it to DCR_IAT and restarts the BFF.',
    match: say.iatMissing,
  },
  {
    ...BAD,
    code: 'invalid-client',
    rank: 60,
    bootstrap: false,
    iatHelps: false,
    cause: "The IdP does not accept the BFF's client authentication at the token endpoint (invalid_client).",
    fix: "Align MS_BFF_TOKEN_AUTH_METHOD, the key in DCR_SIGNING_KEY and the published JWKS (BFF_KID) with the IdP's client record; a new IAT does not help.",
    match: say.clientRefused,
  },
  {
    ...BAD,
    code: 'bootstrap-skipped',
    rank: 50,
    iatHelps: false,
    cause: 'The environment switches the DCR bootstrap off, so the BFF does not register.',
    fix: 'Set DCR_ENABLED to "true" and SKIP_DCR_BOOTSTRAP to "false", and restart; a new IAT alone does not help.',
    match: say.skipped,
  },
  {
    ...BAD,
    code: 'redis-unavailable',
    rank: 40,
    fatal: false,
    bootstrap: false,
    iatHelps: false,
    cause: 'The BFF cannot use Redis.',
    fix: 'Start the Redis service (shared_redis) or correct REDIS_URL; a new IAT does not help.',
    match: say.redisDown,
  },
  {
    ...GOOD,
    code: 'registered',
    rank: 30,
    cause: 'The BFF registered itself at the IdP.',
    fix: 'Nothing to do; run npm run iat:clear to take DCR_IAT out again.',
    match: proof.registered,
  },
  {
    ...GOOD,
    code: 'credentials-cached',
    rank: 29,
    cause: 'The BFF started from its cached credentials and used no IAT.',
    fix: 'Nothing to do; an IAT in DCR_IAT was not used and can be removed with npm run iat:clear.',
    match: proof.cached,
  },
  {
    ...BAD,
    code: 'kafka-unconfigured',
    rank: 10,
    fatal: false,
    bootstrap: false,
    iatHelps: false,
    cause:
      'The BFF looks for Kafka on localhost, because KAFKA_BOOTSTRAP_SERVERS is not set; this is not a DCR failure.',
    fix: "Set KAFKA_BOOTSTRAP_SERVERS to the broker's address on the compose network (kafka:9092) and restart; a new IAT does not help.",
    match: say.kafkaUnconfigured,
  },
];

/** The row of a code. */
export function signatureOf(code: Signature['code']): Signature {
  const found = SIGNATURES.find((signature) => signature.code === code);
  if (found === undefined) throw new Error(`No signature for ${code}`);
  return found;
}
