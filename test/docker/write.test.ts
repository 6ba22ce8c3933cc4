import { rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithCompose, describeWithEachCompose } from '../support/docker.ts';
import {
  bffWith,
  createDockerProject,
  type DockerProject,
  IAT,
  type IatEnd,
  OLD,
  SERVICE,
  SETTINGS,
} from '../support/docker-project.ts';

/** A value that lives in .env. */
const REFERENCE = bffWith('DCR_IAT: ${DCR_IAT:-none}');
const A = bffWith(`DCR_IAT: "${OLD}"`);
const B = `version: "3.8"\nservices:\n  bff:\n    environment:\n      - DCR_IAT=${OLD}-b\n`;
const B_WRITTEN = B.replace(`${OLD}-b`, IAT);

describeWithEachCompose('what this compose has done says where', (compose) => {
  const project = (files: Readonly<Record<string, string>>) => createDockerProject(compose, files);

  test('a value that lives in .env is written there, the compose file stays, and the new container has it', async () => {
    const it = await project({ 'docker-compose.yml': REFERENCE, '.env': `# mine\nA=b\nDCR_IAT=${OLD}` });
    await it.compose('up', '-d');
    const [old] = await it.containers('bff');
    const end = await it.iat([]);
    expect(end.exitCode, end.all).toBe(0);
    expect(end.document.compose).toMatchObject({ wrote: 'env-file', changed: ['DCR_IAT'] });
    await expectChanged(it, { '.env': `# mine\nA=b\nDCR_IAT='${IAT}'` });
    const [container] = await it.containers('bff');
    expect(container?.id).not.toBe(old?.id);
    expect(container).toMatchObject({ name: old?.name, env: { DCR_IAT: IAT } });
  });

  test('a value in the file that the stack was started with (--env-file) is written there, from whatever folder that was', async () => {
    const it = await project({
      'docker-compose.yml': REFERENCE,
      '.env': 'DCR_IAT=\n',
      'other.env': `DCR_IAT=${OLD}\n`,
    });
    const [name, cwd] = [basename(it.folder), dirname(it.folder)];
    const files = ['--env-file', `${name}/other.env`, '-f', `${name}/docker-compose.yml`];
    await it.composeWith({ cwd }, ...files, 'up', '--no-start');
    const end = await it.iat(['--no-restart']);
    expect(end.exitCode, end.all).toBe(0);
    await expectChanged(it, { 'other.env': `DCR_IAT='${IAT}'\n` });
  });

  test('the running stack says which, whatever is found or named', async () => {
    const it = await project({ 'docker-compose.yml': A, 'b.yml': B });
    await it.compose('-f', 'docker-compose.yml', '-f', 'b.yml', 'up', '--no-start');
    const found = await it.iat(['--no-restart']);
    expect(found.exitCode, found.all).toBe(0);
    expect(found.document.compose?.files).toEqual([it.path('docker-compose.yml'), it.path('b.yml')]);
    await expectChanged(it, { 'b.yml': B_WRITTEN });
    await it.write({ 'b.yml': B });
    const named = await it.iat(['--no-restart', '-f', 'docker-compose.yml']);
    expect(named.exitCode, named.all).toBe(0);
    await expectChanged(it, { 'b.yml': B_WRITTEN });

    // The stack was started with a file that is gone: then what is there counts.
    await rm(it.path('b.yml'));
    const gone = await it.iat(['--no-restart']);
    expect(gone.exitCode, gone.all).toBe(0);
    await expectChanged(it, { 'docker-compose.yml': A.replace(OLD, IAT), 'b.yml': null });
  });

  test('of several default names the one that this compose has taken', async () => {
    const it = await project({ 'docker-compose.yml': A, 'compose.yaml': A });
    await it.compose('up', '--no-start');
    const end = await it.iat(['--no-restart']);
    expect(end.exitCode, end.all).toBe(0);
    const taken = compose.title === 'docker compose' ? 'compose.yaml' : 'docker-compose.yml';
    await expectChanged(it, { [taken]: A.replace(OLD, IAT) });
  });
});

