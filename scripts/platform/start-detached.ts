import { spawn } from 'node:child_process';
import process from 'node:process';

/**
 * Starts a program that goes on by itself, also when this process has ended. What it prints is thrown away.
 *
 * @param env its whole environment
 * @returns when it runs; false: it could not be started
 */
export function startDetached(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      env: { ...env },
      stdio: 'ignore',
      // On Windows it would get a console window of its own, and lives on without.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
