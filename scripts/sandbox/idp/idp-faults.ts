import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IdpFaultName } from '../faults.ts';
import { answerJson } from '../http.ts';
import { answerForbidden, answerUnauthorized, describeIat, mintLikeKeycloak } from './admin.ts';
import type { Policy, RegistrationProvider } from './provider.ts';

/** One request that a fault may answer instead of the IdP. */
export interface Faulty {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly provider: RegistrationProvider;
  /** Another server on this machine, with a login page. */
  readonly loginPage: () => Promise<string>;
}

/** `mint` and `register` answer in place of the IdP; `policy` narrows what may be registered. */
export interface IdpFault {
  readonly mint?: (faulty: Faulty) => unknown;
  /** How many mints it answers where the fault is given no number, before all is well again; absent: every one. */
  readonly mints?: number;
  readonly register?: (faulty: Faulty) => void;
  readonly policy?: Policy;
}

const TERMS = { label: 'ms-bff bootstrap', expiresIn: 3600, maxUsages: 1 };

/** What each fault of the IdP does. */
export const IDP_FAULTS: Readonly<Record<IdpFaultName, IdpFault>> = {
  'mint-400': { mint: (faulty) => answerError(faulty, 400, 'invalid_request', 'unknown field max_usages') },
  'mint-401': { mint: ({ response }) => answerUnauthorized(response, 'access token is invalid or expired') },
  'mint-403': { mint: ({ response }) => answerForbidden(response) },
  'mint-404': { mint: (faulty) => answerError(faulty, 404, 'not_found', 'no such route') },
  'mint-409': { mints: 1, mint: (faulty) => answerError(faulty, 409, 'conflict', 'label exists') },
  'mint-429': {
    mints: 1,
    mint: (faulty) => answerError(faulty, 429, 'slow_down', 'too many requests', { 'Retry-After': '1' }),
  },
  'mint-500': { mints: 2, mint: (faulty) => answerError(faulty, 500, 'server_error', 'something broke') },
  'mint-html': { mint: answerLoginPage },
  'mint-redirect': { mint: redirectToLogin },
  'mint-no-token': { mint: mintWith(({ token: _token, ...rest }) => rest) },
  'mint-two-tokens': { mint: mintWith((answer) => ({ ...answer, access_token: answer.token.replace(/.$/, '~') })) },
  'mint-bad-json': { mint: breakOff },
  'mint-hang': { mint: () => {} },
  'mint-reset': { mint: ({ request }) => request.socket.resetAndDestroy() },
  'mint-expired-token': {
    mint: mintWith(({ expires_in: _life, ...rest }) => ({ ...rest, expires_at: '2020-01-01T00:00:00.000Z' })),
  },
  'keycloak-shape': { mint: ({ request, response, provider }) => mintLikeKeycloak(request, response, provider) },

  'register-invalid-scope': { policy: { allowedScopes: ['openid'] } },
  'register-invalid-redirect-uri': { policy: { allowedRedirectUris: ['https://elsewhere.example/auth/callback'] } },
  'register-invalid-client-metadata': { policy: { allowedAuthMethods: ['client_secret_basic'] } },
  'register-401': {
    register: ({ response }) => answerUnauthorized(response, 'initial access token is expired or used up'),
  },
  'register-500': { register: (faulty) => answerError(faulty, 500, 'server_error', 'something broke') },
};

function answerError(
  { response }: Faulty,
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerJson(response, status, { error, error_description: description }, headers);
}

function answerLoginPage({ response }: Faulty): void {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end('<!doctype html><title>Sign in</title><h1>Sign in</h1>');
}

async function redirectToLogin({ response, loginPage }: Faulty): Promise<void> {
  response.writeHead(302, { Location: await loginPage() }).end();
}

/** A real mint whose answer is changed on its way out. */
function mintWith(change: (answer: ReturnType<typeof describeIat>) => object): (faulty: Faulty) => Promise<void> {
  return async ({ request, response, provider }) => {
    await text(request);
    answerJson(response, 201, change(describeIat(await provider.mintIat(TERMS), TERMS)));
  };
}

async function breakOff({ request, response, provider }: Faulty): Promise<void> {
  await text(request);
  const whole = JSON.stringify(describeIat(await provider.mintIat(TERMS), TERMS));
  response.writeHead(201, { 'Content-Type': 'application/json' });
  response.end(whole.slice(0, -20));
}
