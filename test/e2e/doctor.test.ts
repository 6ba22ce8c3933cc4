import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { documentOf, runCommand } from '../support/command.ts';
import { runHere } from '../support/in-process.ts';
import { createHome, createStandIn } from '../support/stand-in.ts';
import { openStory, type Story } from '../support/story.ts';

const NEVER = new AbortController().signal;
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/logs/${name}.log`, import.meta.url));

/** Every line of the BFF until these words, or until its process has ended. */
async function untilLogged({ sandbox }: Story, words: string): Promise<void> {
  const [container] = await sandbox.stack.instances(NEVER);
  for await (const { text } of sandbox.stack.logs(container?.id ?? '', { follow: true, signal: NEVER })) {
    if (text.includes(words)) return;
  }
}

const FAILED = 'Application startup failed';

/** Gives the service another environment, as a person would by hand. */
async function edit(story: Story, from: string, to: string): Promise<void> {
  await writeFile(story.sandbox.composeFile, (await story.compose()).replace(from, to));
}

async function restartWith(story: Story, from: string, to: string): Promise<void> {
  await edit(story, from, to);
  await story.sandbox.stack.up(NEVER);
}

describe('npm run doctor against the sandbox', () => {
  test('no IAT: says so, that one helps, and changes nothing', async () => {
    const story = await openStory();
    const before = await story.compose();
    await untilLogged(story, FAILED);
    const { run, all } = await story.run('doctor');
    expect(run, all).toMatchObject({
      command: 'doctor',
      verdict: 'unhealthy',
      exitCode: 1,
      steps: [
        { name: 'settings', status: 'passed' },
        { name: 'container' },
        { name: 'log', status: 'failed' },
        {
          name: 'idp',
          status: 'passed',
          summary: expect.stringMatching(/^from the BFF it answers .* here it answers/),
        },
        { name: 'health', status: 'failed', summary: expect.stringContaining('ECONNREFUSED') },
      ],
      token: null,
      compose: null,
      diagnosis: { code: 'iat-missing', iatHelps: true, evidence: [expect.stringContaining('No cached credentials')] },
      error: { code: 'fault-found' },
    });
    expect(await story.compose()).toBe(before);
    const [folder = ''] = (await readdir(join(story.home, 'reports'))).filter((name) => name.endsWith('-doctor'));
    expect(await readdir(join(story.home, 'reports', folder))).toEqual(['index.html', 'junit.xml', 'result.json']);
  });

  test('a stale one: cause, evidence, fix and whether an IAT helps fit on one screen', async () => {
    const story = await openStory({ staleIat: true });
    await untilLogged(story, FAILED);
    const { run, all } = await story.run('doctor');
    expect(run.diagnosis, all).toMatchObject({ code: 'iat-invalid', iatHelps: true });
    expect(all).toMatch(
      /mis-pasted\.\n( {2}\| .*\n)+ {2}Mint a fresh IAT, .*:\n {2}npm run iat -- --collection \S+\n {2}A fresh IAT helps\.\n/,
    );
    // A command to be copied stays whole.
    const lines = all.split('\n').filter((line) => !line.startsWith('  npm run'));
    expect(lines.length).toBeLessThan(24);
    expect(lines.filter((line) => line.length > 80 && line.trim().includes(' '))).toEqual([]);
  });

  test('an IdP that cannot be reached: found by the log and by asking; iat stops, and goes on once it answers', async () => {
    const story = await openStory({ staleIat: true });
    const there = /IDP_BASE_URL: .*/.exec(await story.compose())?.[0] ?? '';
    const away = 'IDP_BASE_URL: http://127.0.0.1:1/api/oidc';
    await restartWith(story, there, away);
    await untilLogged(story, FAILED);
    const { run, all } = await story.run('doctor');
    expect(run, all).toMatchObject({ exitCode: 1, diagnosis: { code: 'idp-unreachable', iatHelps: false } });
    expect(all).toMatch(/✖ idp .*from the BFF it cannot be reached: the connection is refused;/);
    expect((await story.run('iat')).run).toMatchObject({
      exitCode: 1,
      token: null,
      error: { code: 'iat-does-not-help' },
    });
    await edit(story, away, there);
    const went = await story.run('iat');
    expect(went.run, went.all).toMatchObject({ exitCode: 0 });
  });
});

describe('npm run doctor, where it cannot look', () => {
  test('no Docker: exit 3, and the parts that could be looked at are there', async () => {
    const standIn = await createStandIn([]);
    const args = standIn.args.slice(0, 4);
    const ended = await runHere([...args, '--json'], { command: 'doctor', cwd: standIn.home, env: standIn.env });
    const document = documentOf(ended);
    expect(document, ended.stderr).toMatchObject({ exitCode: 3, verdict: 'failed', error: { code: 'docker-missing' } });
    const steps = document.steps.map(({ name, status }) => `${name} ${status}`);
    expect(steps).toEqual(['settings failed', 'container skipped', 'log skipped', 'idp passed', 'health passed']);
    expect(ended.stderr).toContain('--log-file FILE');
  });
});

test('npm run doctor, a tab in the YAML: the line and the reason, as iat says it', async () => {
  const standIn = await createStandIn();
  await writeFile(standIn.composeFile, 'services:\n  bff:\n\tenvironment: {}\n');
  standIn.answer(/ config /, { status: 15, body: 'yaml: line 3: found character that cannot start any token\n' });
  for (const command of ['doctor', 'iat'] as const) {
    const own = command === 'iat' ? standIn.args : standIn.args.slice(0, 4);
    const ended = await runHere([...own, '--json'], { command, cwd: standIn.home, env: standIn.env });
    expect(documentOf(ended), ended.all).toMatchObject({
      exitCode: 2,
      error: { code: 'yaml-syntax', message: expect.stringMatching(/tab.*compose\.yaml:3/) },
    });
  }
});

describe('npm run doctor -- --log-file', () => {
  // Neither Docker nor a compose file is there.
  const doctor = async (args: readonly string[], input = '') => {
    const ended = await runHere(['--json', ...args], { command: 'doctor', cwd: await createHome(), input });
    return { ...ended, document: documentOf(ended) };
  };

  test.for([
    ['idp-unreachable.httpx-traceback', 1, { code: 'idp-unreachable', iatHelps: false }],
    ['iat-invalid.powershell-utf16', 1, { code: 'iat-invalid', iatHelps: true }],
    ['registered.plain', 0, { code: 'registered' }],
    ['unknown.quiet-start', 1, { code: 'unknown', iatHelps: null }],
  ] as const)('%s: exit %i', async ([name, exitCode, diagnosis]) => {
    const { document, stderr } = await doctor(['--log-file', fixture(name)]);
    expect(document, stderr).toMatchObject({ exitCode, diagnosis });
    expect(document.steps.map((step) => step.name)).toEqual(['log']);
  });

  test('standard input is read to its end, whatever comes after what decides', async () => {
    const noise = 'INFO:     10.0.0.1:1 - "GET /health HTTP/1.1" 200 OK\n'.repeat(100_000);
    const { document, stderr } = await doctor(
      ['--log-file', '-'],
      `${await readFile(fixture('iat-invalid.plain-httpx'), 'utf8')}${noise}`,
    );
    expect(document, stderr).toMatchObject({ exitCode: 1, diagnosis: { code: 'iat-invalid' } });
    expect(document.steps[0]?.summary).toMatch(/^100009 lines of standard input/);
  });

  test('a file of 80 MB is read with a heap of 48 MB, and its token is not shown', async () => {
    const cwd = await createHome();
    const path = join(cwd, 'bff.log');
    const file = await open(path, 'w');
    const block = 'INFO:     10.0.0.1:1 - "GET /api/v1/items?page=2 HTTP/1.1" 200 OK\n'.repeat(15_000);
    const secret = 'Authorization: Bearer test-only-0123456789abcdef';
    for (let written = 0; written < 80; written++) {
      await file.write(written === 40 ? `ERROR dcr registration failed: 401 invalid_token (${secret})\n` : block);
    }
    await file.close();
    const env = { NODE_OPTIONS: '--max-old-space-size=48' };
    const ended = await runCommand(['--log-file', 'bff.log'], { command: 'doctor', cwd, env });
    expect(ended.exitCode, ended.all).toBe(1);
    expect(ended.all).toContain('The IdP does not accept the IAT');
    expect(ended.all).toContain('invalid_token');
    expect(ended.all).not.toContain('0123456789abcdef');
    const [folder = ''] = (await readdir(join(cwd, 'reports'))).filter((name) => name.endsWith('-doctor'));
    expect(await readFile(join(cwd, 'reports', folder, 'index.html'), 'utf8')).not.toContain('0123456789abcdef');
  });

  test('there is none: exit 2, and how to save one', async () => {
    const { document } = await doctor(['--log-file', 'none.log']);
    expect(document).toMatchObject({
      exitCode: 2,
      error: { code: 'bad-value', hint: expect.stringContaining('logs') },
    });
  });
});
