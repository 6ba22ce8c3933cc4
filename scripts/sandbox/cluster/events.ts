import type { ObjectStore } from './store.ts';
import { createIn, getOf, nameSuffix, timestamp, updateIn } from './typed-store.ts';

interface Subject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
}

/** Tells what happened to an object; the same once more counts up. */
export type RecordEvent = (
  subject: Subject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  component: string,
) => void;

export function createEvents(store: ObjectStore, now: () => Date): RecordEvent {
  const names = new Map<string, string>();
  return (subject, type, reason, message, component) => {
    const { name, namespace, uid } = subject.metadata;
    const key = JSON.stringify([uid, reason, message]);
    const at = timestamp(now());
    const before = getOf(store, 'events', namespace, names.get(key) ?? '');
    if (before !== undefined) {
      updateIn(store, 'events', before, (event) => ({ ...event, count: (event.count ?? 1) + 1, lastTimestamp: at }));
      return;
    }
    const own = `${name}.${nameSuffix()}${nameSuffix()}`;
    names.set(key, own);
    createIn(store, 'events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: own, namespace },
      involvedObject: {
        apiVersion: subject.apiVersion ?? 'v1',
        kind: subject.kind ?? 'Pod',
        name,
        namespace,
        uid,
      },
      type,
      reason,
      message,
      source: { component },
      reportingComponent: component,
      reportingInstance: '',
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    });
  };
}
