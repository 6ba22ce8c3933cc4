import { expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import type { Processes } from '../../scripts/core/ports.ts';
import { createKubectl } from '../../scripts/kubernetes/kubectl.ts';
import { findWorkload } from '../../scripts/kubernetes/workload.ts';

const NEVER = new AbortController().signal;

/** Answers by the beginning of the arguments; what is not named is not there. */
function kubectlWith(answers: Readonly<Record<string, { readonly stdout?: string; readonly stderr?: string }>>) {
  const calls: string[] = [];
  const processes: Pick<Processes, 'run'> = {
    async run({ args }) {
      const call = args.join(' ');
      calls.push(call);
      const [, answer = {}] = Object.entries(answers).find(([start]) => call.startsWith(start)) ?? [];
      const { stdout = '', stderr = '' } = answer;
      return { exitCode: stderr === '' ? 0 : 1, stdout, stderr, startError: null, timedOut: false };
    },
  };
  const kubectl = createKubectl(processes as Processes, 'kubectl', ['--context', 'c', '--namespace', 'crud'], 'linux');
  return { kubectl, calls };
}

const object = (kind: string) => ({
  kind,
  metadata: { name: 'bff' },
  spec: { template: { spec: { containers: [] } } },
});
const list = (...kinds: string[]) => JSON.stringify({ kind: 'List', items: kinds.map(object) });
const FORBIDDEN = 'Error from server (Forbidden): statefulsets.apps "bff" is forbidden';

test.each([
  ['bff', { stdout: list('StatefulSet', 'Deployment') }, 'deployment'],
  ['bff', { stdout: list('DaemonSet') }, 'daemonset'],
  ['bff', { stdout: list('Deployment'), stderr: FORBIDDEN }, 'deployment'],
  ['sts/bff', { stdout: JSON.stringify(object('StatefulSet')) }, 'statefulset'],
  ['Deployments.apps/bff', { stdout: JSON.stringify(object('Deployment')) }, 'deployment'],
])('%s is found in one call', async (wanted, answer, kind) => {
  const { kubectl, calls } = kubectlWith({ get: answer });
  expect(await findWorkload(kubectl, 'crud', wanted, NEVER)).toMatchObject({ kind, name: 'bff', namespace: 'crud' });
  expect(calls).toHaveLength(1);
});

const ROLLOUT = { 'get rollouts.argoproj.io/bff': { stdout: 'rollout.argoproj.io/bff\n' } };

test.each([
  ['-x', {}, 'bad-value', 'NAME or KIND/NAME'],
  ['a b', {}, 'bad-value', 'NAME or KIND/NAME'],
  ['pod/bff', {}, 'workload-unsupported', '--kubernetes deployment/NAME'],
  ['rollout/bff', {}, 'workload-unsupported', 'kubectl argo rollouts restart bff --context c --namespace crud'],
  ['dc/bff', {}, 'workload-unsupported', 'oc rollout latest dc/bff --context c --namespace crud'],
  ['bff', ROLLOUT, 'workload-unsupported', 'kubectl argo rollouts restart bff'],
  ['bff', { 'get deployment/bff': { stderr: FORBIDDEN } }, 'rights-missing', 'kubectl get'],
  [
    'bff',
    { 'get namespace crud': { stderr: 'Error from server (NotFound): namespaces "crud" not found' } },
    'namespace-unknown',
    '--namespace',
  ],
  [
    'bff',
    { 'get deployment,': { stdout: 'deployment.apps/bfff\nstatefulset.apps/redis\n' } },
    'workload-unknown',
    'Did you mean deployment/bfff?',
  ],
  ['ds/bff', { 'get namespace crud': { stderr: FORBIDDEN } }, 'workload-unknown', 'another namespace'],
] as const)('%s is refused', async (wanted, answers, code, hint) => {
  const error: unknown = await findWorkload(kubectlWith(answers).kubectl, 'crud', wanted, NEVER).catch(
    (thrown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  expect([error.code, JSON.stringify(error.hint)]).toEqual([code, expect.stringContaining(hint)]);
});
