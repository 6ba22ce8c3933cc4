import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runHere } from '../support/in-process.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { describeInTerminal, startInTerminal } from '../support/terminal.ts';
import { type OnCluster, openOnCluster } from './on-cluster.ts';

/** The command without a context. */
function unnamed(cluster: OnCluster): string[] {
  const args = cluster.argsOf('iat');
  const at = args.indexOf('--context');
  return [...args.slice(0, at), ...args.slice(at + 2)];
}

/** As another terminal does by `kubectl config use-context`. */
async function useOther({ env }: OnCluster): Promise<void> {
  const path = env['KUBECONFIG'] ?? '';
  const config = JSON.parse(await readFile(path, 'utf8'));
  config.clusters.push({ name: 'other', cluster: { server: 'http://127.0.0.1:9' } });
  config.contexts.push({ name: 'other', context: { cluster: 'other', user: 'sandbox', namespace: 'crud' } });
  await writeFile(path, JSON.stringify({ ...config, 'current-context': 'other' }));
}

describeWithKubectl('a context that was not named', () => {
  test('is refused where nobody can be asked, and looked at in a dry run', async () => {
    const cluster = await openOnCluster({ pods: 'failing', replicas: 1 });
    const { home: cwd, env } = cluster;
    const ended = await runHere(unnamed(cluster), { command: 'iat', cwd, env });
    expect([ended.exitCode, ended.run.error]).toMatchObject([2, { code: 'context-unnamed' }]);
    expect(ended.all.replace(/\s+/g, ' ')).toMatch(/the current one is sandbox .* say --context sandbox/);
    const dry = await runHere([...unnamed(cluster), '--dry-run'], { command: 'iat', cwd, env });
    expect(dry.exitCode).toBe(0);
    expect(cluster.mints()).toBe(0);
  });
});

describeWithKubectl('on a terminal', () => {
  describeInTerminal('a context that was not named is asked for', () => {
    test('no: nothing is changed', async () => {
      const cluster = await openOnCluster({ pods: 'failing', replicas: 1 });
      const { home: cwd, env } = cluster;
      const run = startInTerminal(unnamed(cluster), { cwd, env });
      await run.shows(/Use context sandbox [\s\S]*\?/);
      run.type('n\r');
      expect((await run.ended).exitCode).toBe(2);
      expect([cluster.mints(), cluster.secret('bff-dcr-iat')]).toEqual([0, null]);
    });

    test('yes: it stays with that one, though the current context is changed meanwhile', async () => {
      const cluster = await openOnCluster({ pods: 'failing', replicas: 1 });
      const { home: cwd, env } = cluster;
      const run = startInTerminal(unnamed(cluster), { cwd, env });
      await run.shows(/Use context sandbox [\s\S]*\?/);
      await useOther(cluster);
      run.type('y\r');
      const { exitCode, output } = await run.ended;
      // The pods of this cluster never register.
      expect(exitCode, output).toBe(1);
      expect(cluster.mints()).toBe(1);
      expect(cluster.secret('bff-dcr-iat')?.['DCR_IAT']).toMatch(/./);
      const calls = (await cluster.calls()).filter((call) => !/^(?:version|config) /.test(call));
      for (const call of calls) expect(call).toMatch(/--context sandbox --namespace crud/);
    });
  });
});
