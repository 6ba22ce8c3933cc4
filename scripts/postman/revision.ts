import { createHash } from 'node:crypto';
import type { Collection } from './collection.ts';

/**
 * Which state of a collection ran, as far as its export tells: the name, the version where the team keeps one, Postman's own id,
 * and the first 12 digits of the SHA-256 of the file's bytes, which `sha256sum FILE` prints as well. The hash alone tells two
 * exports apart: the id stays the same, and hardly anyone sets the version.
 */
export function describeRevision(bytes: Uint8Array, { info }: Collection): string {
  const version = versionOf(info?.version);
  return [
    typeof info?.name === 'string' ? info.name : '',
    version === '' ? '' : `version ${version}`,
    `sha256:${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`,
    typeof info?._postman_id === 'string' ? `id ${info._postman_id}` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** v2.1 has it as text or in parts. */
function versionOf(version: unknown): string {
  if (typeof version === 'string') return version;
  const { major, minor, patch } = (version ?? {}) as { major?: number; minor?: number; patch?: number };
  return [major, minor, patch].filter((part) => Number.isInteger(part)).join('.');
}
