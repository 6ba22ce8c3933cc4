import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDotenv } from '../../scripts/compose-file/dotenv.ts';
import { createProjectChanges } from '../../scripts/compose-file/planned-change.ts';
import type { PriorValue } from '../../scripts/core/result.ts';
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

describe('what is left where a token stood', () => {
  const compose = (entries: string) => `services:\n  bff:\n    image: x\n    environment:\n      A: b\n${entries}`;
  const token = 'test-only-iat-0001';

  test.for<[entry: string, prior: PriorValue | null, left: string]>([
    // Remarks are of people, whatever the reports know: they were lost, or are older than what somebody has done by hand.
    [`      DCR_IAT: "${token}"   # <paste_token_here>\n`, null, '      DCR_IAT: ""   # <paste_token_here>\n'],
    [`      DCR_IAT: ${token} # ours\n      C: d\n`, 'absent', '      DCR_IAT: "" # ours\n      C: d\n'],
    [`      DCR_IAT: '${token}' # ours\n`, 'value', '      DCR_IAT: "" # ours\n'],
    [`      DCR_IAT: ${token} # ours\n`, 'passed-through', '      DCR_IAT: # ours\n'],
    [`      DCR_IAT: ${token}\n`, 'empty', '      DCR_IAT: ""\n'],
    // What is remarked above stays anyway.
    [
      `      # the token\n      DCR_IAT: ${token}\n      # the next\n      C: d\n`,
      null,
      '      # the token\n      # the next\n      C: d\n',
    ],
    [`      DCR_IAT: ${token}\n`, 'absent', ''],
    [`      DCR_IAT: ${token}\n`, null, ''],
  ])('compose: %j, before: %s', async ([entry, prior, left]) => {
    const { after, notes } = await clear(compose(entry), null, prior);
    expect(after).toBe(compose(left));
    expect(notes).toEqual(
      prior === null && !left.includes('DCR_IAT') ? [expect.stringContaining('No report here says')] : [],
    );
  });

  test.for<[entry: string, prior: PriorValue | null, left: string]>([
    [`BFF_IAT=${token} # ours\n`, null, "BFF_IAT='' # ours\n"],
    [`BFF_IAT='${token}'\t# ours\n`, 'absent', "BFF_IAT=''\t# ours\n"],
    [`# ours\nBFF_IAT=${token}\n`, null, '# ours\n'],
    [`BFF_IAT=${token}`, 'absent', ''],
  ])('.env: %j, before: %s', async ([entry, prior, left]) => {
    const { after } = await clear(compose('      DCR_IAT: ${BFF_IAT:-}\n'), entry, prior);
    expect(after).toBe(left);
  });

  test('a list', async () => {
    const list = (text: string) => `services:\n  bff:\n    environment:\n      - A=b\n${text}`;
    const { after } = await clear(list(`      - DCR_IAT=${token}  # ours\n`), null, null);
    expect(after).toBe(list('      - DCR_IAT=  # ours\n'));
  });

  async function clear(text: string, env: string | null, prior: PriorValue | null) {
    const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
    const [file, dotenv] = [join(home, 'compose.yml'), join(home, '.env')];
    const changed = env === null ? file : dotenv;
    try {
      await writeFile(file, text);
      if (env !== null) await writeFile(dotenv, env);
      const isThere = async () => (await readFile(changed, 'utf8')).includes(token);
      const changes = createProjectChanges({
        files: createFiles(),
        paths: [file],
        dotenv,
        service: 'bff',
        variable: 'DCR_IAT',
        mode: 'auto',
        isExported: () => false,
        checkByHand: 'compose config',
        resolve: async () => ({ bff: { DCR_IAT: (await isThere()) ? token : '' } }),
      });
      const notes: string[] = [];
      const planned = await changes.planClear(await changes.read(NEVER), prior);
      await planned.clear({ ...DEAF, note: (each) => notes.push(each) }, NEVER);
      return { after: await readFile(changed, 'utf8'), notes };
    } finally {
      await rm(home, { recursive: true });
    }
  }
});
