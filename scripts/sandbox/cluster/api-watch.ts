import type { ServerResponse } from 'node:http';
import { apiVersionOf, type ResourceType } from './api-resources.ts';
import { expired } from './api-status.ts';
import type { ApiObject, Change, ObjectStore } from './store.ts';

interface Watch {
  readonly type: ResourceType;
  /** null: of all. */
  readonly namespace: string | null;
  readonly matches: (object: ApiObject) => boolean;
  readonly query: URLSearchParams;
}

/**
 * A stream of events, one JSON document a line, from a version on; without one, of what there is first. It ends with the request or
 * after its `timeoutSeconds`.
 */
export function answerWatch(
  store: ObjectStore,
  { type, namespace, matches, query }: Watch,
  response: ServerResponse,
): void {
  const from = query.get('resourceVersion') ?? '';
  const startsWithAll = query.get('sendInitialEvents') === 'true' || from === '' || from === '0';
  const missed = startsWithAll ? [] : store.since(from);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  const send = (kind: string, object: unknown) => response.write(`${JSON.stringify({ type: kind, object })}\n`);
  if (missed === null) {
    send('ERROR', expired(from, store.version).status);
    response.end();
    return;
  }

  const selects = (object: ApiObject | null) =>
    object !== null && (namespace === null || object.metadata.namespace === namespace) && matches(object);
  const tell = ({ type: kind, resource, object, before }: Change) => {
    if (resource !== type.resource) return;
    const [was, is] = [selects(before), kind !== 'DELETED' && selects(object)];
    // What a selector does not meet any more is gone for who watches, and the other way round.
    if (was || is) send(was ? (is ? 'MODIFIED' : 'DELETED') : 'ADDED', object);
  };
  const bookmark = (annotations: Readonly<Record<string, string>>) => {
    if (query.get('allowWatchBookmarks') !== 'true') return;
    const metadata = { resourceVersion: store.version, creationTimestamp: null, annotations };
    send('BOOKMARK', { kind: type.kind, apiVersion: apiVersionOf(type), metadata });
  };

  if (startsWithAll) for (const object of store.list(type.resource, namespace).filter(matches)) send('ADDED', object);
  if (query.get('sendInitialEvents') === 'true') bookmark({ 'k8s.io/initial-events-end': 'true' });
  for (const change of missed) tell(change);
  const stop = store.listen(tell);
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  const timer =
    seconds > 0
      ? setTimeout(() => {
          bookmark({});
          response.end();
        }, seconds * 1_000)
      : undefined;
  response.on('close', () => {
    stop();
    clearTimeout(timer);
  });
}
