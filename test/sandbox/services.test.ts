import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createStack } from '../../scripts/sandbox/sandbox-stack.ts';
import { temporaryFolder } from './support.ts';

const NEVER = new AbortController().signal;

describe('a compose file', () => {
  const resolve = async (text: string, shell: Record<string, string> = {}, files: Record<string, string> = {}) => {
    const dir = temporaryFolder();
    for (const [name, content] of Object.entries({ 'compose.yml': text, ...files }))
      writeFileSync(join(dir, name), content);
    return (await createStack({ composeFile: join(dir, 'compose.yml'), dir, shell }).look(NEVER))?.environment;
  };

  test('gives its environment as a map or as a list', async () => {
    const map = 'services:\n  bff:\n    environment:\n      A: true\n      B: 1\n      C:\n      D: ""\n';
    expect(await resolve(map, { C: 'shell' })).toEqual({ A: 'true', B: '1', C: 'shell', D: '' });
    const list = 'services:\n  bff:\n    environment: ["A=1=2", C, D=]\n';
    expect(await resolve(list)).toEqual({ A: '1=2', C: null, D: '' });
  });

  test('is interpolated from the shell before .env', async () => {
    const text =
      'services:\n  bff:\n    environment: ["A=${A}", "B=$B", "C=${C:-c}", "D=${D-d}", "E=$$E", "F=${F:+f}"]\n';
    const dotenv = { '.env': 'A=env\nB=\'env\' # comment\nD=\nexport F="x"\n' };
    expect(await resolve(text, { A: 'shell' }, dotenv)).toEqual({
      A: 'shell',
      B: 'env',
      C: 'c',
      D: '',
      E: '$E',
      F: 'f',
    });
    await expect(resolve('services: {bff: {environment: ["A=${A:?is needed}"]}}')).rejects.toMatchObject({
      code: 'compose-invalid',
    });
  });

  test('takes env_file below its own environment', async () => {
    const text = 'services:\n  bff:\n    env_file: [a.env]\n    environment: {B: own}\n';
    expect(await resolve(text, {}, { 'a.env': 'A=file\nB=file\n' })).toEqual({ A: 'file', B: 'own' });
  });

  test('that is broken or gone is an error that quotes nothing', async () => {
    const broken = resolve('services:\n  bff:\n    environment:\n      DCR_IAT: test-only-token: more\n');
    await expect(broken).rejects.toMatchObject({ code: 'yaml-syntax', where: { line: 4 } });
    await expect(broken).rejects.not.toThrow('test-only-token');
    const dir = temporaryFolder();
    const gone = createStack({ composeFile: join(dir, 'compose.yml'), dir }).look(NEVER);
    await expect(gone).rejects.toMatchObject({ code: 'compose-file-missing' });
  });
});
