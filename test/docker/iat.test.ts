import { createHash } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentOf, type Ended } from '../support/command.ts';
import { describeWithEachCompose } from '../support/docker.ts';
import {
  ADMIN_TOKEN,
  type ContainerFacts,
  createDockerStack,
  type DockerStack,
  STALE_IAT,
  statusOf,
} from '../support/docker-stack.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';

// One stack for both tests of a compose, in this order, as in real life. What goes wrong on the way is in test/e2e/faults.test.ts.
describeWithEachCompose('npm run iat against containers', (compose) => {
  const hadToken = compose.title === 'docker-compose';
  let stack: DockerStack;
  let failing: ContainerFacts;
  let before: string;

  beforeAll(async () => {
    stack = await createDockerStack(compose, hadToken ? 'a stale' : 'no');
    await stack.startFailing();
    failing = await stack.inspectBff();
    before = await readFile(stack.composeFile, 'utf8');
  });
  afterAll(() => stack?.remove());

  test('from failing to healthy', async () => {
    const ended = await run('iat', ADMIN_TOKEN);
    const living = await stack.inspectBff();
    const token = living.env['DCR_IAT'] ?? '';

    expect(ended.document, ended.stderr).toMatchObject({
      schema: 1,
      command: 'iat',
      verdict: 'healthy',
      exitCode: 0,
      token: { handle: `sha256:${createHash('sha256').update(token).digest('hex').slice(0, 8)}`, maxUsages: 1 },
      compose: { files: [stack.composeFile], service: 'bff', wrote: 'compose', changed: ['DCR_IAT'] },
      error: null,
    });
    expect(ended.exitCode).toBe(0);
    const steps = ['preflight', 'mint', 'write', 'restart', 'bootstrap', 'health'];
    expect(ended.document.steps.map(({ name, status }) => `${name} ${status}`)).toEqual(
      steps.map((name) => `${name} passed`),
    );

    expect(living.id).not.toBe(failing.id);
    expect(living).toMatchObject({ status: 'running', restartCount: 0 });
    expect(await stack.readBffLog()).toContain('Client registered: bff-server');
    expect(await statusOf(`${stack.bffUrl}/health`)).toBe(200);

    const after = (await readFile(stack.composeFile, 'utf8')).split('\n');
    const comment = hadToken ? '   # short-lived; paste a fresh one' : '';
    expect(after.filter((line) => line.includes('DCR_IAT'))).toEqual([`      DCR_IAT: "${token}"${comment}`]);
    expect(withoutToken(after.join('\n'))).toBe(withoutToken(before));

    await expectNoLeak(ended, ADMIN_TOKEN, {});
    await expectNoLeak(ended, token, { but: stack.composeFile });
  });

  test('iat:clear: from the token to the cached credentials', async () => {
    const registered = await stack.inspectBff();
    const token = registered.env['DCR_IAT'] ?? '';
    const ended = await run('clear');
    expect(ended.document, ended.stderr).toMatchObject({
      command: 'clear',
      verdict: 'healthy',
      exitCode: 0,
      compose: { wrote: 'compose', changed: ['DCR_IAT'] },
      diagnosis: { code: 'credentials-cached' },
    });
    const living = await stack.inspectBff();
    expect(living.id).not.toBe(registered.id);
    // A line with a remark is a person's, and stays.
    expect(living.env['DCR_IAT'] ?? 'none').toBe(hadToken ? '' : 'none');
    const left = hadToken ? before.replace(`"${STALE_IAT}"`, '""') : withoutToken(before);
    expect(await readFile(stack.composeFile, 'utf8')).toBe(left);
    await expectNoLeak(ended, token, {});
  });

  interface IatEnd extends Ended {
    readonly document: ReturnType<typeof documentOf>;
    readonly reports: string;
  }

  async function run(command: 'iat' | 'clear', adminToken?: string, ...args: string[]): Promise<IatEnd> {
    const reports = await mkdtemp(join(stack.folder, 'reports-'));
    const idp = command === 'iat' ? ['--idp-url', stack.idpUrl] : [];
    const options = ['--json', '--reports', reports, '--stable-for', '2', ...idp, ...args];
    const ended = await stack.start(command, options, adminToken === undefined ? {} : { IAT_ADMIN_TOKEN: adminToken })
      .ended;
    return { ...ended, document: documentOf(ended), reports };
  }

  /** Neither in what was printed, nor in a file of the whole folder, with the reports. */
  async function expectNoLeak(ended: IatEnd, secret: string, { but }: { but?: string }): Promise<void> {
    const files = await readAllFiles(stack.home);
    expect(Object.keys(files).filter((path) => path.startsWith(ended.reports)).length).toBeGreaterThanOrEqual(3);
    delete files[stack.adminTokenFile];
    if (but !== undefined) delete files[but];
    expect(findLeaks(secret, { ...files, stdout: ended.stdout, stderr: ended.stderr })).toEqual([]);
  }
});

function withoutToken(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes('DCR_IAT'))
    .join('\n');
}
