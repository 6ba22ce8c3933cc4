import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Files, Processes } from '../core/ports.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

export interface ClusterOptions {
  /** `--kubectl`: a program with its first arguments. */
  readonly program: string;
  /** `--context`; null: the current one. */
  readonly context: string | null;
  /** `--namespace`; null: the context's. */
  readonly namespace: string | null;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Which cluster and namespace every later call goes to. */
export interface Cluster {
  readonly kubectl: Kubectl;
  /** "1.32.4" */
  readonly version: string;
  /** null: this process runs in a pod, with its ServiceAccount. */
  readonly context: string | null;
  readonly isContextNamed: boolean;
  /** The API server's URL. */
  readonly server: string;
  readonly namespace: string;
}

/** `--patch-file` came with this one. */
const OLDEST_MINOR = 20;

/** Where a pod finds the namespace of its ServiceAccount. */
const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/**
 * Resolves context and namespace once, without asking the cluster.
 *
 * @throws AppError `kubectl-missing`, `kubectl-too-old`, `context-unknown`
 */
export async function findCluster(
  options: ClusterOptions,
  { processes, files }: { readonly processes: Processes; readonly files: Pick<Files, 'read'> },
  signal: AbortSignal,
): Promise<Cluster> {
  const { program, platform, env } = options;
  const plain = createKubectl(processes, program, [], platform);
  const [version, config] = await Promise.all([
    plain.json<ClientVersion>(['version', '--client'], signal),
    // Without --raw: credentials come as DATA+OMITTED.
    plain.json<Config>(['config', 'view', '--merge', '--minify=false', '--flatten=false', '--raw=false'], signal),
  ]);
  const { gitVersion = '' } = version.clientVersion ?? {};
  const minor = Number(/^v?1\.(\d+)/.exec(gitVersion)?.[1] ?? OLDEST_MINOR);
  if (minor < OLDEST_MINOR) {
    throw new AppError(
      'kubectl-too-old',
      `${program} is ${gitVersion}; 1.${OLDEST_MINOR} is the oldest that can be used.`,
      {
        hint: 'Install a newer kubectl, or name one with --kubectl.',
      },
    );
  }

  const contexts = config.contexts ?? [];
  const wanted = options.context ?? (config['current-context'] || null);
  const found = contexts.find(({ name }) => name === wanted);
  if (found === undefined) {
    if (options.context === null && contexts.length === 0 && env['KUBERNETES_SERVICE_HOST']) return inCluster();
    throw contextUnknown(
      wanted,
      contexts.map(({ name }) => name),
      plain,
    );
  }
  const { cluster, namespace } = found.context ?? {};
  const server = config.clusters?.find(({ name }) => name === cluster)?.cluster?.server ?? '';
  return pinned(found.name, options.namespace ?? namespace ?? 'default', server);

  async function inCluster(): Promise<Cluster> {
    const own = await files.read(NAMESPACE_FILE).catch(() => null);
    const server = `https://${env['KUBERNETES_SERVICE_HOST']}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`;
    return pinned(null, options.namespace ?? (own === null ? 'default' : new TextDecoder().decode(own).trim()), server);
  }

  function pinned(context: string | null, namespace: string, server: string): Cluster {
    const pins = [...(context === null ? [] : ['--context', context]), '--namespace', namespace];
    return {
      kubectl: createKubectl(processes, program, pins, platform),
      version: gitVersion.replace(/^v/, ''),
      context,
      isContextNamed: context === null || options.context !== null,
      server,
      namespace,
    };
  }
}

interface ClientVersion {
  readonly clientVersion?: { readonly gitVersion?: string };
}

/** What `config view` prints, as far as it is read. */
interface Config {
  readonly 'current-context'?: string;
  readonly contexts?:
    | readonly {
        readonly name: string;
        readonly context?: { readonly cluster?: string; readonly namespace?: string };
      }[]
    | null;
  readonly clusters?: readonly { readonly name: string; readonly cluster?: { readonly server?: string } }[] | null;
}

function contextUnknown(wanted: string | null, names: readonly string[], { program, typed }: Kubectl): AppError {
  if (wanted === null)
    return new AppError('context-unknown', `The kubeconfig of ${program} names no context.`, {
      hint: {
        text: 'Log in to the cluster, or name a context with --context:',
        command: typed(['config', 'get-contexts']),
      },
    });
  const close = nearest(wanted, names);
  const suggestion = close.length > 0 ? `Did you mean ${close.join(' or ')}? ` : '';
  return new AppError('context-unknown', `The kubeconfig has no context ${wanted}.`, {
    hint: { text: `${suggestion}To see all of them:`, command: typed(['config', 'get-contexts']) },
  });
}
