import type { InstanceFacts } from '../core/result.ts';
import type { Instance } from '../core/stack.ts';

/** An instance as a result has it. What is not said is not known. */
export function describeInstance(
  { name, state }: Instance,
  known: Pick<InstanceFacts, 'isNew'> & Partial<InstanceFacts>,
): InstanceFacts {
  const hasEnded = state.restartCount > 0 || !['created', 'running', 'paused'].includes(state.status);
  return {
    name,
    state: state.words ?? state.status,
    restarts: state.restartCount,
    exitCode: hasEnded ? state.exitCode : null,
    registered: null,
    healthy: null,
    key: null,
    problem: null,
    ...known,
  };
}
