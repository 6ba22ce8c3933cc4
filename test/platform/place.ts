import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { AppError } from '../../scripts/core/errors.ts';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { createFiles, type FilesOptions } from '../../scripts/platform/files.ts';

export const OLD = Buffer.from('environment:\n  DCR_IAT: old\n');
export const NEW = Buffer.from('environment:\n  DCR_IAT: test-only-initial-access-token-0001\n');

/** For each test a folder with `compose.yml` in it, which holds `OLD`. */
export const place = { folder: '', file: '' };

/** Makes `place` before each test of the calling file. */
export function usePlace(): void {
  beforeEach(() => {
    place.folder = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'files-'));
    place.file = join(place.folder, 'compose.yml');
    fs.writeFileSync(place.file, OLD);
  });
  afterEach(() => {
    fs.chmodSync(place.folder, 0o700);
    fs.rmSync(place.folder, { recursive: true, force: true });
  });
}

export const files = (options: FilesOptions = {}) => createFiles({ waitMs: 200, ...options });

export const replace = (path = place.file, options: FilesOptions = {}) => files(options).replace(path, OLD, NEW);

export const names = () => fs.readdirSync(place.folder).sort();

/** The promise fails with `code`, and nothing in the folder is other than before. */
export async function refuses(attempt: () => Promise<unknown>, code: string): Promise<AppError> {
  const before = names();
  const thrown = await attempt().then(
    () => expect.fail('it was not refused'),
    (error: AppError) => error,
  );
  expect(thrown).toMatchObject({ name: 'AppError', code });
  expect(thrown.hint).toBeTruthy();
  expect(names()).toEqual(before);
  return thrown;
}

/**
 * A file system with a call of `step` before each of its calls, and of those of its open files.
 *
 * @param except names of calls that go through without
 */
export function intercepted(
  step: (name: string, args: readonly unknown[], call: Call) => unknown,
  except: readonly string[] = [],
  base: FileSystem = nodeFileSystem,
): FileSystem {
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== 'function' || except.includes(String(name))) return member;
        const call: Call = (...args) => Reflect.apply(member, object, args);
        return async (...args: readonly unknown[]) => {
          await step(String(name), args, call);
          const result: unknown = await call(...args);
          return name === 'open' && typeof result === 'object' && result !== null ? wrap(result) : result;
        };
      },
    });
  return wrap({ ...base });
}

type Call = (...args: readonly unknown[]) => unknown;
