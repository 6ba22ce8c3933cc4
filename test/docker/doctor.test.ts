import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ResultDocument } from '../../scripts/report/result-json.ts';
import { documentOf, ownEnvironment } from '../support/command.ts';
import { describeWithCompose } from '../support/docker.ts';
import { provideBareImage } from '../support/docker-image.ts';
import { createDockerProject } from '../support/docker-project.ts';
import { createDockerStack, type DockerStack, STALE_IAT, statusOf, until } from '../support/docker-stack.ts';
import { runHere } from '../support/in-process.ts';

const COLLECTION = fileURLToPath(new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url));

// One stack for all, from failing to healthy and back.
describeWithCompose('npm run doctor against containers', (compose) => {
  let stack: DockerStack;

  beforeAll(async () => {
    stack = await createDockerStack(compose, 'a stale');
    await stack.startFailing();
  });
  afterAll(() => stack?.remove());

  test('a stale IAT in a crash loop: the IdP answers in a container of its own beside it', async () => {
    const document = await doctor(stack);
    expect(document).toMatchObject({ exitCode: 1, diagnosis: { code: 'iat-invalid', iatHelps: true } });
    expect(idpOf(document)).toMatch(/^from the BFF it answers \(HTTP \d+\); from here it answers/);
    await verifyNothingLeft(stack);
  });

  test('registered and healthy: exit 0, asked from inside', async () => {
    const token = await stack.mint();
    await writeFile(stack.composeFile, (await readFile(stack.composeFile, 'utf8')).replace(STALE_IAT, token));
    const changed = await doctor(stack);
    expect(changed.printed).toMatch(/started before DCR_IAT changed\. .* up -d bff/s);
    await stack.compose('up', '-d', 'bff');
    await until('the BFF is healthy', async () => (await statusOf(`${stack.bffUrl}/health`)) === 200);
    const document = await doctor(stack);
    expect(document, document.printed).toMatchObject({ exitCode: 0, diagnosis: { code: 'registered' }, error: null });
    expect(document.printed).not.toContain(token);
  });

  test('it runs, and the IdP is gone', async () => {
    await stack.compose('stop', '-t', '1', 'idp');
    const document = await doctor(stack);
    expect(document, document.printed).toMatchObject({
      exitCode: 1,
      diagnosis: { code: 'idp-unreachable', iatHelps: false },
    });
    expect(idpOf(document)).toMatch(/^from the BFF it cannot be reached: its host name does not resolve;/);
  });

  test('stopped, and the IdP is still gone: asked from its network anyway', async () => {
    await stack.compose('stop', '-t', '1', 'bff');
    const document = await doctor(stack);
    expect(idpOf(document)).toMatch(/^from the BFF it cannot be reached: its host name does not resolve;/);
    await verifyNothingLeft(stack);
  });
});

describeWithCompose('an image without any of the tools', (compose) => {
  const WHY = '(its image has neither python nor node, curl or wget)';
  let bare: Awaited<ReturnType<typeof provideBareImage>>;

  beforeAll(async () => {
    bare = await provideBareImage();
  });

  test.for(['running', 'stopped'] as const)('%s: it says so, and that is no fault', async (state) => {
    const wait = `console.log('Client registered: bff-server'); setInterval(() => {}, 1000)`;
    const text = `version: "3.8"\nservices:\n  bff:\n    image: ${bare.image}\n    command: ["${bare.program}", "-e", "${wait}"]\n    environment: {DCR_ENABLED: "true", IDP_BASE_URL: "http://idp-app:8002"}\n`;
    const it = await createDockerProject(compose, { 'docker-compose.yml': text });
    await it.compose('up', '-d');
    if (state === 'stopped') await it.compose('kill');
    const document = await doctor({ composeFile: it.path('docker-compose.yml'), folder: it.folder });
    expect(idpOf(document)).toContain(WHY);
    expect(document.steps.find(({ name }) => name === 'idp')?.status).toBe('passed');
    expect(document.exitCode, document.printed).toBe(1);
    expect(document.diagnosis?.code).toBe('unknown');
  });
});

type Place = Pick<DockerStack, 'composeFile' | 'folder'> & Partial<Pick<DockerStack, 'idpUrl' | 'bffUrl'>>;

async function doctor(place: Place): Promise<ResultDocument & { readonly printed: string }> {
  const unused = 'http://127.0.0.1:1';
  const { composeFile, folder: cwd, idpUrl = unused, bffUrl = unused } = place;
  const args = ['--json', '-f', composeFile, '--idp-url', idpUrl, '--bff-url', bffUrl, '--collection', COLLECTION];
  const ended = await runHere(args, { command: 'doctor', cwd, env: ownEnvironment() });
  const document = documentOf(ended);
  expect(ended.exitCode).toBe(document.exitCode);
  return { ...document, printed: ended.all };
}

function idpOf({ steps }: ResultDocument): string {
  return steps.find(({ name }) => name === 'idp')?.summary ?? '';
}

/** No probe stays, and the stack has the containers that it had. */
async function verifyNothingLeft({ project }: DockerStack): Promise<void> {
  const probes = await execa('docker', ['ps', '-aq', '--filter', 'name=bff-iat-probe-']);
  expect(probes.stdout).toBe('');
  const own = await execa('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`]);
  expect(own.stdout.split('\n')).toHaveLength(4);
}
