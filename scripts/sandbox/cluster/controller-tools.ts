import type { RecordEvent } from './events.ts';
import type { ObjectStore } from './store.ts';
import type { Stored } from './typed-store.ts';

/** What the controllers work with. */
export interface ControllerTools {
  readonly store: ObjectStore;
  readonly now: () => Date;
  /** @returns why there may be no such pod, as the API server says it */
  readonly refusePods: (spec: Stored<'pods'>['spec']) => string | null;
  /** The last refusal by the uid of the owner, and until when (epoch, ms) no other pod is tried. */
  readonly refusals: Map<string, { readonly refusal: string; readonly untilMs: number }>;
  readonly record: RecordEvent;
  /** Looks again after this time, whatever happens until then. */
  again(ms: number): void;
}
