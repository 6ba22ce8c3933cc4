import { AppError, type Hint } from '../core/errors.ts';
import { type Origin, resolveEnvironment } from './environment.ts';
import type { Kubectl } from './kubectl.ts';
import { nameOf, type Workload } from './model.ts';
import type { Sources } from './sources.ts';
import { describe } from './token-place.ts';

/**
 * Only the token is written on a cluster. What else contradicts the runbook is for those who keep it.
 *
 * @param wanted the right value by the variable's name
 * @throws AppError `value-elsewhere` with where the wrong one comes from, and how to change it there
 */
export function verifyOthers(
  kubectl: Kubectl,
  workload: Workload,
  sources: Sources,
  wanted: Readonly<Record<string, string>>,
): void {
  const [first, ...more] = Object.entries(wanted);
  if (first === undefined) return;
  const [name, value] = first;
  const resolved = resolveEnvironment(workload.container, sources);
  const origin = resolved.originOf(name);
  const also = more.length === 0 ? '' : ` So are ${more.map(([other]) => other).join(' and ')}.`;
  throw new AppError(
    'value-elsewhere',
    `${name} must be "${value}" for the BFF to register, and is something else. It comes from ${describe(origin)}.${also}`,
    { hint: wayOut(kubectl, workload, origin, name, value) },
  );
}

function wayOut(kubectl: Kubectl, workload: Workload, origin: Origin, name: string, value: string): Hint {
  if (origin.from === 'config-map') {
    const patch = JSON.stringify({ data: { [origin.key]: value } });
    return {
      text: 'Change it where your team keeps it, or by hand; then run again:',
      command: kubectl.typed(['patch', `configmap/${origin.object}`, '--type=merge', '-p', patch]),
    };
  }
  if (origin.from === 'literal') {
    const container = `--containers=${workload.container.name}`;
    return {
      text: 'Change it where your team keeps it, or by hand; then run again:',
      command: kubectl.typed(['set', 'env', nameOf(workload), container, `${name}=${value}`]),
    };
  }
  return { text: `Set ${name} to "${value}" there, and run again.` };
}
