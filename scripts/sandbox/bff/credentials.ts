import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { patientlyNow } from '../../platform/file-system.ts';
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
  const members = parseObject(readIfThere(path) ?? '') ?? {};
  const { client_id: clientId, registration_access_token: rat, client_secret: secret } = members;
  if (typeof clientId !== 'string' || typeof rat !== 'string') return null;
  return { clientId, rat, secret: typeof secret === 'string' ? secret : null };
}

export function writeCredentials(path: string, { clientId, rat, secret }: Credentials): void {
  // JSON leaves out what is undefined.
  const content = { client_id: clientId, registration_access_token: rat, client_secret: secret ?? undefined };
  writePrivate(path, `${JSON.stringify(content, null, 2)}\n`);
}

/** null: it cannot be read. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Writes a file of mode 0600: the whole text, or nothing. Others may write it at the same time: each has a new file of its own. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  patientlyNow(process, () => renameSync(fresh, path));
}
