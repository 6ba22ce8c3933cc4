import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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

describe('by npx', () => {
  const read = async (cwd: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) => {
    const { session, read } = await openHere(args, { command: 'iat', cwd, env, caller: 'npx' });
    return { settings: read.kind === 'run' ? read.settings : null, notes: session.outside.notes.join() };
  };

  test('the default collection is the own one, else that of the package, which is said', async () => {
    const folder = await makeTemporaryFolder();
    const name = 'collections/EmpowerNow.postman_collection.json';
    const packaged = new URL(`../../${name}`, import.meta.url).pathname;
    const taken = await read(folder.path);
    expect(taken).toMatchObject({ settings: { collection: packaged }, notes: expect.stringContaining(name) });
    expect(await read(folder.path, ['--sandbox'])).toMatchObject({ settings: { collection: packaged }, notes: '' });
    const named = { settings: { collection: join(folder.path, 'a.json') }, notes: '' };
    expect(await read(folder.path, ['--collection', 'a.json'])).toMatchObject(named);
    expect(await read(folder.path, [], { IAT_COLLECTION: 'a.json' })).toMatchObject(named);
    await mkdir(join(folder.path, 'collections'));
    await writeFile(join(folder.path, name), '{}');
    expect(await read(folder.path)).toMatchObject({ settings: { collection: join(folder.path, name) }, notes: '' });
    await folder.remove();
  });

  test('npm exec bff-iat iat --dry-run: npm takes the flag, and a real run must not come of it', async () => {
    const folder = await makeTemporaryFolder();
    const taken = { npm_lifecycle_event: 'npx', npm_lifecycle_script: 'bff-iat iat', npm_config_dry_run: 'true' };
    expect((await read(folder.path, [], taken)).settings).toMatchObject({ code: 'usage' });
    expect((await read(folder.path, [], { npm_config_dry_run: 'true' })).settings).toMatchObject({ dryRun: false });
    await folder.remove();
  });
});
