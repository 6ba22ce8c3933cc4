import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithEachCompose } from '../support/docker.ts';
import { type IatRun, runClear, runIat } from '../support/docker-run.ts';
import {
  ADMIN_TOKEN,
  type ContainerFacts,
  createDockerStack,
  type DockerStack,
  STALE_IAT,
  statusOf,
} from '../support/docker-stack.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';

const WRONG_TOKEN = 'test-only-admin-token-that-nobody-knows';

// One stack for all tests of a compose, in this order, as it goes in real life: two tries that fail, one that works, one
// that comes too late; each must leave the stack so that the next can work.
describeWithEachCompose('npm run iat against containers', (compose) => {
  let stack: DockerStack;
  let failing: ContainerFacts;
  let before: string;

  beforeAll(async () => {
    stack = await createDockerStack(compose, compose.title === 'docker compose' ? 'no' : 'a stale');
    await stack.startFailing();
    failing = await stack.inspectBff();
    before = await readFile(stack.composeFile, 'utf8');
  });
  afterAll(() => stack?.remove());

  test('with a wrong admin token: 401, and nothing is touched', async () => {
    const run = await runIat(stack, WRONG_TOKEN);
    expect(run.document.error).toMatchObject({ code: 'idp-unauthorized' });
    await expectUntouched(run);
    await expectNoLeak(run, WRONG_TOKEN, {});
  });

  test('while the IdP is down: it says so, and nothing is touched', async () => {
    await stack.compose('stop', 'idp');
    // By now the BFF may have found out as well, and then a token would not help it.
    const run = await runIat(stack, ADMIN_TOKEN, '--force');
    await stack.compose('start', 'idp');
    expect(run.document.error).toMatchObject({ code: 'idp-unreachable' });
    await expectUntouched(run);
    await expectNoLeak(run, ADMIN_TOKEN, {});
  });

  test('from failing to healthy', async () => {
    await stack.waitForIdp();
    const run = await runIat(stack, ADMIN_TOKEN);
    const living = await stack.inspectBff();
    const token = living.env['DCR_IAT'] ?? '';

    expect(run.document, run.stderr).toMatchObject({
      schema: 1,
      command: 'iat',
      verdict: 'healthy',
      exitCode: 0,
      token: { handle: `sha256:${createHash('sha256').update(token).digest('hex').slice(0, 8)}`, maxUsages: 1 },
      compose: { files: [stack.composeFile], service: 'bff', wrote: 'compose', changed: ['DCR_IAT'] },
      error: null,
    });
    expect(run.exitCode).toBe(0);
    const steps = ['preflight', 'mint', 'write', 'restart', 'bootstrap', 'health'];
    expect(run.document.steps.map(({ name, status }) => `${name} ${status}`)).toEqual(
      steps.map((name) => `${name} passed`),
    );

    expect(living.id).not.toBe(failing.id);
    expect(living).toMatchObject({ status: 'running', restartCount: 0 });
    expect(await stack.readBffLog()).toContain('Client registered: bff-server');
    expect(await statusOf(`${stack.bffUrl}/health`)).toBe(200);

    const after = await readFile(stack.composeFile, 'utf8');
    expect(after.split(token)).toHaveLength(2);
    if (before.includes(STALE_IAT)) expect(after).toBe(before.replace(STALE_IAT, token));
    else expect(after.replace(`      DCR_IAT: "${token}"\n`, '')).toBe(before);

    await expectNoLeak(run, ADMIN_TOKEN, {});
    await expectNoLeak(run, token, { but: stack.composeFile });
  });

  test('iat:clear: from the token to the cached credentials', async () => {
    const registered = await stack.inspectBff();
    const token = registered.env['DCR_IAT'] ?? '';
    const run = await runClear(stack);
    expect(run.document, run.stderr).toMatchObject({
      command: 'clear',
      verdict: 'healthy',
      exitCode: 0,
      compose: { wrote: 'compose', changed: ['DCR_IAT'] },
      diagnosis: { code: 'credentials-cached' },
    });
    const living = await stack.inspectBff();
    expect(living.id).not.toBe(registered.id);
    expect(living.env).not.toHaveProperty('DCR_IAT');
    const after = await readFile(stack.composeFile, 'utf8');
    expect(after).toBe(
      before
        .split('\n')
        .filter((line) => !line.includes('DCR_IAT'))
        .join('\n'),
    );
    await expectNoLeak(run, token, {});
  });

  test('when the BFF cannot reach the IdP: the answer is no, why, and the token stays written', async () => {
    await appendFile(stack.bffEnvFile, 'SANDBOX_BFF_FAULT=idp-unreachable\n');
    const healthy = await stack.inspectBff();
    // It is registered: by its log no token would help.
    const run = await runIat(stack, ADMIN_TOKEN);
    const broken = await stack.inspectBff();
    const token = broken.env['DCR_IAT'] ?? '';

    expect(run.document, run.stderr).toMatchObject({
      verdict: 'unhealthy',
      exitCode: 1,
      diagnosis: { code: 'idp-unreachable', iatHelps: false },
    });
    expect(run.exitCode).toBe(1);
    expect(broken.id).not.toBe(healthy.id);
    expect(token).not.toBe(healthy.env['DCR_IAT']);
    expect(await readFile(stack.composeFile, 'utf8')).toContain(`DCR_IAT: "${token}"`);
    await expectNoLeak(run, token, { but: stack.composeFile });
  });

  async function expectUntouched(run: IatRun): Promise<void> {
    expect(run.exitCode).toBe(3);
    expect(run.document).toMatchObject({ verdict: 'failed', exitCode: 3, token: null });
    expect(await readFile(stack.composeFile, 'utf8')).toBe(before);
    expect((await stack.inspectBff()).id).toBe(failing.id);
  }

  /** Neither in what was printed, nor in a file of the whole folder, reports included. */
  async function expectNoLeak(run: IatRun, secret: string, { but }: { but?: string }): Promise<void> {
    const files = await readAllFiles(stack.home);
    expect(Object.keys(files).filter((path) => path.startsWith(run.reports)).length).toBeGreaterThanOrEqual(3);
    delete files[stack.adminTokenFile];
    if (but !== undefined) delete files[but];
    expect(findLeaks(secret, { ...files, stdout: run.stdout, stderr: run.stderr })).toEqual([]);
  }
});
