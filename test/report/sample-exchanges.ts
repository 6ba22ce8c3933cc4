import type { Assertion, Body, Exchange, Header } from '../../scripts/core/exchange.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { Masker } from '../../scripts/secrets/masker.ts';

/** Secrets of the samples. Short, so that no part of them is a word in a URL: the masker knows parts, too. */
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

export const START = new Date('2026-11-23T10:11:12.345Z');
export const at = (ms: number) => new Date(START.getTime() + ms);

export function body(text: string, type = 'application/json'): Body {
  return { text, bytes: new TextEncoder().encode(text).length, type };
}

export function passed(name: string): Assertion {
  return { name, status: 'passed', message: null };
}

export function failed(name: string, message: string): Assertion {
  return { name, status: 'failed', message };
}

export const header = (name: string, value: string): Header => ({ name, value });

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

export const jwks = () =>
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

export const notSent = (overrides: Partial<Exchange> = {}): Exchange =>
  exchange({
    request: { method: '', url: '', headers: [], body: null },
    isSkipped: true,
    response: null,
    assertions: [],
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
