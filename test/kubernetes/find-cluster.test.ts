import { describe, expect, test } from 'vitest';
import type { Command, CommandResult, Processes, RunOptions } from '../../scripts/core/ports.ts';
import { findCluster } from '../../scripts/kubernetes/find-cluster.ts';

const { signal } = new AbortController();

const CONFIG = {
  'current-context': 'dev',
  clusters: [
    { name: 'lab', cluster: { server: 'https://lab.example:6443' } },
    { name: 'live', cluster: { server: 'https://live.example:6443' } },
  ],
  contexts: [
    { name: 'dev', context: { cluster: 'lab', namespace: 'crud' } },
    { name: 'prod', context: { cluster: 'live' } },
  ],
};

const EMPTY = { 'current-context': '', clusters: null, contexts: null };

interface Answers {
  readonly version?: string;
  readonly config?: object;
  readonly result?: Partial<CommandResult>;
}

/** A kubectl that answers so, and what it was asked. */
function kubectl({ version = 'v1.32.4', config = CONFIG, result = {} }: Answers = {}) {
  const calls: (Command & RunOptions)[] = [];
  const answer = (args: readonly string[]) =>
    JSON.stringify(args.includes('version') ? { clientVersion: { gitVersion: version } } : config);
  const processes: Processes = {
    async run(command, options) {
      calls.push({ ...command, ...options });
      const stdout = answer(command.args);
      return { exitCode: 0, stdout, stderr: '', startError: null, timedOut: false, ...result };
    },
    async *lines() {},
  };
  return { processes, calls };
}

function find(
  answers: Answers,
  options: {
    readonly context?: string;
    readonly namespace?: string;
    readonly program?: string;
    readonly env?: object;
  } = {},
) {
  const { processes, calls } = kubectl(answers);
  const files = { read: async () => new TextEncoder().encode('ci-jobs\n') };
  const cluster = findCluster(
    {
      program: options.program ?? 'kubectl',
      context: options.context ?? null,
      namespace: options.namespace ?? null,
      platform: 'linux',
      env: (options.env ?? {}) as Record<string, string>,
    },
    { processes, files },
    signal,
  );
  return { cluster, calls, processes };
}

describe('a cluster', () => {
  test('is that of the current context, once and for all', async () => {
    const { cluster, calls } = find({});
    const { kubectl: pinned, ...found } = await cluster;
    expect(found).toEqual({
      version: '1.32.4',
      context: 'dev',
      isContextNamed: false,
      server: 'https://lab.example:6443',
      namespace: 'crud',
    });
    await pinned.ask(['get', 'pods'], signal);
    expect(calls.at(-1)?.args).toEqual([
      'get',
      'pods',
      '-o',
      'json',
      '--request-timeout=15s',
      '--context',
      'dev',
      '--namespace',
      'crud',
    ]);
    expect(pinned.typed(['get', 'pods'])).toBe('kubectl get pods --context dev --namespace crud');
  });

  test('is the one that was named, in the namespace that was named', async () => {
    const { cluster } = find({}, { context: 'prod', namespace: 'bff' });
    await expect(cluster).resolves.toMatchObject({
      context: 'prod',
      isContextNamed: true,
      server: 'https://live.example:6443',
      namespace: 'bff',
    });
  });

  test('is in the namespace default where the context has none', async () => {
    await expect(find({}, { context: 'prod' }).cluster).resolves.toMatchObject({ namespace: 'default' });
  });

  test('is the one of the ServiceAccount in a pod without a kubeconfig', async () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    const { cluster, calls } = find({ config: EMPTY }, { env });
    const { kubectl: pinned, ...found } = await cluster;
    expect(found).toMatchObject({
      context: null,
      isContextNamed: true,
      server: 'https://10.96.0.1:443',
      namespace: 'ci-jobs',
    });
    await pinned.ask(['get', 'pods'], signal);
    expect(calls.at(-1)?.args).not.toContain('--context');
  });

  test.each([
    [{ context: 'prd' }, {}, 'context-unknown', 'Did you mean prod?'],
    [{}, { config: EMPTY }, 'context-unknown', '--context'],
    [{}, { version: 'v1.18.3' }, 'kubectl-too-old', 'newer kubectl'],
    [{}, { result: { exitCode: null, startError: 'ENOENT' } }, 'kubectl-missing', '--kubectl'],
  ] as const)('that cannot be found is refused with a way out: %o %o', async (options, answers, code, hint) => {
    await expect(find(answers, options).cluster).rejects.toMatchObject({
      code,
      hint: { text: expect.stringContaining(hint) },
    });
  });
});

