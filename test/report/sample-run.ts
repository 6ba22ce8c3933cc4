import type { Assertion, Body, Exchange, Header } from '../../scripts/core/exchange.ts';
import { Masker } from '../../scripts/core/masker.ts';
import type { Attempt, ClassifiedLine, Run, StepRecord } from '../../scripts/core/result.ts';
import { Secret } from '../../scripts/core/secret.ts';

/** Secrets of the samples. Short, so that no part of them is a word that stands in a URL: the masker knows parts, too. */
export const ADMIN_TOKEN = 'test-only-admin-0001';
export const IAT = 'test-only-iat-0001';
export const RAT = 'test-only-rat-0001';

/** A masker that knows the admin token and the IAT, and not the RAT: that one is masked by its place. */
export function sampleMasker(): Masker {
  const masker = new Masker();
  const iat = new Secret(IAT, 'IAT');
  masker.add(new Secret(ADMIN_TOKEN, 'admin token'));
  masker.add(new Secret(IAT, `IAT ${iat.handle}`));
  return masker;
}

const START = new Date('2026-11-23T10:11:12.345Z');
const at = (ms: number) => new Date(START.getTime() + ms);

export function body(text: string, type = 'application/json'): Body {
  return { text, bytes: new TextEncoder().encode(text).length, type };
}

export function passed(name: string): Assertion {
  return { name, status: 'passed', message: null };
}

export function failed(name: string, message: string): Assertion {
  return { name, status: 'failed', message };
}

const header = (name: string, value: string): Header => ({ name, value });

export function exchange(overrides: Partial<Exchange> = {}): Exchange {
  return {
    name: 'Health',
    folders: ['BFF Health'],
    startedAt: at(14_300),
    request: {
      method: 'GET',
      url: 'http://localhost:8000/health',
      headers: [header('Accept', 'application/json'), header('User-Agent', 'PostmanRuntime/7.39.1')],
      body: null,
    },
    response: {
      status: 200,
      reason: 'OK',
      headers: [header('content-type', 'application/json'), header('server', 'uvicorn')],
      body: body('{"status":"healthy","components":{"redis":{"status":"up","latency_ms":0.8},"idp":{"status":"up"}}}'),
      timeMs: 12,
    },
    assertions: [passed('200 OK'), passed('redis is not down'), passed('idp is not down')],
    console: [],
    error: null,
    ...overrides,
  };
}

export function mintExchange(overrides: Partial<Exchange> = {}): Exchange {
  return exchange({
    name: 'DCR IAT',
    folders: ['IdP Admin'],
    startedAt: at(820),
    request: {
      method: 'POST',
      url: 'https://idp.ocg.labs.empowernow.ai/api/admin/dcr/initial-access-tokens',
      headers: [
        header('Content-Type', 'application/json'),
        header('Accept', 'application/json'),
        header('Authorization', `Bearer ${ADMIN_TOKEN}`),
      ],
      body: body('{\n  "label": "ms-bff bootstrap",\n  "expires_in": 3600,\n  "max_usages": 1\n}'),
    },
    response: {
      status: 201,
      reason: 'Created',
      headers: [
        header('content-type', 'application/json'),
        header('cache-control', 'no-store'),
        header('set-cookie', 'idp_session=test-only-session-0001; Path=/; HttpOnly'),
      ],
      body: body(
        `{"token":"${IAT}","label":"ms-bff bootstrap","expires_at":"2026-11-23T11:11:13Z","max_usages":1,"used":0}`,
      ),
      timeMs: 287,
    },
    assertions: [passed('201 Created'), passed('the answer holds a token')],
    ...overrides,
  });
}

const jwks = () =>
  exchange({
    name: 'JWKS',
    startedAt: at(14_330),
    request: {
      method: 'GET',
      url: 'http://localhost:8000/.well-known/jwks.json',
      headers: [header('Accept', 'application/json')],
      body: null,
    },
    response: {
      status: 200,
      reason: 'OK',
      headers: [header('content-type', 'application/json')],
      body: body('{"keys":[{"kty":"RSA","kid":"bff-sig-001","use":"sig","alg":"RS256","e":"AQAB"}]}'),
      timeMs: 9,
    },
    assertions: [passed('200 OK'), passed('bff-sig-001 is served')],
  });

