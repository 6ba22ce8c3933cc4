import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, Volume } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectStore } from './store.ts';
import { createIn } from './typed-store.ts';

export interface ManifestOptions {
  readonly namespace: string;
  /** With or without `/api/oidc` at its end. */
  readonly idpUrl: string;
  /** Default 3. */
  readonly replicas?: number;
  /**
   * Where the BFF keeps its keys and credentials: in a volume that all pods share (default), in an `emptyDir` of each pod, or, as
   * the documented manifest has it, in no volume at all, on a file system that is read-only.
   */
  readonly keys?: 'shared' | 'per-pod' | 'none';
  /** The value of DCR_IAT in the Secret bff-secrets; null (default): no such key. */
  readonly iat?: string | null;
  /** What the BFF does wrong on purpose, as SANDBOX_BFF_FAULT. */
  readonly bffFault?: string | null;
  /** How the BFF writes its log. Default plain. */
  readonly log?: 'plain' | 'json';
  /** Makes and changes other objects, before there is the Deployment. */
  readonly prepare?: (store: ObjectStore) => void;
  /** Other parts of the Deployment. */
  readonly change?: (deployment: Deployment) => Deployment;
}

const PORT = 8000;

/**
 * What the BFF's own documentation has people apply: a Deployment with `envFrom`, probes on /auth/health and a rolling update, and
 * the objects that it needs. The workload is made last.
 */
export function createManifest(store: ObjectStore, options: ManifestOptions): void {
  const { namespace, keys = 'shared', bffFault } = options;
  for (const name of ['default', 'kube-system', namespace])
    store.create('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
      status: { phase: 'Active' },
    });
  createIn(store, 'configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'bff-config', namespace },
    data: {
      DCR_ENABLED: 'true',
      SKIP_DCR_BOOTSTRAP: 'false',
      IDP_BASE_URL: options.idpUrl,
      ALLOW_BOOTSTRAP_FAILURE: 'false',
      DCR_CLIENT_ID: 'bff-server',
      DCR_REDIRECT_URIS: 'https://bff.sandbox.example/auth/callback',
      DCR_SIGNING_KEY: '/app/keys/bff-sig-001.pem',
      BFF_KID: 'bff-sig-001',
      BFF_CLIENT_CRED_PATH: '/app/keys/bff_client.json',
      MS_BFF_TOKEN_AUTH_METHOD: 'private_key_jwt',
      KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092',
      ...(options.log === 'json' ? { SANDBOX_BFF_LOG: 'json' } : {}),
      ...(bffFault ? { SANDBOX_BFF_FAULT: bffFault } : {}),
    },
  });
  createIn(store, 'secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bff-secrets', namespace },
    type: 'Opaque',
    data: options.iat ? { DCR_IAT: Buffer.from(options.iat).toString('base64') } : {},
  });
  createIn(store, 'services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'bff', namespace },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.10',
      selector: { app: 'bff' },
      ports: [{ name: 'http', port: 80, targetPort: PORT, protocol: 'TCP' }],
    },
  });
  if (keys === 'shared') {
    createIn(store, 'persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'bff-keys', namespace },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Mi' } } },
      status: { phase: 'Bound' },
    });
  }
  options.prepare?.(store);
  const deployment = deploymentOf(options);
  createIn(store, 'deployments', options.change?.(deployment) ?? deployment);
}

function deploymentOf({ namespace, replicas = 3, keys = 'shared' }: ManifestOptions): Deployment {
  const keyVolumes: Readonly<Record<typeof keys, Volume[]>> = {
    shared: [{ name: 'keys', persistentVolumeClaim: { claimName: 'bff-keys' } }],
    'per-pod': [{ name: 'keys', emptyDir: {} }],
    none: [],
  };
  const volumes = [{ name: 'tmp', emptyDir: {} }, { name: 'cache', emptyDir: {} }, ...keyVolumes[keys]];
  const paths: Readonly<Record<string, string>> = { tmp: '/tmp', cache: '/app/cache', keys: '/app/keys' };
  const httpGet = { path: '/auth/health', port: PORT };
  const container: Container = {
    name: 'bff',
    image: 'empowernow/bff:2.1.0',
    imagePullPolicy: 'Always',
    ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }],
    envFrom: [{ configMapRef: { name: 'bff-config' } }, { secretRef: { name: 'bff-secrets' } }],
    readinessProbe: { httpGet, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
    livenessProbe: { httpGet, initialDelaySeconds: 30, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
    lifecycle: { preStop: { exec: { command: ['sleep', '15'] } } },
    securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 1000 },
    volumeMounts: volumes.map(({ name }) => ({ name, mountPath: paths[name] ?? '' })),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'bff', namespace, labels: { app: 'bff' } },
    spec: {
      replicas,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      selector: { matchLabels: { app: 'bff' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      template: {
        metadata: { labels: { app: 'bff' } },
        spec: {
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          // The sandbox's BFF reads BFF_PORT, which the Service of its name would set.
          enableServiceLinks: false,
          containers: [container],
          volumes,
        },
      },
    },
  };
}
