import { mkdir, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { describeWithCompose, describeWithEachCompose } from '../support/docker.ts';
import {
  bffWith,
  type Container,
  createDockerProject,
  type DockerProject,
  IAT,
  OLD,
  SERVICE,
} from '../support/docker-project.ts';

describeWithEachCompose('which project, and what a restart takes along', (compose) => {
  const plain = bffWith(`DCR_IAT: "${OLD}"`);

  test('scale, sidecars and what the service depends on', async () => {
    const service = (name: string, more: string) => `  ${name}:\n    ${SERVICE}    ${more}\n`;
    const text = [
      plain.replace('    environment:', '    depends_on: [redis]\n    environment:'),
      service('redis', 'environment: {A: "1"}'),
      service('sidecar', 'network_mode: service:bff'),
      service('debugger', 'network_mode: service:bff\n    profiles: [debug]'),
    ].join('');
    const it = await createDockerProject(compose, { 'docker-compose.yml': text });
    // From the folder above, as people do; and both composes are there from now on.
    const [name, cwd] = [basename(it.folder), dirname(it.folder)];
    await it.composeWith(
      { cwd },
      '-f',
      `${name}/docker-compose.yml`,
      '--profile',
      'debug',
      'up',
      '-d',
      '--scale',
      'bff=2',
    );
    const before = await all(it);
    await it.write({ 'docker-compose.yml': text.replace('A: "1"', 'A: "2"') });

    const alone = await it.iat(['--no-deps'], { both: true });
    expect(alone.exitCode, alone.all).toBe(0);
    expect(alone.all).not.toMatch(/will also .*redis/);
    const between = await all(it);
    expect(between['bff']?.map(({ env }) => env['DCR_IAT'])).toEqual([IAT, IAT]);
    expect(between['redis']).toEqual(before['redis']);
    expect(names(between)).toEqual(names(before));
    expect(ids(between['bff'])).not.toEqual(ids(before['bff']));
    for (const sidecar of ['sidecar', 'debugger']) {
      expect(await networksOf(between[sidecar]), sidecar).toContain('eth0');
    }

    await it.write({ 'docker-compose.yml': text.replace('A: "1"', 'A: "3"') });
    it.onMint(async () => `${IAT}-2`);
    const end = await it.iat([], { both: true });
    expect(end.exitCode, end.all).toBe(0);
    expect(end.warnings).toMatch(/will also .*redis.*before the token is minted/);
    expect(end.warnings).toMatch(/2 containers of bff keep their credentials apart/);
    const after = await all(it);
    expect(names(after)).toEqual(names(before));
    expect(after['redis']?.[0]?.env['A']).toBe('3');
    expect(after['bff']?.map(({ env }) => env['DCR_IAT'])).toEqual([`${IAT}-2`, `${IAT}-2`]);
    expect(await networksOf(after['sidecar'])).toContain('eth0');
  });

  test('the name it was started with; of two the one that is named', async () => {
    const it = await createDockerProject(compose, { 'docker-compose.yml': plain });
    const other = `${it.name}-other`;
    await it.compose('-p', other, 'up', '--no-start');
    const one = await it.iat(['--dry-run']);
    expect(one.exitCode, one.all).toBe(0);
    expect(one.warnings).toContain(`-p ${other} `);

    await it.compose('up', '--no-start');
    const two = await it.iat(['--no-restart']);
    expect(two, two.all).toMatchObject({ exitCode: 2, code: 'service-ambiguous', mints: 0 });
    expect(two.message).toContain(other);
    expect(await it.changed()).toEqual({});

    const untouched = await it.containers('bff');
    const chosen = await it.iat([], { env: { COMPOSE_PROJECT_NAME: other } });
    expect(chosen.exitCode, chosen.all).toBe(0);
    expect(Object.keys(await it.changed())).toEqual(['docker-compose.yml']);
    const byProject = (list: readonly Container[]) => new Map(list.map((each) => [each.project, each]));
    const living = byProject(await it.containers('bff'));
    expect(living.get(other)?.env['DCR_IAT']).toBe(IAT);
    expect(living.get(it.name)).toEqual(byProject(untouched).get(it.name));
  });
});

describeWithCompose('which project and which file', (compose) => {
  const plain = bffWith(`DCR_IAT: "${OLD}"`);

  test('a folder that is known by two names is one project', async () => {
    const it = await createDockerProject(compose, { 'docker-compose.yml': plain });
    const link = join(dirname(it.folder), 'link');
    await symlink(it.folder, link);
    const other = `${it.name}-other`;
    await it.composeWith({ cwd: link, env: { PWD: link } }, '-p', other, 'up', '--no-start');
    const end = await it.iat(['--no-restart'], { env: { PWD: it.folder } });
    expect(end.exitCode, end.all).toBe(0);
    expect(end.warnings).toContain(`-p ${other} `);
    expect(Object.keys(await it.changed())).toEqual(['docker-compose.yml']);
  });

  test('a service whose profile is active, or not', async () => {
    const text = plain.replace('    environment:', '    profiles: [auth]\n    environment:');
    const it = await createDockerProject(compose, { 'docker-compose.yml': text });
    const inactive = await it.iat(['--no-restart']);
    expect(inactive, inactive.all).toMatchObject({ exitCode: 2, code: 'service-not-found', mints: 0 });
    expect(inactive.hint).toContain('COMPOSE_PROFILES');
    expect(await it.changed()).toEqual({});
    const end = await it.iat(['--no-restart'], { env: { COMPOSE_PROFILES: 'auth' } });
    expect(end.exitCode, end.all).toBe(0);
    expect(Object.keys(await it.changed())).toEqual(['docker-compose.yml']);
  });

  test('a service that comes through include is written in its own file', async () => {
    const it = await createDockerProject(compose, { 'compose.yaml': '' });
    await mkdir(it.path('auth'));
    const main = 'include:\n  - path: auth/bff.yml\nservices:\n  worker:\n    image: "@image@"\n';
    await it.write({ 'compose.yaml': main, 'auth/bff.yml': plain });
    await it.compose('up', '-d', 'bff');
    const end = await it.iat([]);
    expect(end.exitCode, end.all).toBe(0);
    expect(await it.read('auth/bff.yml')).toBe(it.fill({ file: plain.replace(OLD, IAT) })['file']);
    expect(await it.read('compose.yaml')).toBe(it.fill({ file: main })['file']);
    expect(await it.containers('bff')).toMatchObject([{ env: { DCR_IAT: IAT } }]);
  });
});

type All = Readonly<Record<string, readonly Container[]>>;

async function all(it: DockerProject): Promise<All> {
  const services = ['bff', 'redis', 'sidecar', 'debugger'];
  return Object.fromEntries(await Promise.all(services.map(async (each) => [each, await it.containers(each)])));
}

const ids = (containers: readonly Container[] = []) => containers.map(({ id }) => id);

/** The names of all containers: another compose, or another scale, would change them. */
const names = (containers: All) => Object.values(containers).flatMap((each) => each.map(({ name }) => name));

async function networksOf([container]: readonly Container[] = []): Promise<string> {
  const look = 'console.log(Object.keys(os.networkInterfaces()).join())';
  return (await execa('docker', ['exec', container?.id ?? '', 'node', '-e', look])).stdout;
}
