import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What goes wrong on a cluster, and the test that provokes it. */
const COVERED: Readonly<Record<string, string>> = {
  'a context that was not named, or changes meanwhile': 'context-on-cluster',
  'a wrong context, namespace, workload or container': 'refused-on-cluster',
  'an expired login': 'refused-on-cluster',
  'kubectl is missing': 'refused-on-cluster',
  'kubectl is too old': 'find-cluster',
  'kubectl is older or newer than the cluster': 'kubectl-versions',
  'no replicas, a paused Deployment': 'refused-on-cluster',
  'a workload that replaces pods only when they are deleted, or not all of them': 'hazards',
  'a quota or Pod Security lets no pod be made': 'refused-on-cluster',
  'admission refuses the write': 'refused-on-cluster',
  'each right that is missing': 'rights-on-cluster',
  'unschedulable, a claim or a volume that is missing': 'stuck-on-cluster',
  'an image that cannot be pulled, a program that does not exist': 'stuck-on-cluster',
  'out of memory, a probe that kills': 'pod-state',
  'a bootstrap in an init container, a sidecar': 'health-on-cluster',
  'one of several pods is not healthy': 'health-on-cluster',
  'a pod is replaced while it is asked': 'health-on-cluster',
  'a Service that injects BFF_PORT': 'health-on-cluster',
  'a log that ends with its container, a container that waits': 'pod-log',
  'an error message that holds a whole Secret': 'planned-secret',
  'Ctrl-C in the write, in the rollout, and while pods are asked': 'interrupted-on-cluster',
};

/** What only a real cluster, another operating system or another program shows. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'an immutable Secret that was recreated under its name': 'the kubelet keeps the old value by its watch cache',
  'an upgrade by Helm 4 after the token was taken out': 'Helm is no part of the tests',
  'the IdP cannot be reached from the network of the pods': 'pods of the sandbox share the network of this machine',
  'a volume that another node holds': 'the sandbox has one node; the event is in stuck-on-cluster',
  'port-forward over SPDY': 'the API server of the sandbox does not speak it; a relay stands for it',
  'no /dev/stdin': 'Windows',
};

test.each(Object.entries(COVERED))('%s', (_, file) => {
  expect(existsSync(new URL(`${file}.test.ts`, import.meta.url))).toBe(true);
});

test('what is tested elsewhere has its reason, and is not said to be covered', () => {
  for (const [title, reason] of Object.entries(ELSEWHERE)) {
    expect(reason).not.toBe('');
    expect(COVERED).not.toHaveProperty([title]);
  }
});