describeWithCompose('where the token is written', (compose) => {
  const project = (files: Readonly<Record<string, string>>) => createDockerProject(compose, files);

  describe('a value that lives in .env', () => {
    test('in a .env that does not exist yet: only its owner may read it', async () => {
      const it = await project({ 'docker-compose.yml': REFERENCE.replace(':-none', ':?run npm run iat') });
      const end = await it.iat(['--no-restart']);
      expect(end.exitCode, end.all).toBe(0);
      await expectChanged(it, { '.env': `DCR_IAT='${IAT}'\n` });
      expect((await stat(it.path('.env'))).mode & 0o777).toBe(0o600);
    });

    test('but not below an exported variable', async () => {
      const it = await project({ 'docker-compose.yml': REFERENCE });
      await expectRefused(it, await it.iat([], { env: { DCR_IAT: '' } }), 'shell-overrides', 'unset DCR_IAT');
    });

    test('but not for another service as well', async () => {
      const other = `${REFERENCE}  worker:\n    image: "@image@"\n    environment: ["TOKEN=x$DCR_IAT"]\n`;
      const it = await project({ 'docker-compose.yml': other });
      await expectRefused(it, await it.iat([]), 'shared', 'worker');
    });
  });

  describe('several files', () => {
    test('COMPOSE_FILE, and the override file that compose takes by itself', async () => {
      const it = await project({ 'docker-compose.yml': A, 'b.yml': B });
      const both = await it.iat(['--no-restart'], { env: { COMPOSE_FILE: 'docker-compose.yml:b.yml' } });
      expect(both.exitCode, both.all).toBe(0);
      await expectChanged(it, { 'b.yml': B_WRITTEN });

      const override = await project({ 'docker-compose.yml': A, 'docker-compose.override.yml': B });
      const end = await override.iat(['--no-restart']);
      expect(end.exitCode, end.all).toBe(0);
      await expectChanged(override, { 'docker-compose.override.yml': B_WRITTEN });
    });

    test('a file that changes while the token is minted, and would win: everything is put back', async () => {
      const it = await project({ 'a.yml': A, 'b.yml': 'version: "3.8"\nservices: {}\n' });
      it.onMint(() => it.write({ 'b.yml': B }));
      const end = await it.iat(['-f', 'a.yml', '-f', 'b.yml']);
      expect(end, end.all).toMatchObject({ exitCode: 3, code: 'effective-value', mints: 1 });
      await expectChanged(it, {});
    });

    test('a file that compose rejects after the token was written: everything is put back', async () => {
      const it = await project({ 'a.yml': A, 'b.yml': 'version: "3.8"\nservices: {}\n' });
      it.onMint(() => it.write({ 'b.yml': 'version: "3.8"\nservices: {bff: {nonsense: 1}}\n' }));
      const end = await it.iat(['-f', 'a.yml', '-f', 'b.yml']);
      expect(end, end.all).toMatchObject({ exitCode: 3, code: 'effective-value', mints: 1 });
      await expectChanged(it, {});
    });
  });

  test('a value from an env_file, alone or beaten by an entry without a value', async () => {
    const bare = bffWith('DCR_IAT:').replace('    environment:', '    env_file: [bff.env]\n    environment:');
    const it = await project({
      'bare.yml': bare,
      'only.yml': bare.replace('      DCR_IAT:\n', ''),
      'bff.env': `DCR_IAT=${OLD}\n`,
    });
    for (const file of ['bare.yml', 'only.yml']) {
      const end = await it.iat(['--no-restart', '-f', file]);
      expect(end.exitCode, end.all).toBe(0);
      expect(await it.read(file)).toBe(it.fill({ file: bare.replace('DCR_IAT:', `DCR_IAT: "${IAT}"`) })['file']);
      expect((await it.environments(file))['bff']).toMatchObject({ DCR_IAT: IAT });
    }
    expect(Object.keys(await it.changed())).toEqual(['bare.yml', 'only.yml']);
  });

  test('an environment that is shared by an anchor: the other service keeps its own', async () => {
    const shared = `x-shared: &shared\n  A: "1"\n${SETTINGS.replaceAll('      ', '  ')}`;
    const services = `services:\n  bff:\n    ${SERVICE}    environment: *shared\n  worker:\n    ${SERVICE}    environment: *shared\n`;
    const it = await project({ 'docker-compose.yml': shared + services });
    const before = await it.environments();
    const end = await it.iat(['--no-restart']);
    expect(end.exitCode, end.all).toBe(0);
    const merged = `environment: {<<: *shared, "DCR_IAT": "${IAT}"}`;
    await expectChanged(it, { 'docker-compose.yml': shared + services.replace('environment: *shared', merged) });
    expect(await it.environments()).toEqual({ ...before, bff: { ...before['bff'], DCR_IAT: IAT } });
  });

  test('a service that extends another one, which keeps its own', async () => {
    const text = `${bffWith(`DCR_IAT: "${OLD}"`).replace('  bff:', '  base:')}  bff:\n    extends: {service: base}\n`;
    const it = await project({ 'docker-compose.yml': text });
    const before = await it.environments();
    const end = await it.iat(['--no-restart']);
    expect(end.exitCode, end.all).toBe(0);
    expect(await it.environments()).toEqual({ ...before, bff: { ...before['bff'], DCR_IAT: IAT } });
    expect(await it.read('docker-compose.yml')).toContain(`  bff:\n    environment:\n      DCR_IAT: "${IAT}"\n`);
  });

  describe('what compose rejects for the sake of another service, before a token is minted', () => {
    test.for([
      ['env_file: ["not there.env"]', 'compose-invalid', 'not there.env'],
      ['environment: ["A=${NEEDED_BY_WORKER:?set me}"]', 'compose-invalid', 'NEEDED_BY_WORKER'],
      ['nonsense: true', 'compose-invalid', 'config'],
    ] as const)('%s', async ([line, code, named]) => {
      const text = `${bffWith(`DCR_IAT: "${OLD}"`)}  worker:\n    image: "@image@"\n    ${line}\n`;
      const it = await project({ 'docker-compose.yml': text });
      await expectRefused(it, await it.iat([]), code, named);
    });
  });
});

/** Which files hold something else than the test wrote, byte for byte; null: it is gone. */
async function expectChanged(it: DockerProject, wanted: Readonly<Record<string, string | null>>): Promise<void> {
  expect(await it.changed()).toEqual(it.fill(wanted));
}

async function expectRefused(it: DockerProject, end: IatEnd, code: string, named: string): Promise<void> {
  expect(end, end.all).toMatchObject({ exitCode: 2, code, mints: 0 });
  expect(`${end.message} ${end.hint}`).toContain(named);
  await expectChanged(it, {});
}
