import { execa } from 'execa';
import { findComposeStack } from '../../scripts/compose/compose-stack.ts';
import { systemClock } from '../../scripts/platform/clock.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { createProcesses } from '../../scripts/platform/processes.ts';
import { realPath } from '../../scripts/platform/real-path.ts';
import { ownEnvironment } from '../support/command.ts';
import { describeWithCompose } from '../support/docker.ts';
import { createDockerProject } from '../support/docker-project.ts';
import { describeStackContract } from '../support/stack-contract.ts';

// A container that ends within a second is started again after a pause that doubles each time.
const COMPOSE_FILE = `services:
  bff:
    image: "@image@"
    command: ["node", "-e", "console.log('starts'); setTimeout(() => process.exit(1), 200)"]
    restart: always
    environment:
      DCR_ENABLED: "true"
`;

describeWithCompose('Docker', (compose) => {
  describeStackContract('compose', async () => {
    const project = await createDockerProject(compose, { 'compose.yaml': COMPOSE_FILE });
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
  });
});
