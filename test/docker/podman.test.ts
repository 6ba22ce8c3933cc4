import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Compose } from '../support/docker.ts';
import { bffWith, createDockerProject, IAT, OLD, SERVICE } from '../support/docker-project.ts';
import { describeWithPodman, type PodmanService, startPodman } from '../support/podman.ts';

const REGISTERS = bffWith(`DCR_IAT: "${OLD}"`);
const CRASHING = REGISTERS.replace(
  /command: .*/,
  `command: ["node", "-e", "console.log('starts'); setTimeout(() => process.exit(3), 100)"]`,
).replace('    environment:', '    restart: always\n    environment:');

describeWithPodman('Podman', () => {
  let podman: PodmanService;
  beforeAll(async () => {
    podman = await startPodman();
  });
  afterAll(() => podman?.close());

  const plugin = (): Compose => ({ title: 'docker compose', command: ['docker', 'compose'], env: podman.onSocket });
  const ways: Readonly<Record<string, () => Compose>> = {
    'the Docker CLI on its socket': plugin,
    'its own command line': () => ({ ...plugin(), args: ['--engine', 'podman'], toolEnv: { DOCKER_HOST: '' } }),
  };

  describe.for(Object.entries(ways))('by %s', ([, way]) => {
    test('from failing to healthy, and cleared', async () => {
      const text = `${REGISTERS.replace('    environment:', '    depends_on: [redis]\n    environment:')}  redis:\n    ${SERVICE}`;
      const it = await createDockerProject(way(), { 'docker-compose.yml': text });
      await it.compose('up', '-d');
      const [before] = await it.containers('bff');
      const redis = await it.containers('redis');

      const end = await it.iat([]);
      expect(end.exitCode, end.all).toBe(0);
      expect(end.document).toMatchObject({ verdict: 'healthy', diagnosis: { code: 'registered' } });
      const [living] = await it.containers('bff');
      expect(living?.id).not.toBe(before?.id);
      expect(living?.env['DCR_IAT']).toBe(IAT);
      expect(await it.containers('redis')).toEqual(redis);

      const cleared = await it.iat([], { command: 'clear' });
      expect(cleared.exitCode, cleared.all).toBe(0);
      const [last] = await it.containers('bff');
      expect(last?.id).not.toBe(living?.id);
      expect(last?.env).not.toHaveProperty('DCR_IAT');
    });

    test('crashes again and again', async () => {
      const it = await createDockerProject(way(), { 'docker-compose.yml': CRASHING });
      const end = await it.iat(['--stable-for', '100']);
      expect(end, end.all).toMatchObject({ exitCode: 1, code: 'container-crash-loop' });
    });
  });
});
