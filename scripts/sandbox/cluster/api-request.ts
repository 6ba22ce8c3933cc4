import { RESOURCES, type ResourceType } from './api-resources.ts';
import { forbidden } from './api-status.ts';
import type { Review } from './api-types.ts';
import type { Target } from './api-write.ts';

/** A path of the API, read. */
export interface Route extends Target {
  /** null: the objects of all namespaces. */
  readonly within: string | null;
  /** Of the pod proxy: what follows `/proxy`. */
  readonly rest: string;
  /** Of the pod proxy: the port in `http:NAME:PORT`. */
  readonly port: number | null;
}

const PATH =
  /^\/(?:api\/(?<core>v1)|apis\/(?<group>[^/]+)\/(?<version>[^/]+))(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<subresource>[^/]+)(?<rest>\/.*)?)?)?$/;

/** @returns null where the API has nothing of that path */
export function routeOf(path: string): Route | null {
  const parts = PATH.exec(path)?.groups;
  if (parts === undefined) return null;
  const part = (name: string) => decodeURIComponent(parts[name] ?? '');
  const version = parts['core'] ?? part('version');
  const type = RESOURCES.find(
    (each) => each.resource === part('resource') && each.group === part('group') && each.version === version,
  );
  const subresource = part('subresource');
  if (type === undefined || (subresource !== '' && !type.subresources.includes(subresource))) return null;
  const proxied = subresource === 'proxy' ? /^(?:https?:)?([^:]+)(?::(\d+))?$/.exec(part('name')) : null;
  const namespace = type.namespaced ? part('namespace') : '';
  return {
    type,
    namespace,
    within: type.namespaced && parts['namespace'] === undefined ? null : namespace,
    name: proxied?.[1] ?? part('name'),
    subresource,
    rest: parts['rest'] ?? '/',
    port: proxied?.[2] === undefined ? null : Number(proxied[2]),
  };
}

const VERBS: Readonly<Record<string, string>> = { DELETE: 'delete', PATCH: 'patch', POST: 'create', PUT: 'update' };

/** What a request wants (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go). */
export function reviewOf(method: string, route: Route, query: URLSearchParams): Review {
  const { type, namespace, subresource } = route;
  const { group, resource } = type;
  const reads = query.get('watch') === 'true' ? 'watch' : route.name === '' ? 'list' : 'get';
  // A list of one object by its name is about that one, so that a rule with resourceNames allows it.
  const selected = /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1];
  const name = route.name === '' && VERBS[method] === undefined ? (selected ?? '') : route.name;
  return {
    verb: VERBS[method] ?? reads,
    group,
    resource,
    subresource,
    name,
    namespace: resource === 'namespaces' ? name : namespace,
  };
}

/** k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go */
export function notAllowed(type: ResourceType, { verb, group, resource, subresource, name, namespace }: Review) {
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return forbidden(type, name, `User "sandbox" cannot ${verb} resource "${what}" in API group "${group}" ${where}`);
}
