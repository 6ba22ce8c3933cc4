import { execa } from 'execa';
import { expect, test } from 'vitest';
import { findComposeStack } from '../../scripts/compose/compose-stack.ts';
import type { LogLine } from '../../scripts/core/result.ts';
import { systemClock } from '../../scripts/platform/clock.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { createProcesses } from '../../scripts/platform/processes.ts';
import { realPath } from '../../scripts/platform/real-path.ts';
import { ownEnvironment } from '../support/command.ts';
import { describeWithCompose } from '../support/docker.ts';
import { createDockerProject } from '../support/docker-project.ts';
import { describeStackContract } from '../support/stack-contract.ts';

const { signal: NEVER } = new AbortController();

// A container that ends within a second is started again after a pause that doubles each time.
const COMPOSE_FILE = `services:
  bff:
    image: "@image@"
    command: ["node", "-e", "console.log('starts'); setTimeout(() => process.exit(1), 200)"]
    restart: always
    environment:
      DCR_ENABLED: "true"
`;

// Both streams, in turn.
const TALKING = `services:
  bff:
    image: "@image@"
    command: ["node", "-e", "let n = 0; const say = () => { console[n % 2 ? 'error' : 'log'](n); if (n++ < 60) setTimeout(say, 2); }; say()"]
`;

describeWithCompose('Docker', (compose) => {
  async function open(composeFile: string) {
    const project = await createDockerProject(compose, { 'compose.yaml': composeFile });
    const processes = createProcesses(ownEnvironment());
    const stack = await findComposeStack(
      {
        service: 'bff',
        variable: 'DCR_IAT',
        write: 'auto',
        composeFiles: null,
        cwd: project.folder,
        project: null,
        noDeps: false,
        engine: null,
        env: ownEnvironment(),
        platform: 'linux',
        realPath,
        isExported: () => false,
        changedAt: () => null,
      },
      { processes, clock: systemClock, files: createFiles({ processes }) },
      'write',
      new AbortController().signal,
    );
    const remove = async ({ id }: { readonly id: string }) => {
      const rm = () => execa('docker', ['rm', '-f', id]);
      // The engine fails where the container ends by itself at that moment.
      await rm().catch((error: Error) => (/is not running/.test(error.message) ? rm() : Promise.reject(error)));
    };
    return { stack, bytes: () => project.read('compose.yaml'), remove };
  }
  describeStackContract('compose', () => open(COMPOSE_FILE));

  test('lines of stdout and stderr come in the order of their times, followed or not', async () => {
    const { stack } = await open(TALKING);
    const { instances } = await stack.restart({ progress() {}, note() {}, warn() {} }, () => {}, NEVER);
    const id = instances[0].id;
    for (const follow of [true, false]) {
      const lines: LogLine[] = [];
      for await (const line of stack.logs(id, { follow, signal: NEVER })) lines.push(line);
      expect(lines.length).toBe(61);
      expect(new Set(lines.map(({ stream }) => stream)).size).toBe(2);
      expect(lines).toEqual([...lines].sort((a, b) => Number(a.at) - Number(b.at)));
    }
  });
});
