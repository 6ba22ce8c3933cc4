import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { expect, test } from 'vitest';
import { deletePod, getOf, readySince } from '../../scripts/sandbox/cluster/typed-store.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { openOnCluster } from './on-cluster.ts';

function ofPods(change: (spec: PodSpec, container: Container) => PodSpec) {
  return (deployment: Deployment): Deployment => {
    const { spec } = deployment;
    const [container] = spec?.template.spec?.containers ?? [];
    if (spec?.template.spec === undefined || container === undefined)
      throw new Error('the Deployment has no container');
    return {
      ...deployment,
      spec: { ...spec, template: { ...spec.template, spec: change(spec.template.spec, container) } },
    };
  };
}

describeWithKubectl('pods that are registered', () => {
  test('one of three that is not healthy is named, and the others are said to be well', async () => {
    const fault = { name: 'fault', optional: true, key: 'fault' };
    const cluster = await openOnCluster({
      change: ofPods((spec, container) => ({
        ...spec,
        containers: [{ ...container, env: [{ name: 'SANDBOX_BFF_FAULT', valueFrom: { configMapKeyRef: fault } }] }],
      })),
    });
    // The first pod that starts after another one is ready cannot reach its Redis.
    void cluster
      .until(() => cluster.pods().some((pod) => readySince(pod) !== null))
      .then(() =>
        cluster.store.create('configmaps', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'fault', namespace: cluster.cluster.namespace },
          data: { fault: 'unhealthy' },
        }),
      );
    const { exitCode, result } = await cluster.run('iat', '--health-timeout', '15');
    expect(exitCode).toBe(1);
    const pods = result?.kubernetes?.pods.filter(({ revision }) => revision === 'new') ?? [];
    expect(pods.filter(({ healthy }) => healthy === true)).toHaveLength(2);
    expect(pods.filter(({ healthy }) => healthy === false)).toHaveLength(1);
    expect(await cluster.leaks()).toEqual([]);
    const look = await cluster.run('doctor');
    expect([look.exitCode, look.all]).toEqual([1, expect.stringContaining('2 of 3 pods are healthy.')]);
  });

  test('one that is replaced while they are asked has a successor, which is asked; a sidecar in front of the BFF is not taken for it', async () => {
    let replaced: string | null = null;
    const cluster = await openOnCluster({
      replicas: 2,
      change: ofPods((spec, container) => ({
        ...spec,
        containers: [{ name: 'istio-proxy', image: 'istio/proxyv2:1.29.0' }, container],
      })),
      rights({ subresource, name }) {
        const pod = subresource === 'portforward' && name !== '' && replaced === null ? name : null;
        if (pod !== null) {
          replaced = pod;
          setImmediate(() => {
            const { store, cluster: here } = cluster;
            const found = getOf(store, 'pods', here.namespace, pod);
            if (found !== undefined) deletePod(store, found, new Date());
          });
        }
        return true;
      },
    });
    const { exitCode, result } = await cluster.run('iat', '--stable-for', '1', '--health-timeout', '30');
    expect(replaced).not.toBeNull();
    expect([exitCode, result?.verdict]).toEqual([0, 'healthy']);
    const wanted = result?.kubernetes?.pods.filter(({ healthy }) => healthy === true).map(({ name }) => name);
    expect(wanted).toHaveLength(2);
    expect(wanted).not.toContain(replaced);
    expect(result?.kubernetes?.container).toBe('bff');
    const read = cluster.cluster.server.requests.flatMap(({ path }) => /\/log\?(.*)$/.exec(path)?.[1] ?? []);
    const containers = read.map((query) => new URLSearchParams(query).get('container'));
    expect(new Set(containers)).toEqual(new Set(['bff']));
  });

  test('a Service of the name of a variable is named as what kills the BFF', async () => {
    const cluster = await openOnCluster({
      replicas: 1,
      change: ofPods(({ enableServiceLinks: _, ...spec }) => spec),
    });
    const { exitCode, result, run } = await cluster.run('iat', '--health-timeout', '20');
    expect([exitCode, result?.diagnosis?.code, result?.diagnosis?.iatHelps]).toEqual([1, 'service-link', false]);
    expect(run.warnings.join(' ')).toMatch(/Service bff gives each new pod BFF_PORT=tcp:/);
  });

  test('a bootstrap in an init container: its log is read, and its environment is the target', async () => {
    const register = [
      'echo "ms_bff.bootstrap.dcr - INFO - Starting DCR bootstrap for client bff-server"',
      '[ -n "$DCR_IAT" ] || { echo "ms_bff.bootstrap.dcr - ERROR - No cached credentials and DCR_IAT is not set: cannot register client bff-server"; exit 3; }',
      'echo "ms_bff.bootstrap.dcr - INFO - Client bff-server registered"',
      'echo "ms_bff.bootstrap.dcr - INFO - DCR bootstrap completed"',
    ].join('\n');
    const cluster = await openOnCluster({
      replicas: 1,
      change: ofPods((spec, container) => ({
        ...spec,
        initContainers: [
          {
            name: 'register',
            image: 'empowernow/bff:2.1.0',
            command: ['/bin/sh', '-c', register],
            ...(container.envFrom === undefined ? {} : { envFrom: container.envFrom }),
            ...(container.volumeMounts === undefined ? {} : { volumeMounts: container.volumeMounts }),
          },
        ],
        containers: [
          {
            ...container,
            env: [
              { name: 'DCR_ENABLED', value: 'false' },
              { name: 'SKIP_DCR_BOOTSTRAP', value: 'true' },
            ],
          },
        ],
      })),
    });
    const { exitCode, result } = await cluster.run('iat', '--container', 'register', '--health-timeout', '15');
    expect([exitCode, result?.kubernetes?.container]).toEqual([0, 'register']);
  });
});
