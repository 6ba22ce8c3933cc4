import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, watch } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ResultDocument } from '../../scripts/report/result-json.ts';
import { groupEnds, type Running, startCommand } from '../support/command.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';
import { ADMIN_TOKEN, COMPOSE_FILE, createHome, createStandIn, IAT, type StandIn } from '../support/stand-in.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** The real one; a dry one in preflight only asks what it would do. */
const UP = /^(?!.*--dry-run).* up -d bff$/;

const isWritten = (standIn: StandIn) => readFileSync(standIn.composeFile, 'utf8').includes(IAT);

/** What is held at each step, and whether the compose file has the token when the run was interrupted there. */
const STEPS = [
  { step: 'preflight', held: /^docker version/, file: 'old' },
  { step: 'mint', held: /^POST /, file: 'old' },
  { step: 'write', held: / config /, file: 'old' },
  { step: 'bootstrap', held: / logs .*-f/, file: 'new' },
  { step: 'health', held: /^GET \/health/, file: 'new' },
] as const;

// What is held is never released: a run that waited for it would not end.
describe('a signal at each step ends the run cleanly, whatever it is waiting for', () => {
  const cases = [
    ...STEPS.map((each) => ({ ...each, signal: 'SIGINT' as const })),
    { ...STEPS[1], signal: 'SIGTERM' as const },
  ];
  test.for(cases)('$step, $signal', async ({ step, held, file, signal }) => {
    const standIn = await createStandIn();
    const { reached } = standIn.hold(held, step === 'write' ? () => isWritten(standIn) : undefined);
    const run = startCommand(standIn.args, { cwd: standIn.home, env: standIn.env });
    await Promise.race([reached, verifyRuns(run)]);

    run.kill(signal);
    const { exitCode, all } = await run.ended;
    expect(exitCode, all).toBe(EXIT_CODES[signal]);
    expect(all).toContain('Interrupted.\n  Running again is safe.\n');
    const result = await readResult(standIn.home);
    expect(result).toMatchObject({
      verdict: 'interrupted',
      exitCode: EXIT_CODES[signal],
      error: { code: 'interrupted' },
    });
    expect(result.steps.find(({ status }) => status === 'failed')).toMatchObject({ name: step });
    expect(standIn.mints()).toBe(step === 'preflight' ? 0 : 1);
    await verifyLeft(standIn, run, file);
  });
});

describe('while compose replaces the container', () => {
  test('compose comes to its end first, and the run says why', async () => {
    const standIn = await createStandIn();
    const up = standIn.hold(UP);
    const run = startCommand(standIn.args, { cwd: standIn.home, env: standIn.env });
    const call = await Promise.race([up.reached, verifyRuns(run)]);
    run.kill('SIGINT');
    await run.prints(/Compose is still replacing the container of bff.* up to 30 s .* Ctrl-C again ends at once/);
    up.release();
    const { exitCode } = await run.ended;

    expect(await call.ended).toBe('answered');
    expect(exitCode).toBe(EXIT_CODES.SIGINT);
    expect(await readResult(standIn.home)).toMatchObject({ verdict: 'interrupted', compose: { wrote: 'compose' } });
    await verifyLeft(standIn, run, 'new');
  });

  test('Ctrl-C again and again: it ends at once, and compose goes on', async () => {
    const standIn = await createStandIn();
    const up = standIn.hold(UP);
    const run = startCommand(standIn.args, { cwd: standIn.home, env: standIn.env });
    const call = await Promise.race([up.reached, verifyRuns(run)]);
    const { exitCode } = await interruptUntilEnded(run);
    expect(exitCode).toBe(130);
    up.release();
    expect(await call.ended).toBe('answered');
    expect(isWritten(standIn)).toBe(true);
  });
});

test('a sandbox that is just starting takes its folder away', async () => {
  const home = await createHome();
  const temporary = join(home, 'tmp');
  await mkdir(temporary);
  const run = startCommand(['--sandbox'], { cwd: home, env: { TMPDIR: temporary } });
  await Promise.race([entryIn(temporary, /^bff-iat-/), verifyRuns(run)]);
  run.kill('SIGINT');
  expect((await run.ended).exitCode).toBe(130);
  expect((await readdir(temporary)).filter((name) => name.startsWith('bff-iat-'))).toEqual([]);
  expect(await readResult(home)).toMatchObject({ verdict: 'interrupted' });
});

/** Never resolves; rejects when the command ends before it was meant to. */
async function verifyRuns(run: Running): Promise<never> {
  const { exitCode, all } = await run.ended;
  throw new Error(`It ended early with ${exitCode}:\n${all}`);
}

/** Ctrl-C in a loop, as a person without patience types it. */
async function interruptUntilEnded(run: Running) {
  const hammer = setInterval(() => run.kill('SIGINT'), 50);
  const ended = await run.ended.finally(() => clearInterval(hammer));
  return ended;
}

async function readResult(home: string): Promise<ResultDocument> {
  const reports = join(home, 'reports');
  const [folder = ''] = (await readdir(reports)).filter((name) => name.endsWith('-iat'));
  expect(await readdir(join(reports, folder))).toEqual(['index.html', 'junit.xml', 'result.json']);
  return JSON.parse(await readFile(join(reports, folder, 'result.json'), 'utf8'));
}

/** The compose file as it was or with the token, no lock, no child, no secret anywhere else. */
async function verifyLeft(standIn: StandIn, run: Running, file: 'old' | 'new'): Promise<void> {
  const compose = await readFile(standIn.composeFile, 'utf8');
  expect(compose.replace(/^.*DCR_IAT.*\n/m, '')).toBe(COMPOSE_FILE);
  expect(compose.includes(IAT)).toBe(file === 'new');
  expect(await standIn.names()).toEqual(['compose.yaml']);
  await standIn.idle();
  await groupEnds(run.pid);
  const { all } = await run.ended;
  const { [standIn.composeFile]: _, ...files } = await readAllFiles(standIn.home);
  for (const secret of [ADMIN_TOKEN, IAT]) expect(findLeaks(secret, { ...files, all })).toEqual([]);
}

async function entryIn(folder: string, name: RegExp): Promise<void> {
  for await (const { filename } of watch(folder)) if (name.test(filename ?? '')) return;
}
