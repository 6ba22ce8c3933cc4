import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';

/**
 * The file at which runs of this user on this machine take turns over what is no file, such as a workload of a cluster. It is in
 * a folder that only this user can look into: in XDG_RUNTIME_DIR (XDG Base Directory Specification), else in the folder for
 * temporary files. Its name says nothing of the subject.
 *
 * @param subject all that names it
 * @returns null: there is no such folder, and none can be made
 */
export async function turnFile(
  subject: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const name = createHash('sha256').update(subject).digest('hex').slice(0, 32);
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  const user = process.getuid?.() ?? 'user';
  for (const folder of [
    ...(isAbsolute(runtime) && (await isOwn(runtime)) ? [join(runtime, 'iat-turns')] : []),
    join(tmpdir(), `iat-turns-${user}`),
  ]) {
    await mkdir(folder, { mode: 0o700 }).catch(() => {});
    if (await isOwn(folder)) return join(folder, name);
  }
  return null;
}

/** A folder of this user's that nobody else can write to or look into. In the folder for temporary files others may make one first. */
async function isOwn(folder: string): Promise<boolean> {
  const stats = await lstat(folder).catch(() => null);
  if (stats === null || !stats.isDirectory()) return false;
  const user = process.getuid?.();
  // Windows has no such users and modes; its folder for temporary files is the user's own.
  return user === undefined || (stats.uid === user && (stats.mode & 0o077) === 0);
}
