import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startFailingCluster } from '../../scripts/sandbox/cluster/failing-cluster.ts';
import { atTheEnd, temporaryFolder } from '../sandbox/support.ts';
import { runCommand } from '../support/command.ts';

const inProject = { command: 'demo', cwd: fileURLToPath(new URL('../..', import.meta.url)) } as const;

test.for([
  ['without kubectl', ['--kubernetes'], 'There is no no-such-kubectl here'],
  ['with a fault', ['--kubernetes', '--fault', 'redis-down'], 'leave out --kubernetes'],
] as const)('demo --kubernetes %s is refused with exit code 2', async ([, args, text]) => {
  const { exitCode, all } = await runCommand([...args], { ...inProject, env: { IAT_KUBECTL: 'no-such-kubectl' } });
  expect([exitCode, all.replace(/\s+/g, ' ')]).toEqual([2, expect.stringContaining(text)]);
});

test('the cluster of the demo has three pods that crash-loop, and the log says why', async () => {
  const cluster = await startFailingCluster(temporaryFolder(), new AbortController().signal);
  atTheEnd(cluster.close);
  expect(cluster.pods).toEqual(
    Array.from({ length: 3 }, () => [
      expect.stringMatching(/^bff-/),
      expect.stringMatching(/^CrashLoopBackOff, exit code 3, \d restarts?$/),
    ]),
  );
  expect(cluster.log.map(({ text }) => text).join()).toContain('DCR_IAT is not set');
});

test('an interruption ends the start of the cluster', async () => {
  const controller = new AbortController();
  const started = startFailingCluster(temporaryFolder(), controller.signal);
  controller.abort(new Error('interrupted'));
  await expect(started).rejects.toThrow('interrupted');
});
