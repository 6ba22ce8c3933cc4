import { writeFile } from 'node:fs/promises';

export interface KubeconfigOptions {
  /** URL of the API server. */
  readonly server: string;
  readonly context: string;
  /** What calls without `--namespace` are about. */
  readonly namespace: string;
}

/** A kubeconfig with one context, which is the current one, and no credentials: kubectl sends none over plain HTTP. JSON is YAML, too. */
export async function writeKubeconfig(path: string, { server, context, namespace }: KubeconfigOptions): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [{ name: context, cluster: { server } }],
    contexts: [{ name: context, context: { cluster: context, user: context, namespace } }],
    users: [{ name: context, user: {} }],
  };
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
