import { AppError } from '../core/errors.ts';
import type { Clock, Files, Processes } from '../core/ports.ts';
import type { Stack } from '../core/stack.ts';
import { findCluster } from './find-cluster.ts';

export interface KubernetesOptions {
  /** NAME, or KIND/NAME. */
  readonly workload: string;
  readonly context: string | null;
  readonly namespace: string | null;
  readonly container: string | null;
  /** The program in place of kubectl, with its first arguments. */
  readonly kubectl: string;
  /** The variable that takes the token. */
  readonly variable: string;
  readonly write: 'auto' | 'secret' | 'own-secret';
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface KubernetesTools {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly files: Files;
}

/**
 * Finds a workload on the user's cluster, and talks to it through the user's own kubectl.
 *
 * @param purpose `look`: nothing will be changed, so the context need not be confirmed
 */
export async function findKubernetesStack(
  options: KubernetesOptions,
  tools: KubernetesTools,
  _purpose: 'write' | 'clear' | 'look',
  signal: AbortSignal,
): Promise<Stack> {
  await findCluster({ ...options, program: options.kubectl }, tools, signal);
  throw new AppError('workload-unsupported', 'A workload on a cluster cannot be changed yet.');
}
