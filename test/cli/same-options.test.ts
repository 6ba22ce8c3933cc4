import { describe, expect, test } from 'vitest';
import type { CommandName } from '../../scripts/cli/commands.ts';
import { parseArguments } from '../../scripts/cli/parse.ts';
import { completeHint } from '../../scripts/cli/same-options.ts';

function complete(command: CommandName, line: readonly string[], advised: string, platform: NodeJS.Platform = 'linux') {
  const parsed = parseArguments(command, line, '1.0.0', 80);
  if (parsed.kind === 'print') throw new Error('only printed');
  return completeHint({ text: '', command: advised }, parsed.arguments.values, platform).command;
}

describe('a command that is advised', () => {
  test('has the options of this run that it knows, as they were typed', () => {
    const line = ['-f', '../a.yml', '-f', 'b c.yml', '--bff-url', 'http://localhost:9000', '--label', 'x', '--no-deps'];
    expect(complete('iat', line, 'npm run iat:clear')).toBe(
      "npm run iat:clear -- -f ../a.yml -f 'b c.yml' --bff-url http://localhost:9000 --no-deps",
    );
    expect(complete('iat', line, 'npm run iat')).toContain('--label x');
    expect(complete('doctor', ['--service', 'web'], 'npm run iat')).toBe('npm run iat -- --service web');
  });

  test('has nothing that was meant for one run', () => {
    expect(complete('iat', ['--dry-run', '--json', '--force', '--quiet', '--clear'], 'npm run iat:clear')).toBe(
      'npm run iat:clear',
    );
  });

  test('keeps its own options', () => {
    expect(complete('doctor', ['--service', 'web'], 'npm run doctor -- --log-file FILE')).toBe(
      'npm run doctor -- --service web --log-file FILE',
    );
    expect(complete('doctor', ['--watch'], 'npm run doctor -- --log-file FILE')).toBe(
      'npm run doctor -- --log-file FILE',
    );
    expect(complete('doctor', ['--service', 'web'], 'npm run demo')).toBe('npm run demo');
    expect(complete('iat', ['--service', 'web'], 'docker compose up -d bff')).toBe('docker compose up -d bff');
  });

  test('is dead text where a value is hostile', () => {
    expect(complete('iat', ['-f', '$(touch x)`y`'], 'npm run iat:clear')).toBe(
      "npm run iat:clear -- -f '$(touch x)`y`'",
    );
    expect(complete('iat', ['-f', 'a & b'], 'npm run iat:clear', 'win32')).toBe('npm.cmd run iat:clear -- -f "a & b"');
    expect(complete('iat', ['--label=-x'], 'npm run iat')).toBe('npm run iat -- --label=-x');
  });

  test('keeps its -- in PowerShell, which takes it out of a call of npm', () => {
    expect(complete('iat', [], 'npm run demo -- --fault NAME', 'win32')).toBe('npm.cmd run demo -- --fault NAME');
    expect(complete('iat', [], 'npm run demo', 'win32')).toBe('npm run demo');
  });

  test('is whole in a sentence, too', () => {
    const hint = { text: 'If npm run doctor is content, go on.' };
    expect(completeHint(hint, { service: 'web' }, 'linux').text).toBe(
      'If npm run doctor -- --service web is content, go on.',
    );
    expect(completeHint(hint, {}, 'linux')).toEqual(hint);
  });
});
