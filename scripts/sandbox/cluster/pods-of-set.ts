import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { ControllerTools } from './controller-tools.ts';
import { createIn, isOwnedBy, listOf, podOf, readySince, type Stored } from './typed-store.ts';

/** Between two tries to create a pod that is refused. */
const RETRY_MS = 5_000;

interface PodOwner {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
}

export function podsOf({ store }: ControllerTools, { metadata }: PodOwner): Stored<'pods'>[] {
  return listOf(store, 'pods', metadata.namespace).filter((pod) => isOwnedBy(pod, metadata.uid));
}

/** @returns why there may be no such pod; null: it is there */
export function createPod(
  tools: ControllerTools,
  owner: PodOwner & { readonly kind: string },
  template: PodTemplateSpec,
  name: string,
  labels: Record<string, string> = {},
): string | null {
  const { store, record, refusePods, refusals, now } = tools;
  const last = refusals.get(owner.metadata.uid);
  if (last !== undefined && now().getTime() < last.untilMs) return last.refusal;
  const component = `${owner.kind.toLowerCase().replace('set', 'set-')}controller`;
  const { namespace, uid } = owner.metadata;
  const pod = podOf(
    template,
    { name, namespace, labels },
    {
      apiVersion: 'apps/v1',
      kind: owner.kind,
      name: owner.metadata.name,
      uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  );
  const refusal = refusePods(pod.spec);
  const subject = { ...owner, apiVersion: 'apps/v1' };
  if (refusal !== null) {
    record(subject, 'Warning', 'FailedCreate', `Error creating: ${refusal}`, component);
    refusals.set(uid, { refusal, untilMs: now().getTime() + RETRY_MS });
    tools.again(RETRY_MS);
    return refusal;
  }
  createIn(store, 'pods', pod);
  record(subject, 'Normal', 'SuccessfulCreate', `Created pod: ${name}`, component);
  return null;
}

/** Ready, and for as long as `minReadySeconds` wants; looks again when that is over. */
export function isAvailable(tools: ControllerTools, pod: Stored<'pods'>, minReadySeconds = 0): boolean {
  const since = readySince(pod);
  if (since === null) return false;
  const leftMs = new Date(since).getTime() + minReadySeconds * 1_000 - tools.now().getTime();
  if (minReadySeconds === 0 || leftMs <= 0) return true;
  tools.again(leftMs);
  return false;
}
