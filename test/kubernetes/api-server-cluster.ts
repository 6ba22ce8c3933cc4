import { onTestFinished } from 'vitest';
import { startApiServer } from '../../scripts/sandbox/cluster/api-server.ts';
import type { ApiServer, ApiServerOptions, PodRuntime } from '../../scripts/sandbox/cluster/api-types.ts';
import { type ApiObject, ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { createKubectlHere, type KubectlHere } from '../support/kubectl.ts';

export interface Cluster extends KubectlHere {
  readonly store: ObjectStore;
  readonly api: ApiServer;
}

/** An API server with the namespace `crud` and a kubectl for it; both end with the test. */
export async function startCluster(options: Partial<Omit<ApiServerOptions, 'store'>> = {}): Promise<Cluster> {
  const { store, api } = await startServer(options);
  const kubectl = await createKubectlHere({ server: api.url });
  return { store, api, ...kubectl };
}

/** The same without kubectl. */
export async function startServer(
  options: Partial<Omit<ApiServerOptions, 'store'>> = {},
): Promise<Pick<Cluster, 'store' | 'api'>> {
  const now = () => new Date('2026-03-01T10:00:00Z');
  const store = new ObjectStore(now);
  store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'crud' } });
  const api = await startApiServer({ now, ...options, store });
  onTestFinished(() => api.close());
  return { store, api };
}

export function secret(name: string, data: Readonly<Record<string, string>>, other: object = {}): ApiObject {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { ...objectOf('v1', 'Secret', name), data: Object.fromEntries(encoded), type: 'Opaque', ...other };
}

export function deployment(name: string, container: object = {}): ApiObject {
  const labels = { app: name };
  const spec = { containers: [{ name, image: 'bff:1', ...container }] };
  return {
    ...objectOf('apps/v1', 'Deployment', name),
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

export function pod(name: string, labels: Readonly<Record<string, string>> = {}): ApiObject {
  const object = objectOf('v1', 'Pod', name);
  return {
    ...object,
    metadata: { ...object.metadata, labels },
    spec: { containers: [{ name: 'bff', image: 'bff:1', ports: [{ containerPort: 8000 }] }] },
    status: { phase: 'Running', podIP: '10.0.0.7' },
  };
}

/** A runtime that refuses everything but what is given. */
export function runtime(given: Partial<PodRuntime>): PodRuntime {
  const refusal = { refusal: 'not in this test' };
  return { log: () => refusal, exec: async () => refusal, address: () => null, ...given };
}

function objectOf(apiVersion: string, kind: string, name: string): ApiObject {
  return { apiVersion, kind, metadata: { name, namespace: 'crud' } };
}
