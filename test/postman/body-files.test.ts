import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix, win32 } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFileResolver, isBelow } from '../../scripts/postman/body-files.ts';

test.each([
  ['C:\\team\\app\\body.json', 'C:\\team', win32, true],
  ['D:\\keys\\id_rsa', 'C:\\team', win32, false],
  ['\\\\server\\share\\body.json', 'C:\\team', win32, false],
  ['\\\\server\\share\\app\\body.json', '\\\\server\\share\\app', win32, true],
  ['C:\\teams\\body.json', 'C:\\team', win32, false],
  ['C:\\..team\\body.json', 'C:\\', win32, true],
  ['/team/app/body.json', '/team', posix, true],
  ['/keys/id_rsa', '/team', posix, false],
])('%s may be sent from below %s: %#', (file, folder, system, isAllowed) => {
  expect(isBelow(file, folder, system)).toBe(isAllowed);
});

test('a file with settings is not sent under the name of its stream either', () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'iat-body-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // On NTFS each is the file in front of the colon; elsewhere such a file is made.
  const names = ['.env', 'compose.yml', 'token.txt'].map((name) => `${name}::$DATA`);
  for (const name of ['token.txt', ...names]) writeFileSync(join(folder, name), 'test-only-secret');
  const local = { workingDirs: [folder], folders: [folder], withheld: [join(folder, 'token.txt')] };
  const { createReadStream } = createFileResolver(local, []);
  for (const name of names) expect(() => createReadStream(name), name).toThrow('never sent');
});
