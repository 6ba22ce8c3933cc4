import { AppError } from '../core/errors.ts';
import type { Objection } from '../core/stack.ts';
import type { Cluster } from './find-cluster.ts';
import { nameOf, type Workload } from './model.ts';

type Place = Pick<Cluster, 'context' | 'isContextNamed' | 'server' | 'namespace' | 'version'>;

/** Where it is, in one line, before anything changes: "kubectl 1.32.4, context crud (https://…), namespace crud, deployment/bff" */
export function describeCluster(program: string, cluster: Place, workload: Pick<Workload, 'kind' | 'name'>): string {
  const context = cluster.context === null ? 'the ServiceAccount of this pod' : `context ${cluster.context}`;
  return `${program} ${cluster.version}, ${context} (${cluster.server}), namespace ${cluster.namespace}, ${nameOf(workload)}`;
}

/**
 * A context that nobody named is whatever was used last, in this terminal or another one.
 *
 * @returns null: it was named, or there is none to choose
 */
export function contextObjection(cluster: Place, workload: Pick<Workload, 'kind' | 'name'>): Objection | null {
  const { context, isContextNamed, server, namespace } = cluster;
  if (isContextNamed || context === null) return null;
  return {
    error: new AppError('context-unnamed', `No context was named, and the current one is ${context} (${server}).`, {
      hint: `If ${nameOf(workload)} in namespace ${namespace} there is meant, say --context ${context}.`,
    }),
    question: `Use context ${context} (${server}), namespace ${namespace}, ${nameOf(workload)}?`,
    yieldsToForce: false,
  };
}