describe('a call of kubectl', () => {
  test.each([
    ['k3s kubectl', 'k3s', ['kubectl']],
    ['minikube kubectl --', 'minikube', ['kubectl', '--']],
    ['"C:\\Program Files\\kubectl.exe"', 'C:\\Program Files\\kubectl.exe', []],
  ])('goes to the program that was named: %s', async (program, file, first) => {
    const { cluster, calls } = find({}, { program });
    await cluster;
    expect(calls[0]).toMatchObject({ file });
    expect(calls[0]?.args.slice(0, first.length)).toEqual(first);
  });

  test('has a time limit and neither the admin token nor a diff program in its environment', async () => {
    const { cluster, calls } = find({});
    await cluster;
    for (const { timeoutMs, env } of calls) {
      expect(timeoutMs).toBeLessThanOrEqual(20_000);
      expect(env).toMatchObject({ IAT_ADMIN_TOKEN: undefined, KUBECTL_EXTERNAL_DIFF: undefined });
    }
  });

  test.each([
    ['Error from server (NotFound): secrets "x" not found', 'NotFound', 'kubectl-failed'],
    ['Warning: old\nError from server (Forbidden): pods is forbidden', 'Forbidden', 'rights-missing'],
    ['error: You must be logged in to the server (Unauthorized)', 'Unauthorized', 'cluster-unauthorized'],
    [
      'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
      null,
      'cluster-unreachable',
    ],
    ['Unable to connect to the server: x509: certificate signed by unknown authority', null, 'cluster-unreachable'],
    [
      'Unable to connect to the server: getting credentials: exec: executable aws not found',
      null,
      'cluster-unauthorized',
    ],
    ['something new', null, 'kubectl-failed'],
  ])('that fails is told by its reason: %s', async (stderr, reason, code) => {
    const { cluster, processes } = find({});
    const { kubectl: pinned } = await cluster;
    processes.run = async () => ({ exitCode: 1, stdout: '', stderr, startError: null, timedOut: false });
    const answer = await pinned.ask(['get', 'pods'], signal);
    expect(answer).toMatchObject({ ok: false, reason, error: { code } });
  });

  test('never shows what the answer to a patch quotes', async () => {
    const secret = 'dGVzdC1vbmx5LXNlY3JldA==';
    const { cluster, processes } = find({});
    const { kubectl: pinned } = await cluster;
    const stderr = `The Secret "bff-secrets" is invalid: patch: Invalid value: "{\\"data\\":{\\"OTHER\\":\\"${secret}\\"}}"`;
    processes.run = async () => ({ exitCode: 1, stdout: '', stderr, startError: null, timedOut: false });
    const answer = await pinned.ask(['patch', 'secret', 'bff-secrets'], signal);
    expect(JSON.stringify(answer)).not.toContain(secret);
  });

  test('that watches gives one object after the other, whatever stderr says', async () => {
    const { cluster, processes } = find({});
    const { kubectl: pinned } = await cluster;
    processes.lines = async function* () {
      for (const text of JSON.stringify({ type: 'ADDED', object: { a: { b: 1 } } }, null, 4).split('\n'))
        yield { stream: 'stdout', text };
      yield { stream: 'stderr', text: 'E1128 memcache.go:265 noise' };
      for (const text of JSON.stringify({ type: 'DELETED', object: {} }, null, 4).split('\n'))
        yield { stream: 'stdout', text };
    };
    const seen: unknown[] = [];
    for await (const each of pinned.documents(['get', 'pods', '-w'], signal)) seen.push(each);
    expect(seen).toEqual([
      { type: 'ADDED', object: { a: { b: 1 } } },
      { type: 'DELETED', object: {} },
    ]);
  });
});
