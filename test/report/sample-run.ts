import type { Exchange } from '../../scripts/core/exchange.ts';
import type { Attempt, ClassifiedLine, CollectionFacts, Run, StepRecord } from '../../scripts/core/result.ts';
import { Secret } from '../../scripts/core/secret.ts';
import {
  at,
  body,
  exchange,
  failed,
  header,
  IAT,
  jwks,
  mintExchange,
  START,
  unanswered,
  unhealthy,
} from './sample-exchanges.ts';

export function attempt(startMs: number, durationMs: number, exchanges: readonly Exchange[]): Attempt {
  const isGood = exchanges.every((one) => one.error === null && one.assertions.every((a) => a.status !== 'failed'));
  return { startMs, durationMs, passed: isGood, exchanges };
}

export function step(name: StepRecord['name'], overrides: Partial<StepRecord> = {}): StepRecord {
  return { name, status: 'passed', startMs: 0, durationMs: 100, summary: '', notes: [], attempts: [], ...overrides };
}

export const line = (ms: number, text: string, meaning: ClassifiedLine['meaning'] = 'plain'): ClassifiedLine => ({
  at: at(ms),
  stream: 'stdout',
  text,
  meaning,
});

const DIFF = `--- docker-compose-authzen4.yml
+++ docker-compose-authzen4.yml
@@ -41,9 +41,9 @@
     environment:
       DCR_ENABLED: "true"
-      SKIP_DCR_BOOTSTRAP: "true"
-      DCR_IAT: "test-only-older"
+      SKIP_DCR_BOOTSTRAP: "false"
+      DCR_IAT: "${IAT}"
       BFF_CLIENT_CRED_PATH: /app/keys/bff_client.json
       REDIS_URL: redis://:test-only-redis-password@shared_redis:6379/0
       MS_BFF_TOKEN_AUTH_METHOD: private_key_jwt
`;

const MINT = step('mint', {
  startMs: 790,
  durationMs: 340,
  summary: 'The IdP gave a token that is good for 1 use and expires in 60 min.',
  attempts: [attempt(800, 320, [mintExchange()])],
});
export const PREFLIGHT = step('preflight', {
  durationMs: 780,
  summary: 'Collection, compose file, service, Docker and admin token are fine; an IAT will help.',
  notes: ['The BFF has no cached credentials, and its last log asks for an IAT.'],
});
const WRITE = step('write', {
  startMs: 1140,
  durationMs: 45,
  summary: 'DCR_IAT and SKIP_DCR_BOOTSTRAP in docker-compose-authzen4.yml; compose resolves the new value.',
});
const RESTART = step('restart', {
  startMs: 1190,
  durationMs: 5200,
  summary: 'A new container of bff runs: crudservice-bff-1 (4f1c9a2e77b0).',
});

/** A run in which everything went well. */
export function healthyRun(overrides: Partial<Run> = {}): Run {
  return {
    collection: null,
    command: 'iat',
    version: '0.1.0',
    startedAt: START,
    durationMs: 24_900,
    verdict: 'healthy',
    exitCode: 0,
    steps: [
      PREFLIGHT,
      MINT,
      WRITE,
      RESTART,
      step('bootstrap', { startMs: 6400, durationMs: 3900, summary: 'Client registered: bff-server.' }),
      step('health', {
        startMs: 10_300,
        durationMs: 14_600,
        summary: 'Healthy for 10 s with the same container.',
        attempts: [
          attempt(10_320, 30, [unanswered()]),
          attempt(11_400, 60, [unhealthy()]),
          attempt(12_500, 70, [unhealthy()]),
          attempt(13_600, 50, [exchange(), jwks()]),
          attempt(18_700, 50, [exchange(), jwks()]),
          attempt(24_700, 50, [exchange(), jwks()]),
        ],
      }),
    ],
    token: { handle: new Secret(IAT, 'IAT').handle, expiresAt: at(3_600_000), maxUsages: 1 },
    compose: {
      files: ['/srv/CRUDService/docker-compose-authzen4.yml'],
      service: 'bff',
      wrote: 'compose',
      target: '/srv/CRUDService/docker-compose-authzen4.yml',
      before: 'absent',
      changed: ['DCR_IAT', 'SKIP_DCR_BOOTSTRAP'],
      diff: DIFF,
    },
    diagnosis: {
      code: 'registered',
      cause: 'The BFF registered itself at the IdP as bff-server.',
      fix: { text: 'Take the token out of the configuration:', command: 'npm run iat:clear' },
      iatHelps: false,
      evidence: ['INFO  dcr: 201 Created, Client registered: bff-server'],
    },
    error: null,
    next: [{ text: 'Take the token out again, now that the credentials are cached:', command: 'npm run iat:clear' }],
    warnings: [],
    log: [
      line(6500, 'INFO:     Started server process [1]'),
      line(6620, 'INFO:     Waiting for application startup.'),
      line(6900, 'INFO  dcr: no cached credentials, registering with the initial access token'),
      line(9800, 'INFO  dcr: 201 Created, Client registered: bff-server', 'good'),
      line(9850, 'INFO  dcr: credentials saved to /app/keys/bff_client.json', 'good'),
      line(10_240, 'INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)'),
    ],
    facts: [
      ['IdP', 'https://idp.ocg.labs.empowernow.ai'],
      ['BFF', 'http://localhost:8000'],
      ['Docker', 'docker compose 2.26.1 (Engine 20.10.24)'],
      ['Collection', 'collections/EmpowerNow.postman_collection.json (sha256:9f86d081)'],
      ['Host', 'build-7, linux x64, Node 20.20.2'],
    ],
    ...overrides,
  };
}

