import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithEachCompose } from '../support/docker.ts';
import { ADMIN_TOKEN, createDockerStack, type DockerStack } from '../support/docker-stack.ts';

// Compose that is stopped between taking the old container away and starting the new one leaves the service down.
describeWithEachCompose('Ctrl-C while the container is being replaced', (compose) => {
  let stack: DockerStack;

  beforeAll(async () => {
    stack = await createDockerStack(compose, 'a stale');
    await stack.startFailing();
  });
  afterAll(() => stack?.remove());

  test('the new container runs with the new token anyway', async () => {
    const failing = await stack.inspectBff();
    const created = happens(stack.project, 'create');
    const run = stack.start('iat', ['--idp-url', stack.idpUrl], { IAT_ADMIN_TOKEN: ADMIN_TOKEN });
    await Promise.race([created, run.ended.then(({ all }) => Promise.reject(new Error(all)))]);
    run.kill('SIGINT');
    const { exitCode, all } = await run.ended;
    expect(exitCode, all).toBe(130);

    const bff = await stack.inspectBff();
    expect(bff.id).not.toBe(failing.id);
    expect(bff.status).toBe('running');
    expect(await readFile(stack.composeFile, 'utf8')).toContain(bff.env['DCR_IAT']);
  });
});

/** Resolves with the next thing of that kind that happens to the BFF's container. */
async function happens(project: string, event: string): Promise<void> {
  const labels = [`project=${project}`, 'service=bff'].map((each) => `label=com.docker.compose.${each}`);
  const filters = [`event=${event}`, ...labels].flatMap((each) => ['--filter', each]);
  // What is over is not meant; from the next second on nothing is missed, however long it takes to connect.
  const since = String(Math.floor(Date.now() / 1_000) + 1);
  const child = execa('docker', ['events', '--since', since, ...filters], { reject: false });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill();
}
