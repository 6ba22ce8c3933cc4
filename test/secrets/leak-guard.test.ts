import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { execute } from '../../scripts/cli/execute.ts';
import { Secret } from '../../scripts/core/secret.ts';
import type { Context } from '../../scripts/runbook/job.ts';
import type { Outcome } from '../../scripts/runbook/recorder.ts';
import { Transcript } from '../../scripts/secrets/leak-guard.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { openHere } from '../support/in-process.ts';

const TOKEN = 'test-only-initial-access-token-0001';

/** A run whose only step is given, in this process and in a folder of its own. */
async function runStep(
  step: (context: Context, print: (text: string) => void) => void | Promise<void>,
  options: { readonly args?: readonly string[]; readonly env?: Record<string, string>; readonly home?: string } = {},
) {
  const home = options.home ?? (await makeHome());
  const { session, read, print, output } = await openHere(options.args ?? [], {
    command: 'health',
    cwd: home,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  if (read.kind === 'print') throw new Error('only printed');
  const run = await execute(session, {
    command: 'health',
    steps: [],
    settings: read.settings,
    adminToken: null,
    sandbox: null,
    async run(context): Promise<Outcome> {
      await context.recorder.step('health', async () => step(context, print));
      return { verdict: 'healthy' };
    },
  });
  return { run, home, ...output() };
}

async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

async function readReports(home: string): Promise<string> {
  const names = await readdir(join(home, 'reports'), { recursive: true });
  const files = names.filter((name) => /\.(?:html|xml|json)$/.test(name));
  expect(files).not.toEqual([]);
  return (await Promise.all(files.map((name) => readFile(join(home, 'reports', name), 'utf8')))).join('\n');
}

describe('the terminal', () => {
  test('a secret that was printed before it was known as one fails the run, in every report too', async () => {
    const hex = Buffer.from(TOKEN).toString('hex');
    const { run, stdout, home } = await runStep(({ tools }, print) => {
      print(`early: ${hex.slice(0, 20)}`);
      print(`${hex.slice(20)}\n`);
      tools.learn(new Secret(TOKEN, 'IAT'));
    });
    const message = 'A secret was printed to stdout: IAT, raw, in hexadecimal bytes.';
    expect(run).toMatchObject({ exitCode: 3, verdict: 'failed', error: { code: 'leak', message } });
    expect(stdout.replaceAll(hex, '')).toContain(message);
    expect(await readReports(home)).toContain(message);
  });

  test('a secret that is printed at the very end counts as well', async () => {
    const { run, stdout } = await runStep(
      (_, print) => {
        print(TOKEN.slice(0, 9));
        print(TOKEN.slice(9));
      },
      { env: { IAT_ADMIN_TOKEN: TOKEN } },
    );
    expect(run).toMatchObject({ exitCode: 3, error: { code: 'leak' } });
    expect(stdout).toContain('A secret was printed to stdout: admin token, raw.');
  });

  test('a run that prints no secret passes', async () => {
    const { run } = await runStep(({ tools }, print) => {
      print('nothing\n');
      tools.learn(new Secret(TOKEN, 'IAT'));
    });
    expect(run).toMatchObject({ exitCode: 0, error: null });
  });

  test('its text is kept in bounded memory, and text is searched before it is dropped', () => {
    const masker = new Masker();
    masker.add(new Secret(TOKEN, 'IAT'));
    const quiet = new Transcript(masker);
    const line = `${'nothing of interest, '.repeat(50)}\n`;
    const before = process.memoryUsage().heapUsed;
    for (let written = 0; written < 20_000_000; written += line.length) quiet.write('stderr', line);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000);
    expect(quiet.leak()).toBeNull();
    quiet.write('stderr', TOKEN);
    for (let written = 0; written < 2_500_000; written += line.length) quiet.write('stderr', line);
    expect(quiet.leak()).toMatchObject({ stream: 'stderr', leak: { label: 'IAT', form: 'raw' } });
  });
});

describe('files', () => {
  test('an earlier report with a secret stays, is left out of the page over all runs, and is named', async () => {
    const home = await makeHome();
    const old = join(home, 'reports', '2026-01-01T00-00-00-000Z-iat');
    await mkdir(old, { recursive: true });
    const result = { schema: 1, command: 'iat', verdict: 'failed', error: { message: `IdP said ${TOKEN}` }, steps: [] };
    await writeFile(join(old, 'result.json'), JSON.stringify(result));
    const { run, stdout } = await runStep(({ tools }) => tools.learn(new Secret(TOKEN, 'IAT')), { home });
    expect(run).toMatchObject({ exitCode: 0, error: null });
    expect(stdout.replace(/\s+/g, '')).toContain(`leavesout${old.slice(home.length + 1)}:`);
    expect(stdout).not.toContain(TOKEN);
    expect(await readdir(old)).toEqual(['result.json']);
    const page = await readFile(join(home, 'reports', 'index.html'), 'utf8');
    expect(page).not.toContain(TOKEN.slice(0, 12));
    expect(page).toContain('1 run,');
  });
});

describe('GitHub Actions', () => {
  const AWKWARD = 'test-only-50%off-token\r\nline-0002';
  const LINE = '::add-mask::test-only-50%25off-token%0D%0Aline-0002\n';
  const learn = ({ tools }: Context) => {
    tools.learn(new Secret(AWKWARD, 'IAT'));
    tools.learn(new Secret(AWKWARD, 'IAT'));
    tools.learn(new Secret('test-only-found-0003', 'Cookie'), 'found');
  };
  const env = { GITHUB_ACTIONS: 'true' };

  test('each secret is told to the runner once, before anything is printed about it', async () => {
    const { run, stdout, stderr } = await runStep(learn, { env });
    expect(run).toMatchObject({ exitCode: 0, error: null });
    expect(stdout.startsWith(LINE)).toBe(true);
    expect(stdout.slice(LINE.length)).not.toMatch(/add-mask|0002|0003/);
    expect(stderr).toBe('');
  });

  test('on stderr where stdout holds the JSON document', async () => {
    const { stdout, stderr } = await runStep(learn, { env, args: ['--json'] });
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 0 });
    expect(stderr.startsWith(LINE)).toBe(true);
  });

  test.each([{}, { GITHUB_ACTIONS: 'false' }, { CI: 'true' }])('nothing is told elsewhere: %o', async (other) => {
    const { stdout, stderr } = await runStep(learn, { env: other });
    expect(stdout + stderr).not.toMatch(/add-mask|50%/);
  });
});
