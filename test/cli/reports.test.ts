import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { addStepSummary, writeReports } from '../../scripts/cli/reports.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { reportFiles } from '../../scripts/platform/report-folder.ts';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import { reportFolderName } from '../../scripts/report/folder.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { FACTS } from '../report/collection-samples.ts';
import { collectionRun } from '../report/extreme-runs.ts';
import { ADMIN_TOKEN, sampleMasker } from '../report/sample-exchanges.ts';
import { failedMintRun, healthyRun } from '../report/sample-run.ts';

let reports: string;

beforeEach(async () => {
  const temporary = await makeTemporaryFolder();
  onTestFinished(() => temporary.remove());
  reports = join(temporary.path, 'reports');
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 10, minute));
const nameOf = (minute: number) => reportFolderName(at(minute), 'iat');
const write = (minute: number, keep = 50) =>
  writeReports(healthyRun({ startedAt: at(minute) }), sampleMasker(), reportFiles, { reports, keep });
const history = () => readFile(join(reports, 'index.html'), 'utf8');
/** What is in the folder of the reports, but the copy of the newest one. */
const names = async () => (await readdir(reports)).filter((name) => name !== 'latest').sort();
const linksOf = (html: string) =>
  [...html.matchAll(/<th scope="row"><a href="([^"/]+)\/index.html"/g)].map((match) => match[1]);

describe('the reports that stay', () => {
  test('are the newest, and the page lists just them', async () => {
    for (const minute of [1, 2, 3, 4]) await write(minute, 2);
    expect(await names()).toEqual([nameOf(3), nameOf(4), 'index.html']);
    expect(linksOf(await history())).toEqual([nameOf(4), nameOf(3)]);
  });

  test('include those with an added file, folders of other origin, and what links lead to', async () => {
    for (const minute of [1, 2, 3]) await write(minute);
    const elsewhere = join(reports, '..', 'elsewhere');
    await mkdir(join(elsewhere, 'data'), { recursive: true });
    await writeFile(join(elsewhere, 'result.json'), await readFile(join(reports, nameOf(1), 'result.json')));
    await writeFile(join(reports, nameOf(1), 'notes.txt'), 'read by QA');
    await symlink(elsewhere, join(reports, nameOf(0)), 'junction');
    await mkdir(join(reports, 'of-other-origin'));
    await mkdir(join(reports, nameOf(4)));
    await mkdir(join(reports, nameOf(2), 'screenshots'));
    await write(5, 1);
    expect(await names()).toEqual(
      [nameOf(0), nameOf(1), nameOf(2), nameOf(4), nameOf(5), 'index.html', 'of-other-origin'].sort(),
    );
    expect((await readdir(join(reports, nameOf(1)))).sort()).toEqual([
      'index.html',
      'junit.xml',
      'notes.txt',
      'result.json',
    ]);
    expect((await readdir(elsewhere)).sort()).toEqual(['data', 'result.json']);
  });

  test('are there after many runs that end at once, and the page knows all of them', async () => {
    const minutes = Array.from({ length: 12 }, (_, index) => index);
    await Promise.all(minutes.map((minute) => write(minute)));
    expect(linksOf(await history())).toEqual(minutes.map(nameOf).reverse());
    // Each makes room for itself, and none stumbles over what another one removes.
    await Promise.all(minutes.map((minute) => write(20 + minute, 3)));
    const left = (await names()).filter((name) => name !== 'index.html');
    expect(left.slice(-3)).toEqual([29, 30, 31].map(nameOf));
    await write(40, 3);
    expect(await names()).toEqual([nameOf(30), nameOf(31), nameOf(40), 'index.html']);
  });
});

describe('the page over all runs', () => {
  test('survives runs that were killed at any point', async () => {
    for (const minute of [1, 2, 3, 4]) await mkdir(join(reports, nameOf(minute)), { recursive: true });
    await writeFile(join(reports, nameOf(2), 'result.json'), '{"schema":1,"comm');
    await mkdir(join(reports, nameOf(3), 'result.json'));
    execFileSync('mkfifo', [join(reports, nameOf(4), 'result.json')]);
    const { notes } = await write(5);
    expect(notes).toEqual([]);
    expect((await history()).match(/>No result<\/b>/g)).toHaveLength(4);
  });

  test('does not overwrite a page of other origin, and reports that', async () => {
    await mkdir(reports);
    await writeFile(join(reports, 'index.html'), '<title>My site</title>');
    const { notes, paths } = await write(1);
    expect(notes).toEqual([expect.stringContaining('was not written by this tool and stays as it is')]);
    expect(await history()).toBe('<title>My site</title>');
    expect(await readFile(paths.html ?? '', 'utf8')).toContain('Healthy');
  });
});

describe('the step summary', () => {
  const path = () => join(reports, '..', 'summary.md');
  const add = (masker = sampleMasker(), to: string | undefined = path()) =>
    addStepSummary(failedMintRun(), masker, reportFiles, to);

  test('is added to what other steps wrote', async () => {
    await writeFile(path(), 'a line left open');
    expect(await add()).toBeNull();
    await appendFile(path(), '# Another step\n');
    expect(await readFile(path(), 'utf8')).toMatch(/^a line left open\n## ❌ Failed: iat\n[\s\S]*\n# Another step\n$/);
  });

  test('is not written without the variable', async () => {
    expect(await addStepSummary(healthyRun(), sampleMasker(), reportFiles, undefined)).toBeNull();
  });

  test('is reported as missing where it cannot be written', async () => {
    expect(await add(sampleMasker(), join(reports, 'no', 'such', 'folder'))).toContain('GITHUB_STEP_SUMMARY');
  });

  test('never holds a secret: a leak is found before it is added', async () => {
    await writeFile(path(), 'of others\n');
    // A masker that hides nothing, as a bug would.
    class Blind extends Masker {
      override mask(text: string): string {
        return text;
      }
    }
    const blind = new Blind();
    blind.add(new Secret(ADMIN_TOKEN, 'admin token'));
    const run = healthyRun({ next: [{ text: `Try again with ${ADMIN_TOKEN}` }] });
    await expect(addStepSummary(run, blind, reportFiles, path())).rejects.toMatchObject({ code: 'leak' });
    expect(await readFile(path(), 'utf8')).toBe('of others\n');
  });
});

test('of the many requests of a run only the comparison reads', async () => {
  const run = (minute: number) => ({ ...collectionRun(2_000), startedAt: at(minute), collection: FACTS });
  const settings = { reports, keep: 50 };
  const { run: first } = await writeReports(run(1), sampleMasker(), reportFiles, settings);
  expect(first.comparison).toBeNull();
  const [folder] = await reportFiles.runs(reports);
  expect(folder?.result?.length).toBeLessThan(50_000);
  const { run: second, paths } = await writeReports(run(2), sampleMasker(), reportFiles, settings);
  expect(second.comparison).toMatchObject({
    since: at(1),
    folder: folder?.name,
    newlyFailing: [],
    added: [],
    gone: [],
  });
  expect(await readFile(paths.html ?? '', 'utf8')).toContain('Nothing changed since 2026-11-23 10:01:00 UTC');
  expect(await history()).toContain('>collection</a><small>Shop</small>');
  expect(linksOf(await history())).toHaveLength(2);
});