/** The IdP took the token and refused the scope: a new token does not help. */
export function failedBootstrapRun(overrides: Partial<Run> = {}): Run {
  const cause = "The IdP's registration policy does not allow a scope that the BFF asks for.";
  return healthyRun({
    durationMs: 9700,
    verdict: 'unhealthy',
    exitCode: 1,
    steps: [
      PREFLIGHT,
      MINT,
      WRITE,
      RESTART,
      step('bootstrap', { status: 'failed', startMs: 6400, durationMs: 3300, summary: 'The BFF gave up at startup.' }),
      step('health', { status: 'skipped', startMs: 9700, durationMs: 0, summary: 'The bootstrap failed.' }),
    ],
    diagnosis: {
      code: 'invalid-scope',
      cause,
      fix: { text: 'Add the scope to `policy.allowed_scopes` in `dcr_config.yaml`, and restart the IdP.' },
      iatHelps: false,
      evidence: ['ERROR dcr: 400 invalid_scope: scope "bff.audit" is not allowed by policy'],
    },
    error: {
      code: 'bootstrap-failed',
      message: 'The BFF could not register itself: the IdP refused its scopes (400 invalid_scope).',
      hint: { text: 'The token is written and still unused. Correct the policy, then run npm run iat again.' },
      where: null,
    },
    next: [
      { text: 'Add `bff.audit` to `policy.allowed_scopes` in `dcr_config.yaml`, and restart the IdP.' },
      { text: 'Then run it again, which is always safe:', command: 'npm run iat' },
    ],
    warnings: ['git tracks docker-compose-authzen4.yml: a commit now would hold the token.'],
    log: [
      line(6500, 'INFO:     Started server process [1]'),
      line(6620, 'INFO:     Waiting for application startup.'),
      line(6900, 'INFO  dcr: no cached credentials, registering with the initial access token'),
      line(9500, 'ERROR dcr: 400 invalid_scope: scope "bff.audit" is not allowed by policy', 'bad'),
      line(9510, 'ERROR:    Application startup failed. Exiting.', 'bad'),
    ],
    ...overrides,
  });
}

/** The IdP refused the admin token. */
export function failedMintRun(overrides: Partial<Run> = {}): Run {
  const refused = mintExchange({
    response: {
      status: 401,
      reason: 'Unauthorized',
      headers: [header('content-type', 'application/json'), header('www-authenticate', 'Bearer error="invalid_token"')],
      body: body('{"error":"invalid_token","error_description":"The access token expired"}'),
      timeMs: 96,
    },
    assertions: [
      failed('201 Created', 'expected response to have status code 201 but got 401'),
      failed('the answer holds a token', "members of the answer: expected [ Array(2) ] to include 'token'"),
    ],
  });
  return healthyRun({
    durationMs: 1020,
    verdict: 'failed',
    exitCode: 3,
    steps: [
      PREFLIGHT,
      step('mint', {
        status: 'failed',
        startMs: 790,
        durationMs: 190,
        summary: 'The IdP refused the admin token: 401 invalid_token.',
        attempts: [attempt(800, 180, [refused])],
      }),
      ...(['write', 'restart', 'bootstrap', 'health'] as const).map((name) =>
        step(name, { status: 'skipped', startMs: 980, durationMs: 0, summary: 'There is no token.' }),
      ),
    ],
    token: null,
    compose: null,
    diagnosis: null,
    error: {
      code: 'idp-unauthorized',
      message: 'The IdP refused the admin token (401 invalid_token). Nothing was changed.',
      hint: {
        text: 'Get a fresh admin access token, and put it into `IAT_ADMIN_TOKEN` or into a file for `--admin-token-file`.',
      },
      where: null,
    },
    next: [{ text: 'Get a fresh admin access token, then run it again:', command: 'npm run iat' }],
    log: [],
    ...overrides,
  });
}

/** What is known of a run of the collection `Shop` in two iterations. */
export function shopFacts(overrides: Partial<CollectionFacts> = {}): CollectionFacts {
  const none = { description: '', title: null, selection: [], tree: [], data: [], counts: null };
  return { name: 'Shop', iterations: 2, ...none, ...overrides };
}
