import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseObject } from '../http.ts';

/** What the BFF keeps after its registration. */
export interface Credentials {
  readonly clientId: string;
  /** The registration access token (RFC 7592 §3). */
  readonly rat: string;
  /** null with private_key_jwt. */
  readonly secret: string | null;
}

/** null: there is no file, or it cannot be used. */
export function readCredentials(path: string): Credentials | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  const { client_id: clientId, registration_access_token: rat, client_secret: secret } = parseObject(text) ?? {};
  if (typeof clientId !== 'string' || typeof rat !== 'string') return null;
  return { clientId, rat, secret: typeof secret === 'string' ? secret : null };
}

export function writeCredentials(path: string, { clientId, rat, secret }: Credentials): void {
  const content = {
    client_id: clientId,
    registration_access_token: rat,
    ...(secret === null ? {} : { client_secret: secret }),
  };
  writePrivate(path, `${JSON.stringify(content, null, 2)}\n`);
}

export function removeCredentials(path: string): void {
  rmSync(path, { force: true });
}

/** Writes a file of mode 0600: the whole text, or nothing. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
