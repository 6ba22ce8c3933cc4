import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What goes wrong on a cluster: the file and a part of the title of the test that provokes it. */
const COVERED: readonly (readonly [fault: string, file: string, title: string])[] = [
  ['a first start without a token', 'iat-healthy', 'one pod without a token'],
  ['a stale token, three pods that crash-loop', 'iat-healthy', 'three pods with a stale token in their Secret'],
  ['two pods race for one use', '../runbook/several-instances', 'two race for one use of the token'],
  ['credentials that go with the one pod', 'iat-others', 'a pod whose credentials go with it'],
  ['iat:clear where credentials go with their pod', 'iat-refused', 'iat:clear where no credentials outlive a pod'],
  ['credentials that go with each of three pods', 'iat-refused', 'three pods without a volume that they share'],
  ['keys that differ', 'iat-others', 'two pods with keys of their own'],
  ['a root file system that is read-only', 'iat-refused', 'no volume on a file system that is read-only'],
  ['an old pod spends the only use', 'iat-others', 'an old pod starts once more with the token'],
  ['an empty literal that hides the key', 'iat-refused', 'an empty literal in front of the key of a Secret'],
  ['two entries of one name', 'iat-healthy', 'two entries of one name'],
  ['a key of another name', 'iat-healthy', 'a prefix in envFrom'],
  ['a literal', 'iat-refused', 'a literal in the pod template'],
  ['a literal that is moved', 'iat-healthy', 'a literal that gives way'],
  ['a ConfigMap', 'iat-refused', 'a key of a ConfigMap'],
  ['a required key that is missing', 'iat-healthy', 'a required reference whose key is missing'],
  ['a Secret that is missing', 'iat-others', 'a Secret that is missing'],
  ['an immutable Secret', 'iat-refused', 'an immutable Secret'],
  ['a Secret that changes meanwhile', 'iat-others', 'what was changed between reading and writing'],
  ['an owner that is refused', 'iat-refused', 'a Secret of an ExternalSecret'],
  ['an owner that puts it back', 'iat-others', 'an ExternalSecret that puts it back at once'],
  ['an owner that undoes it later', 'iat-others', 'owners that undo a change later'],
  ['a claim that Helm 4 would run into', 'planned-secret', 'so is the claim on the field'],
  ['Flux', 'iat-others', 'the restart is signed as Flux signs'],
  ['Reloader', 'iat-others', "Reloader's rollout is waited for"],
  ['a paused Deployment', 'iat-refused', 'a Deployment that is paused'],
  ['no replicas', 'refused-on-cluster', 'a workload that is scaled to 0'],
  ['OnDelete, a partition', 'objections', 'OnDelete of a DaemonSet'],
  ['a quota', 'refused-on-cluster', 'a quota that lets no pod be made'],
  ['Pod Security', 'refused-on-cluster', 'Pod Security that lets no pod be made'],
  ['no node', 'stuck-on-cluster', 'no node takes it'],
  ['no claim', 'stuck-on-cluster', 'its claim does not exist'],
  ['a volume of another node', 'stuck-on-cluster', 'its volume is on another node'],
  ['no image', 'stuck-on-cluster', 'its image cannot be pulled'],
  ['no program', 'stuck-on-cluster', 'its program does not exist'],
  ['memory', 'pod-state', "'memory'"],
  ['a probe that kills', 'pod-state', "'a probe'"],
  ['a bootstrap in an init container', 'health-on-cluster', 'a bootstrap in an init container'],
  ['a sidecar', 'health-on-cluster', 'a sidecar in front of the BFF'],
  ['two containers', 'refused-on-cluster', 'two containers that could be meant'],
  ['an IdP that pods cannot reach', 'probe', 'does not say what nobody knows'],
  ['one of three is not healthy', 'health-on-cluster', 'one of three that is not healthy'],
  ['a pod is replaced meanwhile', 'health-on-cluster', 'one that is replaced while they are asked'],
  ['logs that end with their container', 'pod-log', 'goes on with each further run'],
  ['what the kubelet says in a log', 'pod-log', 'has no line that the kubelet says itself'],
  ['a Service that injects BFF_PORT', 'health-on-cluster', 'a Service of the name of a variable'],
  ['each right that is missing', 'rights-on-cluster', 'ends the run before a token is minted'],
  ['a context that nobody named', 'context-on-cluster', 'is refused where nobody can be asked'],
  ['a context that changes', 'context-on-cluster', 'though the current context is changed meanwhile'],
  ['a namespace that is a typing error', 'refused-on-cluster', 'a namespace that does not exist'],
  ['a login that has expired', 'refused-on-cluster', 'a login that has expired'],
  ['a cluster that is down', 'find-cluster', 'that fails is told by its reason'],
  ['no kubectl', 'refused-on-cluster', 'a program that is not there'],
  ['an old kubectl', 'find-cluster', "'kubectl-too-old'"],
  ['kubectl and cluster of different versions', 'kubectl-versions', 'does the whole job'],
  ['an error that holds the whole Secret', 'find-cluster', 'never shows what the answer to a patch quotes'],
  ['admission', 'refused-on-cluster', 'admission that refuses the write'],
  ['Ctrl-C', 'interrupted-on-cluster', 'the ways to them end, too'],
  ['clear of a required key', 'planned-secret', 'what clearing leaves of a key'],
  ['fifty pods', '../runbook/several-instances', 'fifty instances'],
  ['Windows has no /dev/stdin', '../platform/processes', 'has a name on Windows'],
];

/** What only a real cluster or another program shows, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'an immutable Secret that was deleted and created again under its name':
    'the kubelet keeps the old value by its watch cache',
  'an upgrade by Helm 4 itself': 'Helm is no part of the tests; that the claim is given up is',
  'a policy or a DNS that keeps pods from the IdP': 'pods of the sandbox share the network of this machine',
  'port-forward over SPDY': 'the API server of the sandbox does not speak it; a relay stands for it',
};

test.each(COVERED)('%s', (_, file, title) => {
  expect(readFileSync(new URL(`${file}.test.ts`, import.meta.url), 'utf8')).toContain(title);
});

test('what is tested elsewhere has its reason', () => {
  for (const reason of Object.values(ELSEWHERE)) expect(reason.length).toBeGreaterThan(20);
});
