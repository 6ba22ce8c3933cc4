import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ResultDocument } from '../../scripts/report/result-json.ts';
import { groupEnds, startCommand } from '../support/command.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { type OnCluster, openOnCluster } from './on-cluster.ts';

interface Row {
  readonly title: string;
  /** Whether the moment has come, asked at each change on the cluster. */
  readonly isTime: (cluster: OnCluster) => boolean;
  readonly step: string;
  /** Whether the token stays, and the template that refers to it. */
  readonly isKept: boolean;
}

const ROWS: readonly Row[] = [
  {
    title: 'before the write is over',
    isTime: (cluster) => cluster.secret('bff-dcr-iat') !== null,
    step: 'write',
    isKept: false,
  },
  {
    title: 'in the rollout',
    isTime: ({ store }) => store.list('replicasets').length === 2,
    step: 'restart',
    isKept: true,
  },
];

describeWithKubectl('Ctrl-C', () => {
  test.each(ROWS)(
    '$title: what is not whole is put back, what is stays, and nothing goes on',
    async ({ isTime, step, isKept }) => {
      const cluster = await openOnCluster({ pods: 'failing', replicas: 1 });
      const { home, env } = cluster;
      const run = startCommand(cluster.argsOf('iat'), { cwd: home, env });
      await Promise.race([cluster.until(() => isTime(cluster)), run.ended]);
      run.kill('SIGINT');
      const { exitCode, all } = await run.ended;
      const result = await resultIn(home);
      expect([exitCode, result.verdict, result.error?.code], all).toEqual([130, 'interrupted', 'interrupted']);
      expect(result.steps.find(({ status }) => status === 'failed')?.name).toBe(step);
      expect(all).toContain('Running again is safe');
      expect(cluster.mints()).toBe(1);
      expect(cluster.secret('bff-dcr-iat') !== null).toBe(isKept);
      const { env: entries = [] } = cluster.deployment().spec?.template.spec?.containers[0] ?? {};
      expect(entries.some(({ name }) => name === 'DCR_IAT')).toBe(isKept);
      await verifyNothingRuns(run.pid, cluster);
      expect(await cluster.leaks()).toEqual([]);
    },
  );

  test('while the pods are asked: the ways to them end, too', async () => {
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const cluster = await openOnCluster({
      replicas: 2,
      bffFault: 'health-hang',
      rights(review) {
        if (review.subresource === 'portforward' && review.name !== '') isAsked();
        return true;
      },
    });
    const { home, env } = cluster;
    const run = startCommand(cluster.argsOf('iat'), { cwd: home, env });
    await Promise.race([asked, run.ended]);
    run.kill('SIGINT');
    const { exitCode, all } = await run.ended;
    expect(exitCode, all).toBe(130);
    await verifyNothingRuns(run.pid, cluster);
  });
});

async function resultIn(home: string): Promise<ResultDocument> {
  return JSON.parse(await readFile(join(home, 'reports', 'latest', 'result.json'), 'utf8')) as ResultDocument;
}

/** No process of the run is left, and none that was started with the settings of its kubectl. */
async function verifyNothingRuns(pid: number, { home }: OnCluster): Promise<void> {
  await groupEnds(pid);
  if (existsSync('/proc/self/environ')) expect(await startedIn(home)).toEqual([]);
}

/** The commands of what runs with kubectl's cache in this folder. */
async function startedIn(home: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, name: string) => readFile(join('/proc', pid, name), 'latin1').catch(() => '');
  const found = await Promise.all(
    pids.map(async (pid) => {
      const isIt = (await read(pid, 'environ')).includes(`KUBECACHEDIR=${home}`);
      return isIt ? [(await read(pid, 'cmdline')).replaceAll('\0', ' ')] : [];
    }),
  );
  return found.flat();
}
