import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createStack } from '../../scripts/sandbox/sandbox-stack.ts';
import { describeStackContract } from '../support/stack-contract.ts';

// Without a token and without cached credentials this BFF fails before it asks any IdP.
const COMPOSE_FILE = `services:
  bff:
    image: sandbox
    restart: always
    environment:
      DCR_ENABLED: "true"
      IDP_BASE_URL: http://127.0.0.1:1
`;

describeStackContract('the sandbox', async () => {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  const composeFile = join(dir, 'compose.yaml');
  await writeFile(composeFile, COMPOSE_FILE);
  const stack = createStack({ composeFile, dir });
  onTestFinished(async () => {
    await stack.close();
    await rm(dir, { recursive: true, force: true });
  });
  return { stack, bytes: () => readFile(composeFile, 'utf8'), remove: () => stack.close() };
});
