import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findLeaks, readAllFiles } from '../support/leaks.ts';
import { ADMIN_TOKEN, COMPOSE_FILE, createStandIn, IAT, type StandIn } from '../support/stand-in.ts';
import { describeInTerminal, drawnLines, startInTerminal } from '../support/terminal.ts';

const PROMPT = /Admin access token of the IdP \(hidden\): /;

function start(standIn: StandIn, ...args: string[]) {
  const env = { ...standIn.env, IAT_ADMIN_TOKEN: '' };
  return startInTerminal([...standIn.args, ...args], { cwd: standIn.home, env });
}

async function verifyInterrupted(standIn: StandIn, exitCode: number): Promise<void> {
  expect(standIn.mints()).toBe(0);
  expect(await readFile(standIn.composeFile, 'utf8')).toBe(COMPOSE_FILE);
  expect(await standIn.names()).toEqual(['compose.yaml']);
  const reports = join(standIn.home, 'reports');
  const [folder = ''] = (await readdir(reports)).filter((name) => name.endsWith('-iat'));
  const result = JSON.parse(await readFile(join(reports, folder, 'result.json'), 'utf8'));
  expect(result).toMatchObject({ verdict: 'interrupted', exitCode, error: { code: 'interrupted' } });
}

describeInTerminal('the hidden prompt', () => {
  test('takes a pasted token, with "Bearer" before and a blank behind, and shows nothing of it', async () => {
    const standIn = await createStandIn();
    const session = start(standIn);
    await session.shows(PROMPT);
    session.type(`Bearer ${ADMIN_TOKEN} \r`);
    const { exitCode, output } = await session.ended;
    expect(exitCode, output).toBe(0);
    expect(standIn.calls.find(({ title }) => title.startsWith('POST'))?.authorization).toBe(`Bearer ${ADMIN_TOKEN}`);
    const { [standIn.composeFile]: _, ...files } = await readAllFiles(standIn.home);
    for (const secret of [ADMIN_TOKEN, IAT]) expect(findLeaks(secret, { ...files, output })).toEqual([]);
    expect(output).not.toMatch(/Bearer/);
  });

  test('also where standard input is to be read, which a terminal would show', async () => {
    const standIn = await createStandIn();
    const session = start(standIn, '--admin-token-file', '-');
    await session.shows(PROMPT);
    session.type(`${ADMIN_TOKEN}\r`);
    const { exitCode, output } = await session.ended;
    expect(exitCode, output).toBe(0);
    expect(findLeaks(ADMIN_TOKEN, { output })).toEqual([]);
  });

  test('Ctrl-C ends with 130, and nothing was changed', async () => {
    const standIn = await createStandIn();
    const session = start(standIn);
    await session.shows(PROMPT);
    session.type('test-only-half-a-to\x03');
    const { exitCode, output } = await session.ended;
    expect(exitCode, output).toBe(130);
    expect(output).toContain('Nothing was changed.');
    expect(output).not.toContain('test-only-half');
    await verifyInterrupted(standIn, 130);
  });

  test('SIGTERM ends with 143, and nothing was changed', async () => {
    const standIn = await createStandIn();
    const session = start(standIn);
    await session.shows(PROMPT);
    session.kill('SIGTERM');
    expect((await session.ended).exitCode).toBe(143);
    await verifyInterrupted(standIn, 143);
  });

  test('Ctrl-D and an empty line are no token', async () => {
    const standIn = await createStandIn();
    const session = start(standIn);
    await session.shows(PROMPT);
    session.type('\x04');
    const { exitCode, output } = await session.ended;
    expect(exitCode, output).toBe(2);
    expect(output).toContain('There is no admin token: the prompt is empty.');
  });
});

describeInTerminal('where a fresh token will not help', () => {
  const QUESTION = /Mint a token and restart the BFF anyway\? \[y\/N\] /;

  /** Before anything happens, the log of the BFF says that it is registered. */
  async function createRegistered(): Promise<StandIn> {
    const standIn = await createStandIn();
    const body = `${new Date().toISOString()} INFO Client registered: bff-server\n`;
    standIn.answer(/^docker logs (?!.*-f)/, { status: 0, body });
    return standIn;
  }

  test.for([
    ['nothing', '\r'],
    ['Ctrl-D', '\x04'],
  ] as const)('there is a question before the prompt for a token; %s ends it', async ([, typed]) => {
    const standIn = await createRegistered();
    const session = start(standIn);
    await session.shows(QUESTION);
    session.type(typed);
    const { exitCode, output } = await session.ended;
    expect(exitCode, output).toBe(1);
    expect(output).toMatch(/a fresh token will not help\.[^?]*It needs\s+no\s+IAT\s+now\./);
    expect(output).toContain('Stopped: a fresh token would not help.');
    expect(output).not.toMatch(PROMPT);
    expect(standIn.mints()).toBe(0);
    expect(await readFile(standIn.composeFile, 'utf8')).toBe(COMPOSE_FILE);
  });

  test('y goes on to the prompt, and the answer is shown', async () => {
    const standIn = await createRegistered();
    const session = start(standIn);
    await session.shows(QUESTION);
    session.type('y\r');
    await session.shows(PROMPT);
    session.type(`${ADMIN_TOKEN}\r`);
    const { exitCode, output } = await session.ended;
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/\[y\/N\] y\r?\n/);
    expect(standIn.mints()).toBe(1);
    expect(drawnLines(output).filter((line) => line.length >= 80)).toEqual([]);
  });

  test('Ctrl-C at the question ends with 130', async () => {
    const standIn = await createRegistered();
    const session = start(standIn);
    await session.shows(QUESTION);
    session.type('\x03');
    expect((await session.ended).exitCode).toBe(130);
    await verifyInterrupted(standIn, 130);
  });
});

describeInTerminal('a terminal of 80 columns', () => {
  test('no line is wider at any time, the cursor comes back, and Ctrl-C leaves it tidy', async () => {
    const standIn = await createStandIn();
    standIn.hold(/^GET \/health/);
    const session = startInTerminal(standIn.args, { cwd: standIn.home, env: standIn.env });
    await session.shows(/✔.* bootstrap/);
    session.type('\x03');
    const { exitCode, output } = await session.ended;
    expect(exitCode, output).toBe(130);
    expect(output).toContain('\x1b[?25l');
    expect(output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(output.lastIndexOf('\x1b[?25l'));
    expect(drawnLines(output).filter((line) => line.length >= 80)).toEqual([]);
    expect(drawnLines(output)).toContain('Interrupted.');
  });
});
