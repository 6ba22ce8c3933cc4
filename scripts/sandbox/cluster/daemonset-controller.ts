import type { ControllerTools } from './controller-tools.ts';
import { createPod, isAvailable, podsOf } from './pods-of-set.ts';
import { revisionOf } from './revisions.ts';
import { deletePod, isActive, nameSuffix, readySince, type Stored, updateIn } from './typed-store.ts';

const REVISION = 'controller-revision-hash';

/** One pod, because the cluster has one node (pkg/controller/daemon). With RollingUpdate an old pod goes before the new one comes. */
export function reconcileDaemonSet(tools: ControllerTools, set: Stored<'daemonsets'>): void {
  const { store, now } = tools;
  const { spec, metadata } = set;
  if (spec === undefined || metadata.deletionTimestamp !== undefined) return;
  const { template, updateStrategy, minReadySeconds } = spec;
  const revision = revisionOf(tools, set, 'DaemonSet', template);
  const hash = revision.slice(metadata.name.length + 1);
  const pods = podsOf(tools, set);
  const [pod] = pods.filter(isActive);
  if (pods.length === 0)
    createPod(tools, { ...set, kind: 'DaemonSet' }, template, `${metadata.name}-${nameSuffix()}`, {
      [REVISION]: hash,
    });
  else if (pod === undefined) for (const over of pods) deletePod(store, over, now());
  else if (updateStrategy?.type !== 'OnDelete' && pod.metadata.labels?.[REVISION] !== hash)
    deletePod(store, pod, now());

  const [present] = podsOf(tools, set).filter(isActive);
  const isReady = present !== undefined && readySince(present) !== null;
  const available = present !== undefined && isAvailable(tools, present, minReadySeconds) ? 1 : 0;
  const counts = {
    updatedNumberScheduled: present?.metadata.labels?.[REVISION] === hash ? 1 : 0,
    numberAvailable: available,
    numberUnavailable: 1 - available,
  };
  updateIn(store, 'daemonsets', set, (old) => ({
    ...old,
    status: {
      currentNumberScheduled: present === undefined ? 0 : 1,
      desiredNumberScheduled: 1,
      numberMisscheduled: 0,
      numberReady: isReady ? 1 : 0,
      observedGeneration: old.metadata.generation ?? 1,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    },
  }));
}
