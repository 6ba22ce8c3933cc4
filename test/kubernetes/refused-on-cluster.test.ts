import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import { expect, test } from 'vitest';
import { describeWithKubectl } from '../support/kubectl.ts';
import { type OnClusterOptions, openOnCluster } from './on-cluster.ts';

interface Row {
  readonly title: string;
  readonly cluster?: OnClusterOptions;
  readonly args?: readonly string[];
  readonly code: string;
  readonly exitCode: 1 | 2 | 3;
  /** Of the error, with its hint. */
  readonly says: RegExp;
  /** What doctor says of the same cluster, where that is something else. */
  readonly doctor?: RegExp;
}

const QUOTA = 'pods "bff-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3';
const POD_SECURITY =
  'pods "bff-1" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false';

const ROWS: readonly Row[] = [
  {
    title: 'a workload that is scaled to 0',
    cluster: { replicas: 0 },
    code: 'no-replicas',
    exitCode: 1,
    says: /deployment\/bff is scaled to 0.* kubectl scale deployment\/bff --replicas=1/,
    doctor: /✖ container +deployment\/bff is scaled to 0/,
  },
  {
    title: 'a paused Deployment',
    cluster: { change: ofSpec({ paused: true }) },
    code: 'rollout-paused',
    exitCode: 2,
    says: /is paused.* kubectl rollout resume deployment\/bff/,
    doctor: /✖ container +deployment\/bff is paused/,
  },
  {
    title: 'a quota that lets no pod be made',
    cluster: { refusePods: () => QUOTA },
    code: 'no-pods',
    exitCode: 1,
    says: /makes no pod for deployment\/bff: .*exceeded quota: small.*Raise the quota/,
    doctor: /✖ container +The cluster makes no pod for deployment\/bff: .*exceeded quota/,
  },
  {
    title: 'Pod Security that lets no pod be made',
    cluster: { refusePods: () => POD_SECURITY },
    code: 'no-pods',
    exitCode: 1,
    says: /violates PodSecurity "restricted:latest".*securityContext/,
  },
  {
    title: 'admission that refuses the write',
    cluster: {
      admit: (operation, { kind }) => (operation === 'CREATE' && kind === 'Secret' ? 'no Secrets by hand here' : null),
    },
    code: 'admission-denied',
    exitCode: 3,
    says: /refuse/,
  },
  {
    title: 'a context that does not exist',
    args: ['--context', 'sandbux'],
    code: 'context-unknown',
    exitCode: 2,
    says: /no context sandbux.*Did you mean sandbox\?/,
  },
  {
    title: 'a namespace that does not exist',
    args: ['--namespace', 'cruud'],
    code: 'namespace-unknown',
    exitCode: 2,
    says: /no namespace cruud/,
  },
  {
    title: 'a workload that does not exist',
    args: ['--kubernetes', 'deployment/bef'],
    code: 'workload-unknown',
    exitCode: 2,
    says: /no deployment\/bef.*Did you mean deployment\/bff\?/,
  },
  {
    title: 'a container that does not exist',
    args: ['--container', 'bef'],
    code: 'container-ambiguous',
    exitCode: 2,
    says: /no container bef.*--container: bff/,
  },
  {
    title: 'two containers that could be meant',
    cluster: { change: withTwin },
    code: 'container-ambiguous',
    exitCode: 2,
    says: /Several containers get DCR_IAT|The pod has several containers/,
  },
  {
    title: 'a login that has expired',
    cluster: { isLoggedIn: () => false },
    code: 'cluster-unauthorized',
    exitCode: 3,
    says: /does not accept your login.*Log in again/,
    doctor: /does not accept your login/,
  },
  {
    title: 'a program that is not there',
    args: ['--kubectl', 'kubectl-of-nobody'],
    code: 'kubectl-missing',
    exitCode: 3,
    says: /kubectl-of-nobody could not be started.*Install kubectl/,
  },
];

describeWithKubectl('what ends a run before it changes anything', () => {
  test.each(ROWS)('$title', async ({ cluster: terms = {}, args = [], ...expected }) => {
    const { code, exitCode, says, doctor } = expected;
    const cluster = await openOnCluster({ pods: 'failing', replicas: 1, ...terms });
    if (terms.refusePods !== undefined) await cluster.until(() => isRefused(cluster.deployment()));
    const before = cluster.store.list('deployments');

    const iat = await cluster.run('iat', ...args);
    expect(iat.result?.error?.code).toBe(code);
    expect(iat.exitCode).toBe(exitCode);
    expect(inOneLine(iat.all)).toMatch(says);
    if (doctor !== undefined) {
      const look = await cluster.run('doctor', ...args);
      expect(look.exitCode).not.toBe(0);
      expect(inOneLine(look.all)).toMatch(doctor);
    }

    expect(cluster.mints()).toBe(0);
    expect(Object.keys(cluster.secret('bff-secrets') ?? {})).toEqual(['SESSION_SECRET']);
    expect(cluster.secret('bff-dcr-iat')).toBeNull();
    expect(specs(cluster.store.list('deployments'))).toEqual(specs(before));
    expect(await cluster.leaks()).toEqual([]);
  });
});

function inOneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function specs(objects: readonly object[]): unknown[] {
  return objects.map((object) => (object as Deployment).spec);
}

function isRefused({ status }: Deployment): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'ReplicaFailure' && status === 'True') ?? false;
}

function ofSpec(change: Partial<NonNullable<Deployment['spec']>>) {
  return (deployment: Deployment): Deployment => ({
    ...deployment,
    spec: { ...(deployment.spec as NonNullable<Deployment['spec']>), ...change },
  });
}

/** A second container that gets the same Secret. */
function withTwin(deployment: Deployment): Deployment {
  const template = deployment.spec?.template;
  const [container] = template?.spec?.containers ?? [];
  if (template?.spec === undefined || container === undefined) throw new Error('the Deployment has no container');
  const { ports: _, ...other } = container;
  const containers = [container, { ...other, name: 'worker' }];
  return ofSpec({ template: { ...template, spec: { ...template.spec, containers } } })(deployment);
}
