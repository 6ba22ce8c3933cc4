import { expect, test } from 'vitest';
import { describeWithKubectl } from '../support/kubectl.ts';
import { openOnCluster } from './on-cluster.ts';

describeWithKubectl('iat on a cluster', () => {
  test('three pods', async () => {
    const cluster = await openOnCluster();
    const t0 = Date.now();
    const ended = await cluster.run('iat');
    console.log(ended.all, Date.now() - t0, (await cluster.calls()).join('\n'));
    expect([ended.exitCode, await cluster.leaks()]).toEqual([0, []]);
    console.log(Date.now() - t0);
  });
});
