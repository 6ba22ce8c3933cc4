import { STACK } from './commands.ts';
import { TEXT, WORKLOAD } from './option-values.ts';

/** Which workload on which cluster is meant, where it is not compose. Each is an `OptionSpec` (options.ts). */
export const CLUSTER_OPTIONS = {
  kubernetes: {
    flags: '--kubernetes <[kind/]name>',
    variable: 'IAT_KUBERNETES',
    value: WORKLOAD,
    description:
      'the workload of the BFF on a cluster, such as deployment/bff, statefulset/bff or daemonset/bff (default: compose)',
    commands: STACK,
  },
  context: {
    flags: '--context <name>',
    variable: 'IAT_CONTEXT',
    value: TEXT,
    description: 'context of the kubeconfig (default: the current one, which is asked about before anything changes)',
    commands: STACK,
  },
  namespace: {
    flags: '--namespace <name>',
    variable: 'IAT_NAMESPACE',
    value: TEXT,
    description: "namespace of the workload (default: the context's)",
    commands: STACK,
  },
  container: {
    flags: '--container <name>',
    variable: 'IAT_CONTAINER',
    value: TEXT,
    description: 'container of the BFF in its pods (default: the one that names the variable)',
    commands: STACK,
  },
  kubectl: {
    flags: '--kubectl <program>',
    variable: 'IAT_KUBECTL',
    value: TEXT,
    description: 'what to call in place of kubectl, such as oc or "k3s kubectl"',
    fallback: 'kubectl',
    commands: STACK,
  },
} as const;
