import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadRenderers } from '../../scripts/cli/reports.ts';
import { writeReportsNow } from '../../scripts/cli/reports-now.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { reportFiles } from '../../scripts/platform/report-folder.ts';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import { compress, findIn } from '../../scripts/secrets/compressed.ts';
import { verifyNoLeak } from '../../scripts/secrets/leak-guard.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { ADMIN_TOKEN, exchange, header } from '../report/sample-exchanges.ts';
import { attempt, healthyRun, step } from '../report/sample-run.ts';

const TOKEN = 'test-only-initial-access-token-0001';
const masker = new Masker();
masker.add(new Secret(TOKEN, 'IAT'));

/** A request whose secret stands only in the page, and there only where it is packed. */
const seen = () =>
  exchange({
    request: { method: 'GET', url: 'http://x.test', headers: [header('X-Note', ADMIN_TOKEN)], body: null },
  });

const pageWith = (...blocks: readonly (string | Buffer)[]) => {
  const texts = blocks.map(
    (block) =>
      `<script type="application/octet-stream" data-last="7">${typeof block === 'string' ? block : block.toString('base64')}</script>`,
  );
  return `<!doctype html><p>nothing</p>${texts.join('')}<p>nothing</p>`;
};
const packed = (text: string) => deflateSync(text);

describe('a secret in a compressed block of a report', () => {
  test.for([
    ['raw', TOKEN],
    ['in base64', Buffer.from(TOKEN).toString('base64')],
    ['as JSON in JSON', JSON.stringify(JSON.stringify({ token: TOKEN }))],
    ['a part of it', TOKEN.slice(3, 20)],
    ['beside much else', `${'nothing of interest. '.repeat(50_000)}${TOKEN}`],
  ] as const)('is found, and the file removed: %s', async ([, text]) => {
    const { path, remove } = await makeTemporaryFolder();
    onTestFinished(remove);
    const file = join(path, 'index.html');
    const page = pageWith(packed('nothing'), packed(text));
    expect(masker.find(page)).toEqual([]);
    await writeFile(file, page);
    await expect(verifyNoLeak([file], masker, reportFiles)).rejects.toMatchObject({
      code: 'leak',
      message: expect.stringMatching(/^A report held a secret and was removed: IAT, .*, compressed, at \d+ in /),
    });
    expect(existsSync(file)).toBe(false);
  });

  test('is not made up', () => {
    expect(findIn(pageWith(packed('nothing'), packed('')), masker)).toEqual([]);
    expect(findIn(Buffer.from(pageWith(compress('nothing', masker))), masker)).toEqual([]);
  });

  test('counts as found where the block cannot be searched', () => {
    const broken = packed('nothing at all').subarray(0, 9);
    expect(findIn(pageWith(broken), masker)).toMatchObject([{ form: 'unreadable, compressed' }]);
    const bomb = deflateSync(Buffer.alloc(70_000_000));
    expect(findIn(pageWith(bomb), masker)).toMatchObject([{ form: 'unreadable, compressed' }]);
  });

  test('is found before it is compressed', () => {
    expect(() => compress(`a ${TOKEN}`, masker)).toThrow('IAT, raw.');
  });
});

test('a run that is cut short leaves no page that would hold a secret', async () => {
  await loadRenderers();
  const { path, remove } = await makeTemporaryFolder();
  onTestFinished(remove);
  class Blind extends Masker {
    override mask(text: string): string {
      return text;
    }
  }
  const blind = new Blind();
  blind.add(new Secret(ADMIN_TOKEN, 'admin token'));
  const run = healthyRun({
    command: 'collection',
    steps: [
      step('collection', { attempts: [attempt(0, 5, [...Array.from({ length: 80 }, () => exchange()), seen()])] }),
    ],
  });
  const { folder } = writeReportsNow(run, blind, reportFiles, join(path, 'reports'));
  expect(await readdir(folder ?? '')).toEqual(['junit.xml', 'result.json']);
});
