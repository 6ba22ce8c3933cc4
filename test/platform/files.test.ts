import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import type { Processes } from '../../scripts/core/ports.ts';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { createProcesses } from '../../scripts/platform/processes.ts';
import { describeOnPosix, testOnPosix } from '../support/posix.ts';
import { files, NEW, names, OLD, place, refuses, replace, usePlace } from './place.ts';

const isRoot = process.getuid?.() === 0;

usePlace();

describe('reading', () => {
  it('gives bytes, or null for no file', async () => {
    expect(await files().read(place.file)).toEqual(OLD);
    expect(await files().read(join(place.folder, 'none'))).toBeNull();
    expect(await files().read(join(place.folder, 'none/none'))).toBeNull();
    expect(await files().read(join(place.file, 'none'))).toBeNull();
  });

  it('refuses what is no file', async () => {
    await refuses(() => files().read(place.folder), 'file-not-regular');
  });
});

describe('writing', () => {
  it('gives the file the new bytes and leaves nothing beside it', async () => {
    await replace();
    expect(fs.readFileSync(place.file)).toEqual(NEW);
    expect(names()).toEqual(['compose.yml']);
  });

  testOnPosix('keeps the mode', async () => {
    for (const mode of [0o600, 0o640, 0o755, 0o666]) {
      fs.writeFileSync(place.file, OLD);
      fs.chmodSync(place.file, mode);
      await replace();
      expect(fs.statSync(place.file).mode & 0o7777).toBe(mode);
    }
  });

  it.runIf(isRoot)('keeps the owner', async () => {
    fs.chownSync(place.file, 1234, 2345);
    await replace();
    expect(fs.statSync(place.file)).toMatchObject({ uid: 1234, gid: 2345 });
  });

  testOnPosix('makes a new file for its owner only', async () => {
    const path = join(place.folder, '.env');
    await files().replace(path, null, NEW);
    expect(fs.readFileSync(path)).toEqual(NEW);
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  });

  it('nothing, when the bytes are the same', async () => {
    const before = fs.statSync(place.file);
    await files().replace(place.file, OLD, OLD);
    expect(fs.statSync(place.file)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  testOnPosix('shows the new bytes to nobody else before they are in their place', async () => {
    const modes: number[] = [];
    const rename: FileSystem['rename'] = async (from, to) => {
      modes.push(fs.statSync(from).mode & 0o777);
      return nodeFileSystem.rename(from, to);
    };
    const open: FileSystem['open'] = async (path, flags, mode) => {
      const handle = await nodeFileSystem.open(path, flags, mode);
      if (flags === 'wx') modes.push((await handle.stat()).mode & 0o777);
      return handle;
    };
    fs.chmodSync(place.file, 0o664);
    await replace(place.file, { fs: { ...nodeFileSystem, open, rename } });
    expect(modes).toEqual([0o600, 0o600, 0o600, 0o600]);
  });
});

describe('a file that another program changed', () => {
  it.each([
    ['has other bytes', () => fs.writeFileSync(place.file, 'theirs')],
    ['is gone', () => fs.rmSync(place.file)],
  ])('%s: nothing is written', async (_, change) => {
    change();
    await refuses(() => replace(), 'file-changed');
  });

  it('appeared, where there was none', async () => {
    await refuses(() => files().replace(place.file, null, NEW), 'file-changed');
    expect(fs.readFileSync(place.file)).toEqual(OLD);
  });

  it('at the last moment', async () => {
    const rename: FileSystem['rename'] = async () => expect.fail('too late');
    const open: FileSystem['open'] = async (path, flags, mode) => {
      if (String(path).includes('.lock.')) fs.writeFileSync(place.file, 'theirs');
      return nodeFileSystem.open(path, flags, mode);
    };
    await refuses(() => replace(place.file, { fs: { ...nodeFileSystem, open, rename } }), 'file-changed');
    expect(fs.readFileSync(place.file, 'utf8')).toBe('theirs');
  });
});

describeOnPosix('links', () => {
  it('symbolic: written where they point to, and stay', async () => {
    fs.mkdirSync(join(place.folder, 'elsewhere'));
    fs.renameSync(place.file, join(place.folder, 'elsewhere/real.yml'));
    fs.symlinkSync('elsewhere/real.yml', place.file);
    await replace();
    expect(fs.readlinkSync(place.file)).toBe('elsewhere/real.yml');
    expect(fs.readFileSync(join(place.folder, 'elsewhere/real.yml'))).toEqual(NEW);
    expect(fs.readdirSync(join(place.folder, 'elsewhere'))).toEqual(['real.yml']);
  });

  it('symbolic, to nothing: refused', async () => {
    fs.rmSync(place.file);
    fs.symlinkSync('nothing.yml', place.file);
    const thrown = await refuses(() => files().replace(place.file, null, NEW), 'file-not-regular');
    expect(thrown.message).toBe(`${place.file} is a symbolic link to nothing.yml, which does not exist.`);
    await refuses(() => files().read(place.file), 'file-not-regular');
  });

  it('symbolic, in a circle: refused', async () => {
    fs.rmSync(place.file);
    fs.symlinkSync('compose.yml', place.file);
    await refuses(() => files().verifyWritable(place.file), 'file-io');
  });

  it('hard: refused, before anything is written, with the command that makes it a file of its own', async () => {
    const other = join(place.folder, 'other.yml');
    fs.linkSync(place.file, other);
    const thrown = await refuses(() => replace(), 'file-not-writable');
    expect(thrown.message).toBe(`${place.file} has 2 names (hard links) that belong together.`);
    await refuses(() => files().verifyWritable(place.file), 'file-not-writable');
    expect(spawnSync('sh', ['-c', thrown.hint?.command ?? '']).status).toBe(0);
    await replace();
    expect([fs.readFileSync(place.file), fs.readFileSync(other)]).toEqual([NEW, OLD]);
  });
});

/** Debian's package acl, which .ci/run installs. */
const hasAcl = spawnSync('setfacl', ['--version']).status === 0;

describe.runIf(hasAcl)('what a file has beside its mode', () => {
  const acl = (path: string) => spawnSync('getfacl', ['-cpn', path], { encoding: 'utf8' }).stdout;

  it('stays: an access rule for one user, and nothing for the group', async () => {
    expect(spawnSync('setfacl', ['-m', 'u:4321:rw,g::-', place.file])).toMatchObject({ status: 0 });
    const before = acl(place.file);
    expect(before).toContain('user:4321:rw-');
    await files().verifyWritable(place.file);
    await replace();
    expect(fs.readFileSync(place.file)).toEqual(NEW);
    expect(acl(place.file)).toBe(before);
    expect(names()).toEqual(['compose.yml']);
  });

  it('is no loss without a tool that keeps it: refused before anything is written, unless there is nothing to keep', async () => {
    const own = createProcesses(process.env);
    const processes: Processes = {
      ...own,
      run: (command, options) => own.run(command.file === 'cp' ? { ...command, file: 'false' } : command, options),
    };
    await files({ processes }).verifyWritable(place.file);
    spawnSync('setfacl', ['-m', 'u:4321:rw', place.file]);
    const thrown = await refuses(() => files({ processes }).verifyWritable(place.file), 'file-not-writable');
    expect(thrown.message).toContain('access rules of its own');
    await refuses(() => replace(place.file, { processes }), 'file-not-writable');
    expect(fs.readFileSync(place.file)).toEqual(OLD);
  });
});

it.runIf(process.platform === 'linux')(
  'a program that outlives its killed run makes no file beside the target',
  async () => {
    const own = createProcesses(process.env);
    const seen: string[][] = [];
    const processes: Processes = {
      ...own,
      async run(command, options) {
        const isFirst = command.file === 'cp' && seen.length === 0;
        // The next run has cleaned up before the program begins.
        for (const name of isFirst ? names().filter((each) => each.endsWith('~')) : [])
          fs.rmSync(join(place.folder, name));
        const result = await own.run(command, options);
        if (isFirst) seen.push(names().filter((each) => each.endsWith('~')));
        return result;
      },
    };
    await replace(place.file, { processes }).catch(() => {});
    expect(seen).toEqual([[]]);
  },
);

describe('what a killed run left beside the file', () => {
  it('goes with the next write, which says so; other files stay', async () => {
    const said: string[] = [];
    const copy = `compose.yml.lock.${randomUUID()}~`;
    fs.writeFileSync(join(place.folder, copy), NEW);
    fs.writeFileSync(join(place.folder, 'compose.yml.lock.mine'), 'theirs');
    await files({ say: (note) => said.push(note) }).verifyWritable(place.file);
    expect(names()).toContain(copy);
    await replace(place.file, { say: (note) => said.push(note) });
    expect(names()).toEqual(['compose.yml', 'compose.yml.lock.mine']);
    expect(said).toEqual([`${copy} was removed: a run that was killed had left it beside ${place.file}.`]);
  });
});
