import { expect, test } from 'vitest';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import { openHere } from '../support/in-process.ts';

/** What comes of arguments, as npm passes them on. */
async function settingsOf(args: readonly string[], env: Readonly<Record<string, string>>) {
  const folder = await makeTemporaryFolder();
  const { read } = await openHere(args, { command: 'iat', cwd: folder.path, env });
  await folder.remove();
  return read.kind === 'run' ? read.settings : null;
}

test('npm run iat --dry-run: npm takes the flag for itself, and a real run must not come of it', async () => {
  const taken = { npm_lifecycle_event: 'iat', npm_config_dry_run: 'true' };
  expect(await settingsOf([], taken)).toMatchObject({
    code: 'usage',
    hint: { command: 'npm run iat -- --dry-run' },
  });
  expect(await settingsOf(['--dry-run'], taken)).toMatchObject({ dryRun: true });
  // Inherited from another script.
  expect(await settingsOf([], { ...taken, npm_lifecycle_event: 'deploy' })).toMatchObject({ dryRun: false });
});

test('paths are short for the folder in which the command was typed, where what is printed is pasted', async () => {
  const folder = await makeTemporaryFolder();
  const text = `docker compose -f ${folder.path}/sub/compose.yaml`;
  const redacted = async (env: Readonly<Record<string, string>>) =>
    (await openHere([], { command: 'iat', cwd: folder.path, env })).session.redact(text);
  const typedIn = { INIT_CWD: `${folder.path}/sub` };
  expect(await redacted({})).toBe('docker compose -f sub/compose.yaml');
  expect(await redacted({ ...typedIn, npm_lifecycle_event: 'iat' })).toBe('docker compose -f compose.yaml');
  expect(await redacted({ ...typedIn, npm_lifecycle_event: 'deploy' })).toBe('docker compose -f sub/compose.yaml');
  await folder.remove();
});
