import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProgram, quoteWord, renderCommand } from '../../scripts/core/shell.ts';
import { testOnPosix } from '../support/posix.ts';

/** What the words of a command are to a real sh. */
function wordsInSh(command: string): string[] {
  const print = 'for word do printf "%s\\0" "$word"; done';
  return execFileSync('/bin/sh', ['-c', `set -- ${command}; ${print}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
}

testOnPosix('sh reads each word as it was', () => {
  const sign = fc.constantFrom(...'$`"\'!\\;&|<>(){}[]*?~#=%,:@ \n\t-./a'.split(''), '$(touch x)', '##');
  const word = fc.array(sign, { maxLength: 12 }).map((signs) => signs.join(''));
  fc.assert(
    fc.property(fc.array(word, { minLength: 20, maxLength: 40 }), (words) => {
      expect(wordsInSh(words.map((each) => quoteWord(each, 'linux')).join(' '))).toEqual(words);
    }),
    { numRuns: 25 },
  );
});

test('an ordinary command stays as people type it', () => {
  const args = ['compose', '-f', '/srv/app/docker-compose.yml', '--scale', 'bff=2', 'up', '-d', 'bff'];
  expect(renderCommand({ file: 'docker', args }, 'linux')).toBe(`docker ${args.join(' ')}`);
  expect(renderCommand({ file: 'docker', args: ['-f', 'C:\\app\\compose.yml'] }, 'win32')).toBe(
    'docker -f C:\\app\\compose.yml',
  );
});

describe('on Windows', () => {
  test.each([
    ['C:\\Program Files\\app\\', '"C:\\Program Files\\app\\\\"'],
    ['a & calc', '"a & calc"'],
    ['$(calc)`x', '"`$(calc)``x"'],
    ['say "hi" & calc', '"say ""hi"" & calc"'],
    ['typo” ; calc', '"typo`” ; calc"'],
    ["it's", '"it\'s"'],
    ['', '""'],
  ])('%s is %s', (word, quoted) => {
    expect(quoteWord(word, 'win32')).toBe(quoted);
  });
});

test('a program with blanks in its path is called in PowerShell, not printed', () => {
  const command = { file: 'C:\\Program Files\\kubectl.exe', args: ['get', 'pods'] };
  expect(renderCommand(command, 'win32')).toBe('& "C:\\Program Files\\kubectl.exe" get pods');
  expect(renderCommand({ ...command, file: 'kubectl' }, 'win32')).toBe('kubectl get pods');
});

test.each([
  ['k3s kubectl', 'k3s', ['kubectl']],
  ['"C:\\Program Files\\k3s.exe" kubectl', 'C:\\Program Files\\k3s.exe', ['kubectl']],
  ['C:\\Program Files\\kubectl.exe', 'C:\\Program Files\\kubectl.exe', []],
  ['C:\\Program Files\\k3s.exe kubectl', 'C:\\Program Files\\k3s.exe', ['kubectl']],
  ['\\\\server\\our tools\\oc.CMD --v=2', '\\\\server\\our tools\\oc.CMD', ['--v=2']],
  ['/usr/local/bin/k3s kubectl', '/usr/local/bin/k3s', ['kubectl']],
])('the program %s', (text, file, args) => {
  expect(parseProgram(text)).toEqual({ file, args });
});

test('what is put into the command of a hint is quoted, or a name of our own', () => {
  const bare: string[] = [];
  for (const path of readdirSync('scripts', { recursive: true, encoding: 'utf8' }).filter((each) =>
    each.endsWith('.ts'),
  )) {
    for (const [, command = ''] of readFileSync(`scripts/${path}`, 'utf8').matchAll(/\bcommand: `([^`]*)`/g))
      if (/\$\{(?!quoted\(|quoteWord\(|scriptName\()/.test(command)) bare.push(`${path}: ${command}`);
  }
  expect(bare).toEqual([]);
});
