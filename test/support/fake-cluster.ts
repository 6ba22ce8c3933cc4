import { onTestFinished } from 'vitest';
import { startControllers } from '../../scripts/sandbox/cluster/controllers.ts';
import { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { isActive, listOf, type Stored, timestamp, updateIn } from '../../scripts/sandbox/cluster/typed-store.ts';
import { FakeClock } from './fake-clock.ts';

export const NEVER = new AbortController().signal;
export const NAMESPACE = 'crud';

export type Pod = Stored<'pods'>;

/** The image of a pod says whether it gets ready: `good…` does. */
export const imageOf = ({ spec }: Pod) => spec?.containers[0]?.image ?? '';

/** Controllers on a store, and pods that are nothing but their objects. */
export function fakeCluster(options: { readonly refuse?: (image: string) => string | null } = {}) {
  const clock = new FakeClock();
  const store = new ObjectStore(() => clock.date());
  const controllers = startControllers({
    store,
    clock,
    refusePods: (spec) => options.refuse?.(spec?.containers[0]?.image ?? '') ?? null,
  });
  onTestFinished(() => controllers.close());
  const pods = () => listOf(store, 'pods', NAMESPACE);
  const settle = () => clock.sleep(0, NEVER);
  const setReady = (pod: Pod, isReady: boolean) =>
    updateIn(store, 'pods', pod, (old) => ({
      ...old,
      spec: { containers: [], ...old.spec, nodeName: 'sandbox' },
      status: {
        phase: 'Running',
        conditions: [
          { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: timestamp(clock.date()) },
        ],
      },
    }));
  /** One turn of a kubelet: new pods start, ending ones are gone. */
  const turn = async () => {
    for (const pod of pods()) {
      if (pod.metadata.deletionTimestamp !== undefined) store.delete('pods', NAMESPACE, pod.metadata.name);
      else if (pod.status?.conditions === undefined) setReady(pod, imageOf(pod).startsWith('good'));
    }
    await settle();
  };
  /** Turns until nothing changes any more. */
  const untilStill = async () => {
    for (let before = ''; before !== store.version; ) {
      before = store.version;
      await turn();
    }
  };
  const images = () => pods().filter(isActive).map(imageOf).sort();
  return { clock, store, pods, settle, setReady, turn, untilStill, images };
}

export const template = (image: string) => ({
  metadata: { labels: { app: 'bff' } },
  spec: { containers: [{ name: 'bff', image }] },
});