export const unanswered = (overrides: Partial<Exchange> = {}): Exchange =>
  exchange({
    response: null,
    assertions: [],
    error: { kind: 'network', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:8000' },
    ...overrides,
  });

export const unhealthy = (overrides: Partial<Exchange> = {}): Exchange =>
  exchange({
    response: {
      status: 503,
      reason: 'Service Unavailable',
      headers: [header('content-type', 'application/json')],
      body: body('{"status":"unhealthy","components":{"redis":{"status":"down"},"idp":{"status":"up"}}}'),
      timeMs: 31,
    },
    assertions: [
      failed('200 OK', 'expected response to have status code 200 but got 503'),
      failed('redis is not down', "expected 'down' to not be one of [ 'down', 'unhealthy', 'fail' ]"),
      passed('idp is not down'),
    ],
    ...overrides,
  });

export function attempt(startMs: number, durationMs: number, exchanges: readonly Exchange[]): Attempt {
  const isGood = exchanges.every((one) => one.error === null && one.assertions.every((a) => a.status !== 'failed'));
  return { startMs, durationMs, passed: isGood, exchanges };
}

export function step(name: StepRecord['name'], overrides: Partial<StepRecord> = {}): StepRecord {
  return { name, status: 'passed', startMs: 0, durationMs: 100, summary: '', notes: [], attempts: [], ...overrides };
}

const line = (ms: number, text: string, meaning: ClassifiedLine['meaning'] = 'plain'): ClassifiedLine => ({
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
const PREFLIGHT = step('preflight', {
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
      changed: ['DCR_IAT', 'SKIP_DCR_BOOTSTRAP'],
      diff: DIFF,
    },
    diagnosis: {
      code: 'registered',
      cause: 'The BFF registered itself at the IdP as bff-server.',
      fix: 'Take the token out of the configuration with `npm run iat:clear`.',
      iatHelps: false,
      evidence: ['INFO  dcr: 201 Created, Client registered: bff-server'],
    },
    error: null,
    next: ['Take the token out again, now that the credentials are cached: `npm run iat:clear`'],
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
      fix: 'Add the scope to `policy.allowed_scopes` in `dcr_config.yaml`, and restart the IdP.',
      iatHelps: false,
      evidence: ['ERROR dcr: 400 invalid_scope: scope "bff.audit" is not allowed by policy'],
    },
    error: {
      code: 'bootstrap-failed',
      message: 'The BFF could not register itself: the IdP refused its scopes (400 invalid_scope).',
      hint: 'The token is written and still unused. Correct the policy, then run `npm run iat` again.',
      where: null,
    },
    next: [
      'Add `bff.audit` to `policy.allowed_scopes` in `dcr_config.yaml`, and restart the IdP.',
      'Then run `npm run iat` again; running again is always safe.',
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
      hint: 'Get a fresh admin access token, and put it into `IAT_ADMIN_TOKEN` or into a file for `--admin-token-file`.',
      where: null,
    },
    next: ['Get a fresh admin access token, then run `npm run iat` again.'],
    log: [],
    ...overrides,
  });
}

/** Ctrl-C while waiting for health. */
export function interruptedRun(overrides: Partial<Run> = {}): Run {
  const healthy = healthyRun();
  return healthyRun({
    durationMs: 13_100,
    verdict: 'interrupted',
    exitCode: 130,
    steps: [
      ...healthy.steps.slice(0, 5),
      step('health', {
        status: 'failed',
        startMs: 10_300,
        durationMs: 2800,
        summary: 'Stopped while the BFF was not healthy yet.',
        attempts: [attempt(10_320, 30, [unanswered()]), attempt(11_400, 60, [unhealthy()])],
      }),
    ],
    error: { code: 'interrupted', message: 'Stopped by Ctrl-C.', hint: 'The token stays written.', where: null },
    next: ['Go on with `npm run health`.'],
    ...overrides,
  });
}

/** `--dry-run`. */
export function plannedRun(overrides: Partial<Run> = {}): Run {
  return healthyRun({
    durationMs: 640,
    verdict: 'planned',
    steps: [
      PREFLIGHT,
      ...(['mint', 'write', 'restart', 'bootstrap', 'health'] as const).map((name) =>
        step(name, { status: 'skipped', startMs: 640, durationMs: 0, summary: 'Not in a dry run.' }),
      ),
    ],
    token: null,
    diagnosis: null,
    log: [],
    next: ['Run it for real: `npm run iat`'],
    ...overrides,
  });
}

