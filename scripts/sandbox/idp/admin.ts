import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Secret } from '../../core/secret.ts';
import { answerJson, parseObject } from '../http.ts';
import type { IatTerms, RegistrationProvider } from './provider.ts';

export interface AdminTokens {
  readonly admin: Secret;
  /** A token that is valid and lacks the right to mint. */
  readonly powerless: Secret | null;
}

const REALM = 'sandbox';
const LONGEST_LIFE_S = 30 * 24 * 3600;
const MOST_USAGES = 1000;

/** Whether the request carries the admin token; where it does not, it has been answered (RFC 6750 §3). */
export function isAdmin(request: IncomingMessage, response: ServerResponse, tokens: AdminTokens): boolean {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  const bearer = scheme?.toLowerCase() === 'bearer' ? (token ?? '') : '';
  if (tokens.admin.equals(bearer)) return true;
  if (tokens.powerless?.equals(bearer) === true) answerForbidden(response);
  else answerUnauthorized(response, bearer === '' ? 'no access token provided' : 'access token is invalid or expired');
  return false;
}

/** 401 `invalid_token`, with the challenge that the standard asks for. */
export function answerUnauthorized(response: ServerResponse, description: string): void {
  answerJson(
    response,
    401,
    { error: 'invalid_token', error_description: description },
    { 'WWW-Authenticate': `Bearer realm="${REALM}", error="invalid_token", error_description="${description}"` },
  );
}

/** 403 `insufficient_scope`, naming the scope that is missing. */
export function answerForbidden(response: ServerResponse): void {
  answerJson(
    response,
    403,
    { error: 'insufficient_scope', error_description: 'the access token lacks the scope dcr:admin' },
    { 'WWW-Authenticate': `Bearer realm="${REALM}", error="insufficient_scope", scope="dcr:admin"` },
  );
}

/** `POST /api/admin/dcr/initial-access-tokens`: mints an Initial Access Token. */
export async function mintIat(
  request: IncomingMessage,
  response: ServerResponse,
  provider: RegistrationProvider,
): Promise<void> {
  const body = parseObject(await text(request));
  const terms = body === null ? 'the body must be a JSON object' : readTerms(body);
  if (typeof terms === 'string') {
    answerJson(response, 400, { error: 'invalid_request', error_description: terms });
    return;
  }
  const token = await provider.mintIat(terms);
  answerJson(response, 201, describeIat(token, terms));
}

/** The answer to a mint, as EmpowerNow's IdP gives it. */
export function describeIat(token: string, { label, expiresIn, maxUsages }: LabelledTerms) {
  return {
    id: randomUUID(),
    token,
    label,
    expires_in: expiresIn,
    expires_at: new Date(Date.now() + expiresIn * 1000).toISOString(),
    max_usages: maxUsages,
  };
}

/** `POST /admin/realms/{realm}/clients-initial-access`: the same in Keycloak's words. */
export async function mintLikeKeycloak(
  request: IncomingMessage,
  response: ServerResponse,
  provider: RegistrationProvider,
): Promise<void> {
  const body = parseObject(await text(request)) ?? {};
  const expiration = Number(body['expiration'] ?? body['expires_in'] ?? 3600);
  const count = Number(body['count'] ?? body['max_usages'] ?? 1);
  const token = await provider.mintIat({ expiresIn: expiration, maxUsages: count });
  answerJson(response, 200, {
    id: randomUUID(),
    token,
    timestamp: Math.floor(Date.now() / 1000),
    expiration,
    count,
    remainingCount: count,
  });
}

/** `POST /api/admin/dcr/clients/{client_id}/tokens`: a fresh Registration Access Token. */
export async function mintRat(clientId: string, response: ServerResponse, provider: RegistrationProvider) {
  const token = await provider.mintRat(clientId);
  if (token === null) answerJson(response, 404, { error: 'not_found', error_description: 'no such client' });
  else answerJson(response, 201, { client_id: clientId, token });
}

interface LabelledTerms extends IatTerms {
  readonly label: string;
}

/** What was asked for, or what is wrong with it. */
function readTerms(body: Readonly<Record<string, unknown>>): LabelledTerms | string {
  const label = body['label'] ?? '';
  if (typeof label !== 'string' || label.length > 200) return 'label must be a string of at most 200 characters';
  const expiresIn = readInteger(body['expires_in'] ?? 3600, LONGEST_LIFE_S);
  if (expiresIn === null) return `expires_in must be an integer from 1 to ${LONGEST_LIFE_S}`;
  // The vendor's pages disagree about the name.
  const maxUsages = readInteger(body['max_usages'] ?? body['max_uses'] ?? 1, MOST_USAGES);
  if (maxUsages === null) return `max_usages must be an integer from 1 to ${MOST_USAGES}`;
  return { label, expiresIn, maxUsages };
}

function readInteger(value: unknown, most: number): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most ? value : null;
}
