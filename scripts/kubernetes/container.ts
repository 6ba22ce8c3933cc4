import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { resolveEnvironment } from './environment.ts';
import type { Workload } from './model.ts';
import type { Sources } from './sources.ts';

/** A container that may be the one that registers. */
export interface Candidate extends Pick<Workload, 'container' | 'containerPath'> {
  /** It runs before the others and ends. */
  readonly isInit: boolean;
}

export interface ContainerChoice {
  readonly podSpec: PodSpec;
  /** Of the pod template. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly variable: string;
  /** `--container`; null: not given. */
  readonly named: string | null;
  /** What the candidates' environments are made from. */
  readonly sources: Sources;
}

/** Containers that a mesh, a vault or a cloud adds, by their usual names. */
const SIDECARS = new Set([
  'cloud-sql-proxy',
  'cloudsql-proxy',
  'consul-dataplane',
  'daprd',
  'envoy',
  'istio-init',
  'istio-proxy',
  'istio-validation',
  'kuma-init',
  'kuma-sidecar',
  'linkerd-init',
  'linkerd-network-validator',
  'linkerd-proxy',
  'vault-agent',
  'vault-agent-init',
]);

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** All but sidecars; an init container that restarts is one, too (KEP-753). */
export function candidatesOf(podSpec: PodSpec): readonly Candidate[] {
  return allOf(podSpec).filter(
    ({ container, isInit }) => !SIDECARS.has(container.name) && !(isInit && isNativeSidecar(container)),
  );
}

/**
 * The container that takes the token: the one that is named, else the only one that sets the variable by an entry of its `env`,
 * else the only one that gets it from an `envFrom` (an init container gives way there: it often shares its sources), else the
 * default container of the pod, else the only one that is no init container.
 *
 * @throws AppError `container-ambiguous` with the names
 */
export function chooseContainer(choice: ContainerChoice): Candidate {
  const { podSpec, annotations, variable, named, sources } = choice;
  if (named !== null) return byName(podSpec, named);
  const candidates = candidatesOf(podSpec);
  const origins = candidates.map(({ container }) => resolveEnvironment(container, sources).originOf(variable));
  const byEntry = candidates.filter(
    (_, index) => origins[index] !== undefined && 'index' in origins[index] && origins[index].index !== null,
  );
  const bySource = candidates.filter((_, index) => origins[index]?.from !== 'nowhere');
  const main = (some: readonly Candidate[]) => some.filter(({ isInit }) => !isInit);
  const groups = [byEntry, main(bySource), bySource, main(candidates)];
  const group = groups.find(({ length }) => length > 0) ?? candidates;
  const preferred = annotations[DEFAULT_CONTAINER];
  const isHeld = bySource.length > 0;
  const chosen =
    group.find(({ container }) => container.name === preferred) ?? (group.length === 1 ? group[0] : undefined);
  if (chosen !== undefined) return chosen;
  if (candidates.length === 0)
    throw new AppError('workload-unsupported', 'The pod template has no container that could be the BFF.', {
      hint: 'Name the workload that runs the BFF with --kubernetes, or its container with --container.',
    });
  const names = group.map(({ container }) => container.name).join(', ');
  const what = isHeld ? `Several containers get ${variable}` : 'The pod has several containers';
  throw new AppError('container-ambiguous', `${what}: ${names}.`, {
    hint: `Name the one that registers the BFF with --container.`,
  });
}

function byName(podSpec: PodSpec, name: string): Candidate {
  const found = allOf(podSpec).find(({ container }) => container.name === name);
  if (found !== undefined) return found;
  const names = allOf(podSpec).map(({ container }) => container.name);
  throw new AppError('container-ambiguous', `The pod has no container ${name}.`, {
    hint: `Name one of these with --container: ${names.join(', ')}.`,
  });
}

function allOf({ containers, initContainers }: PodSpec): readonly Candidate[] {
  const pathed = (list: string, isInit: boolean) => (container: Container, index: number) => {
    return { container, containerPath: `/spec/template/spec/${list}/${index}`, isInit };
  };
  return [
    ...(containers ?? []).map(pathed('containers', false)),
    ...(initContainers ?? []).map(pathed('initContainers', true)),
  ];
}

/** `restartPolicy` of a container is newer than the types. */
function isNativeSidecar(container: Container & { readonly restartPolicy?: string }): boolean {
  return container.restartPolicy === 'Always';
}
