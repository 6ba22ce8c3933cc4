import { expect, test } from 'vitest';
import { chooseCommand } from '../../scripts/cli/bin.ts';
import { inProcess } from '../support/in-process.ts';

test.each([
  ['iat -f a.yml --dry-run', 'iat', '-f a.yml --dry-run'],
  ['clear', 'clear', ''],
  ['help doctor', 'doctor', '--help'],
  ['--version', 'iat', '--version'],
  // What stands behind the command is the command's own.
  ['collection help', 'collection', 'help'],
])('%s: %s with the arguments "%s"', async (line, name, args) => {
  const { process } = inProcess(line.split(' '));
  expect(await chooseCommand(process)).toBe(name);
  expect(process.argv.slice(2).join(' ')).toBe(args);
});

test.each([
  ['', 0, /Usage: npx bff-iat COMMAND/],
  ['--help', 0, /^ {2}iat +\w/m],
  ['iatt', 2, /There is no command iatt\.\s+Did you mean iat\?/],
  ['iat:clear', 2, /Did you mean clear\?/],
  ['constructor', 2, /There is no command constructor\./],
  ['--dry-run iat', 2, /The command comes first/],
  ['test-only-token-that-was-pasted-here', 2, /^There is no such command\.\s+See: npx bff-iat --help\s*$/],
])('%j ends with %d', async (line, exitCode, said) => {
  const { process, output } = inProcess(line === '' ? [] : line.split(' '));
  expect(await chooseCommand(process)).toBeNull();
  expect(process.exitCode).toBe(exitCode);
  expect(output().all).toMatch(said);
  expect(output()[exitCode === 0 ? 'stderr' : 'stdout']).toBe('');
});
