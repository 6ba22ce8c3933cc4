import { candidatesOf, chooseContainer } from './container.ts';
import type { Kubectl } from './kubectl.ts';
import { ownSecretOf } from './own-entry.ts';
import type { View } from './planned-secret.ts';
import { readSources } from './sources.ts';
import { type FoundWorkload, findWorkload } from './workload.ts';

export interface ViewOptions {
  readonly namespace: string;
  /** NAME, or KIND/NAME. */
  readonly workload: string;
  /** `--container`; null: not given. */
  readonly container: string | null;
  readonly variable: string;
  /** Hears of the workload before what its containers take from has been read. */
  readonly onFound?: (workload: FoundWorkload) => void;
}

/**
 * Reads the workload as it is now, and what its containers' environments are made from; chooses the container that takes the
 * token.
 *
 * @throws AppError `workload-…`, `namespace-unknown`, `container-ambiguous`, and what keeps kubectl from an answer
 */
export async function readView(kubectl: Kubectl, options: ViewOptions, signal: AbortSignal): Promise<View> {
  const { namespace, variable } = options;
  const found = await findWorkload(kubectl, namespace, options.workload, signal);
  options.onFound?.(found);
  const { podSpec, object, name } = found;
  const containers = candidatesOf(podSpec).map(({ container }) => container);
  const sources = await readSources(kubectl, { containers, variable, ownSecret: ownSecretOf(name) }, signal);
  const annotations = object.spec?.template.metadata?.annotations ?? {};
  const { container, containerPath } = chooseContainer({
    podSpec,
    annotations,
    variable,
    named: options.container,
    sources,
  });
  return { workload: { ...found, container, containerPath }, sources };
}
