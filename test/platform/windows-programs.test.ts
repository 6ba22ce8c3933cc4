import { describe, expect, test } from 'vitest';
import { findProgram, treeKill } from '../../scripts/platform/windows-programs.ts';

const FILES = [
  'C:\\Program Files\\Docker\\docker.exe',
  'C:\\tools\\kubectl.exe',
  'C:\\tools\\npx.cmd',
  'C:\\tools\\k3s.v1.exe',
  'C:\\repo\\git.bat',
  'C:\\repo\\tools\\mine.exe',
  '\\\\server\\share\\oc.exe',
];
const isFile = (path: string) => FILES.some((each) => each.toLowerCase() === path.toLowerCase());

describe('a program on Windows', () => {
  const env = { Path: '.;"C:\\Program Files\\Docker";;C:\\tools', PATHEXT: '.COM;.EXE;.BAT;.CMD' };

  test.each([
    ['by its name', 'docker', 'C:\\Program Files\\Docker\\docker.EXE'],
    ['by its name with the extension', 'kubectl.exe', 'C:\\tools\\kubectl.exe'],
    ['that is a script', 'npx', 'C:\\tools\\npx.CMD'],
    ['with a dot in its name', 'k3s.v1', 'C:\\tools\\k3s.v1.EXE'],
    ['by a relative path', 'tools\\mine', 'C:\\repo\\tools\\mine.EXE'],
    ['by a relative path with a dot', '.\\tools/mine.exe', 'C:\\repo\\tools\\mine.exe'],
    ['by an absolute path', 'c:/tools/kubectl', 'c:\\tools\\kubectl.EXE'],
    ['on a share', '\\\\server\\share\\oc.exe', '\\\\server\\share\\oc.exe'],
    ['that only lies in the current folder', 'git', null],
    ['that is not there', 'docker-compose', null],
  ])('%s', (_, file, found) => {
    expect(findProgram(file, 'C:\\repo', env, isFile)).toBe(found);
  });

  test('is found where PATHEXT is not set', () => {
    expect(findProgram('kubectl', 'C:\\repo', { PATH: 'C:\\tools' }, isFile)).toBe('C:\\tools\\kubectl.EXE');
    expect(findProgram('kubectl', 'C:\\repo', {}, isFile)).toBeNull();
  });
});

test('a tree of processes is ended by the program of Windows itself', () => {
  expect(treeKill(4711, { SYSTEMROOT: 'D:\\Windows' })).toEqual([
    'D:\\Windows\\System32\\taskkill.exe',
    ['/pid', '4711', '/t', '/f'],
  ]);
});
