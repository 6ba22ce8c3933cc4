import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import { execute } from '../../scripts/cli/execute.ts';
import { workOf } from '../../scripts/cli/main.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { turnFile } from '../../scripts/platform/turn-file.ts';
import { openHere } from '../support/in-process.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { openOnCluster } from './on-cluster.ts';

describeWithKubectl('two runs on one workload', () => {
  test('the second waits for the first, says for whom, and mints after that', async () => {
    const cluster = await openOnCluster({ pods: 'failing', replicas: 1 });
    const { home: cwd, env } = cluster;
    const subject = `deployment/bff in namespace crud of ${cluster.cluster.server.url}`;
    const file = (await turnFile(subject, env)) ?? '';
    const first = await createFiles().takeTurn(file, () => {}, new AbortController().signal);

    const { session, read, output } = await openHere([...cluster.argsOf('iat'), '--no-restart'], {
      command: 'iat',
      cwd,
      env,
    });
    if (read.kind === 'print') throw new Error(read.text);
    const { files } = session.outside;
    const mintsBefore: number[] = [];
    const takeTurn: typeof files.takeTurn = (path, onWait, signal) =>
      files.takeTurn(
        path,
        (owner) => {
          onWait(owner);
          mintsBefore.push(cluster.mints());
          void first.release();
        },
        signal,
      );
    const waiting = { ...session, outside: { ...session.outside, files: { ...files, takeTurn } } };
    const run = await execute(waiting, workOf('iat', waiting, read));

    expect(mintsBefore[0], output().all).toBe(0);
    expect(run.warnings.join('\n')).toContain(`is at work on ${subject}. This one waits`);
    expect([run.error, run.verdict, cluster.mints()]).toEqual([null, 'planned', 1]);
    const left = (await readdir(dirname(file))).filter((name) => name.startsWith(basename(file)));
    expect(left).toEqual([]);
  });
});
