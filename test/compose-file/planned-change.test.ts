import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDotenv } from '../../scripts/compose-file/dotenv.ts';
import { createProjectChanges } from '../../scripts/compose-file/planned-change.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { createFiles } from '../../scripts/platform/files.ts';

const NEVER = new AbortController().signal;
const DEAF = { progress() {}, note() {}, warn() {} };

test('a value in .env under another name is written and taken out again in one run', async () => {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  try {
    const [file, dotenv] = [join(home, 'compose.yml'), join(home, '.env')];
    await writeFile(file, 'services:\n  bff:\n    environment:\n      DCR_IAT: ${BFF_IAT:-}\n');
    await writeFile(dotenv, 'OTHER=x\n');
    const changes = createProjectChanges({
      files: createFiles(),
      paths: [file],
      dotenv,
      service: 'bff',
      variable: 'DCR_IAT',
      mode: 'auto',
      isExported: () => false,
      checkByHand: 'compose config',
      async resolve(_signal, exported = {}) {
        const values = readDotenv(await readFile(dotenv));
        return { bff: { DCR_IAT: exported['BFF_IAT'] ?? values.get('BFF_IAT') ?? '' } };
      },
    });
    const token = new Secret('test-only-iat-0001', 'IAT');
    const write = await changes.planWrite(await changes.read(NEVER), { correct: {}, add: {} });
    expect((await write.write(token, 'sha256:1a2b3c4d', DEAF, NEVER)).change?.changed).toEqual(['BFF_IAT']);
    const clear = await changes.planClear(await changes.read(NEVER), null);
    expect((await clear.clear(DEAF, NEVER)).change).toMatchObject({ before: 'absent', changed: [], diff: null });
    expect(await readFile(dotenv, 'utf8')).toBe('OTHER=x\n');
  } finally {
    await rm(home, { recursive: true });
  }
});
