import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new folder that only this user can look into (mode 0700; on Windows as the user's own folder for such files), to be removed
 * with all that is in it. Its path has no links and no short names (`RUNNER~1`) in it, as other programs see it.
 */
export async function makeTemporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'bff-iat-')));
  // Where a virus scanner has a file of it open, for up to 5 s.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) };
}
