import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { describeWithEachCompose } from '../support/docker.ts';
import { createDockerStack, type DockerStack, STALE_IAT, statusOf, until } from '../support/docker-stack.ts';

describeWithEachCompose('the stack of the Docker tests, by hand', (compose) => {
  let stack: DockerStack | undefined;
  afterEach(async () => {
    await stack?.remove();
    stack = undefined;
  });

  test('dies with a stale IAT, and lives with a fresh one', async () => {
    stack = await createDockerStack(compose, 'a stale');
    await stack.startFailing();
    const failing = await stack.inspectBff();
    expect(failing.env['DCR_IAT']).toBe(STALE_IAT);
    expect(await stack.readBffLog()).toContain('401 Unauthorized');
    expect(await statusOf(`${stack.bffUrl}/health`)).toBe(0);

    const token = await stack.mint();
    await writeFile(stack.composeFile, (await readFile(stack.composeFile, 'utf8')).replace(STALE_IAT, token));
    await stack.compose('up', '-d', 'bff');
    const { bffUrl } = stack;
    await until('the BFF is healthy', async () => (await statusOf(`${bffUrl}/health`)) === 200);

    const living = await stack.inspectBff();
    expect(living.id).not.toBe(failing.id);
    expect(living).toMatchObject({ status: 'running', restartCount: 0, env: { DCR_IAT: token } });
    expect(await stack.readBffLog()).toContain('Client registered: bff-server');
  });
});
