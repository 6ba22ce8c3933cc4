import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IdpFaultName } from '../faults.ts';
import { answerJson, readBody } from '../http.ts';
import { answerForbidden, answerUnauthorized, describeIat, mintLikeKeycloak } from './admin.ts';
import type { Policy, RegistrationProvider } from './provider.ts';

/** One request that a fault may answer instead of the IdP. */
export interface Faulty {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly provider: RegistrationProvider;
  /** How many requests of this kind came since the fault was switched on, this one included. */
  readonly turn: number;
  /** The number given with the fault. */
  readonly number: number | null;
  /** Another server on this machine, with a login page. */
  readonly loginPage: () => Promise<string>;
}

/** `mint` and `register` say whether they answered; `policy` narrows what may be registered. */
export interface IdpFault {
  readonly mint?: (faulty: Faulty) => boolean | Promise<boolean>;
  readonly register?: (faulty: Faulty) => boolean;
  readonly policy?: Policy;
}

const EVERYTHING: Policy = { allowedScopes: [], allowedRedirectUris: [], allowedAuthMethods: [] };
const TERMS = { label: 'ms-bff bootstrap', expiresIn: 3600, maxUsages: 1 };

/** What each fault of the IdP does. */
export const IDP_FAULTS: Readonly<Record<IdpFaultName, IdpFault>> = {
  'mint-400': { mint: (faulty) => answerError(faulty, 400, 'invalid_request', 'unknown field max_usages') },
  'mint-401': { mint: always(({ response }) => answerUnauthorized(response, 'access token is invalid or expired')) },
  'mint-403': { mint: always(({ response }) => answerForbidden(response)) },
  'mint-404': { mint: (faulty) => answerError(faulty, 404, 'not_found', 'no such route') },
  'mint-409': { mint: atFirst(1, (faulty) => answerError(faulty, 409, 'conflict', 'label exists')) },
  'mint-429': {
    mint: atFirst(1, (faulty) => answerError(faulty, 429, 'slow_down', 'too many requests', { 'Retry-After': '1' })),
  },
  'mint-500': { mint: atFirst(2, (faulty) => answerError(faulty, 500, 'server_error', 'something broke')) },
  'mint-html': { mint: answerLoginPage },
  'mint-redirect': { mint: redirectToLogin },
  'mint-no-token': { mint: mintWith(({ token: _token, ...rest }) => rest) },
  'mint-two-tokens': { mint: mintWith((answer) => ({ ...answer, access_token: answer.token.replace(/.$/, '~') })) },
  'mint-bad-json': { mint: breakOff },
  'mint-hang': { mint: () => true },
  'mint-reset': { mint: reset },
  'mint-expired-token': {
    mint: mintWith(({ expires_in: _life, ...rest }) => ({ ...rest, expires_at: '2020-01-01T00:00:00.000Z' })),
  },
  'keycloak-shape': {
    mint: mintInKeycloaksShape,
  },

  'register-invalid-scope': { policy: { ...EVERYTHING, allowedScopes: ['openid'] } },
  'register-invalid-redirect-uri': {
    policy: { ...EVERYTHING, allowedRedirectUris: ['https://elsewhere.example/auth/callback'] },
  },
  'register-invalid-client-metadata': { policy: { ...EVERYTHING, allowedAuthMethods: ['client_secret_basic'] } },
  'register-401': {
    register: always(({ response }) => answerUnauthorized(response, 'initial access token is expired or used up')),
  },
  'register-500': { register: (faulty) => answerError(faulty, 500, 'server_error', 'something broke') },
};

/** A fault that answers every time. */
function always(answer: (faulty: Faulty) => void): (faulty: Faulty) => true {
  return (faulty) => {
    answer(faulty);
    return true;
  };
}

function answerError(
  { response }: Faulty,
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): true {
  answerJson(response, status, { error, error_description: description }, headers);
  return true;
}

/** The fault for the first turns, as many as its number says; then all is well. */
function atFirst(turns: number, fault: (faulty: Faulty) => boolean): (faulty: Faulty) => boolean {
  return (faulty) => faulty.turn <= (faulty.number ?? turns) && fault(faulty);
}

function answerLoginPage({ response }: Faulty): true {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end('<!doctype html><title>Sign in</title><h1>Sign in</h1>');
  return true;
}

async function redirectToLogin({ response, loginPage }: Faulty): Promise<true> {
  response.writeHead(302, { Location: await loginPage() });
  response.end();
  return true;
}

/** A real mint whose answer is changed on its way out. */
function mintWith(change: (answer: ReturnType<typeof describeIat>) => object): (faulty: Faulty) => Promise<true> {
  return async ({ request, response, provider }) => {
    await readBody(request);
    answerJson(response, 201, change(describeIat(await provider.mintIat(TERMS), TERMS)));
    return true;
  };
}

async function mintInKeycloaksShape({ request, response, provider }: Faulty): Promise<true> {
  await mintLikeKeycloak(request, response, provider);
  return true;
}

async function breakOff({ request, response, provider }: Faulty): Promise<true> {
  await readBody(request);
  const whole = JSON.stringify(describeIat(await provider.mintIat(TERMS), TERMS));
  response.writeHead(201, { 'Content-Type': 'application/json' });
  response.end(whole.slice(0, -20));
  return true;
}

function reset({ request }: Faulty): true {
  request.socket.resetAndDestroy();
  return true;
}