/** A whole collection with `count` requests; every `failEvery`th of them fails (0: none). */
export function collectionRun(count: number, failEvery = 0): Run {
  const exchanges = Array.from({ length: count }, (_, index) => {
    const isFailing = failEvery > 0 && index % failEvery === failEvery - 1;
    return (isFailing ? unhealthy : exchange)({
      name: `Read order ${index + 1}`,
      folders: ['Orders', `Region ${(index % 7) + 1}`],
      startedAt: at(index * 15),
      request: {
        method: index % 3 === 0 ? 'POST' : 'GET',
        url: `https://api.example.test/v1/regions/${(index % 7) + 1}/orders/${index + 1}?expand=lines`,
        headers: [header('Accept', 'application/json'), header('Authorization', `Bearer ${ADMIN_TOKEN}`)],
        body: index % 3 === 0 ? body(`{"order":${index + 1},"access_token":"${RAT}"}`) : null,
      },
    });
  });
  const isGood = failEvery === 0;
  const durationMs = Math.max(40, count * 15);
  return healthyRun({
    command: 'collection',
    durationMs,
    verdict: isGood ? 'healthy' : 'unhealthy',
    exitCode: isGood ? 0 : 1,
    steps: [
      step('collection', {
        status: isGood ? 'passed' : 'failed',
        durationMs,
        summary: `Orders: ${count} requests.`,
        attempts: [attempt(5, durationMs - 10, exchanges)],
      }),
    ],
    token: null,
    compose: null,
    diagnosis: null,
    next: [],
    log: [],
    error: isGood ? null : { code: 'assertion-failed', message: 'Some checks failed.', hint: null, where: null },
  });
}

/** Every text that a server, a collection or a log may hold to hurt a page. */
export const HOSTILE = {
  script: '</script><script>document.title = "executed"</script>',
  image: '"><img src=x onerror="document.title = \'executed\'">',
  style: '</style><body onload="document.title = \'executed\'">',
  cdata: 'a ]]> b <![CDATA[ c ]]> &amp; &lt;',
  rtl: 'safe\u202egpj.exe \u2066isolated\u2069 \u200fmark',
  hebrew: 'שלום (world) 123',
  control: 'bell\u0007 esc\u001b[31mred\u001b[0m nul\u0000 del\u007f c1\u0085',
  surrogates: 'high \ud83d low \udca9 end',
  emoji: '👩‍👩‍👧‍👦 🏳️‍🌈 é́́́',
  nonCharacters: 'fffe \ufffe ffff \uffff bom \ufeff',
  long: 'x'.repeat(1_000_000),
} as const;

/** A run in which every text is hostile. */
export function hostileRun(): Run {
  const texts = Object.values(HOSTILE);
  const short = texts.map((text) => text.slice(0, 5000));
  const exchanges = texts.map((text) =>
    exchange({
      name: text,
      folders: [text, 'folder'],
      request: {
        method: text.slice(0, 200),
        url: `https://example.test/${text}`,
        headers: [header(text, text)],
        body: body(text, 'text/plain'),
      },
      response: {
        status: 500,
        reason: text,
        headers: [header('x-note', text)],
        body: body(JSON.stringify({ [text.slice(0, 100)]: text })),
        timeMs: 5,
      },
      assertions: [failed(text, text), passed(text), failed('equality', `expected '${text}' to equal '${text}'`)],
      console: [{ level: 'log', text }],
      error: { kind: 'script', code: text.slice(0, 50), message: text },
    }),
  );
  return failedBootstrapRun({
    command: 'iat',
    steps: [
      step('health', {
        status: 'failed',
        durationMs: 9000,
        summary: short.join(' '),
        notes: short,
        attempts: [attempt(10, 10, exchanges), attempt(30, 10, exchanges)],
      }),
    ],
    facts: short.map((text) => [text, text] as const),
    warnings: short,
    next: short,
    diagnosis: { code: 'unknown', cause: short.join(' '), fix: short.join(' '), iatHelps: true, evidence: texts },
    error: {
      code: 'internal',
      message: short.join(' '),
      hint: short.join(' '),
      where: { file: short[0] ?? '', line: 1 },
    },
    log: texts.map((text) => line(10, text, 'bad')),
  });
}
