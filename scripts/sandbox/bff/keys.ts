import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { readIfThere } from './credentials.ts';

/** A public key as in a JWKS (RFC 7517). */
export type Jwk = Readonly<Record<string, unknown>>;

/** The key that the BFF signs with. The algorithm is ES256. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: Jwk;
  /** It has just been made and is in no file yet. */
  readonly isNew: boolean;
}

/** The key in the PEM file, or a new one where there is no such file. */
export function loadKey(path: string, kid: string): SigningKey {
  const pem = readIfThere(path);
  return pem === null ? generateKey(kid) : describeKey(createPrivateKey(pem), kid, false);
}

/** An EC key: making an RSA key would take longer than the rest of the start. */
export function generateKey(kid: string): SigningKey {
  return describeKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, kid, true);
}

export function toPem(key: SigningKey): string {
  return String(key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

/** Whether a JWKS holds this key. The same `kid` with another key does not count. */
export function holdsKey(keys: readonly Jwk[], key: SigningKey): boolean {
  return keys.some((each) => each['kid'] === key.kid && each['x'] === key.jwk['x'] && each['y'] === key.jwk['y']);
}

/** A client assertion for the token endpoint (RFC 7523 §3), valid for a minute and used once. */
export function signAssertion(key: SigningKey, clientId: string, audience: string): string {
  const now = Math.floor(Date.now() / 1000);
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const head = encode({ alg: 'ES256', typ: 'JWT', kid: key.kid });
  const claims = encode({ iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat: now, exp: now + 60 });
  const signature = sign('sha256', Buffer.from(`${head}.${claims}`), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${head}.${claims}.${signature.toString('base64url')}`;
}

function describeKey(privateKey: KeyObject, kid: string, isNew: boolean): SigningKey {
  const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' };
  return { kid, privateKey, jwk, isNew };
}
