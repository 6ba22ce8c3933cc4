import { groupBy } from '../../core/group-by.ts';
import { openApi } from './api-openapi.ts';
import { apiVersionOf, RESOURCES, type ResourceType } from './api-resources.ts';

/** What a path of discovery answers. */
interface Discovery {
  readonly contentType: string;
  readonly body: unknown;
}

/** The version that the server says it has: what it does is checked against that one. */
const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.2',
  gitCommit: '',
  gitTreeState: 'clean',
  platform: 'linux/amd64',
};

/**
 * `/version`, `/api`, `/apis` and `/openapi/v3` with what is below. kubectl since 1.27 asks for all groups at once (KEP-3352); older ones ask group by group.
 *
 * @param accept the request's header
 * @returns null where the path is none of these
 */
export function discover(path: string, accept: string): Discovery | null {
  const aggregated = /application\/json;g=apidiscovery\.k8s\.io;v=(v2\w*);as=APIGroupDiscoveryList/.exec(accept)?.[1];
  if (aggregated !== undefined && (path === '/api' || path === '/apis')) {
    return {
      contentType: `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`,
      body: {
        kind: 'APIGroupDiscoveryList',
        apiVersion: `apidiscovery.k8s.io/${aggregated}`,
        metadata: {},
        items: groups()
          .filter(({ name }) => (name === '') === (path === '/api'))
          .map(groupDiscovery),
      },
    };
  }
  const body = plain(path) ?? openApi(path);
  return body === null ? null : { contentType: 'application/json', body };
}

function plain(path: string): unknown {
  if (path === '/version') return VERSION;
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  const named = groups().filter(({ name }) => name !== '');
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupOf) };
  const group = named.find(({ name }) => path === `/apis/${name}`);
  if (group !== undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) };
  const found = groups().find((each) => path === (each.name === '' ? '/api/v1' : `/apis/${each.name}/${each.version}`));
  return found === undefined ? null : resourceList(found);
}

interface Group {
  readonly name: string;
  readonly version: string;
  readonly types: readonly ResourceType[];
}

function groups(): Group[] {
  const byGroup = groupBy(RESOURCES, apiVersionOf);
  return [...byGroup.values()].map((types) => ({
    name: types[0]?.group ?? '',
    version: types[0]?.version ?? '',
    types,
  }));
}

function groupOf({ name, version }: Group) {
  const preferred = { groupVersion: `${name}/${version}`, version };
  return { name, versions: [preferred], preferredVersion: preferred };
}

function resourceList({ types }: Group) {
  const [first] = types;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: first === undefined ? '' : apiVersionOf(first),
    resources: types.flatMap(({ resource, kind, namespaced, verbs, shortNames, subresources }) => [
      { name: resource, singularName: kind.toLowerCase(), namespaced, kind, verbs, shortNames },
      ...subresources.map((each) => ({
        name: `${resource}/${each}`,
        singularName: '',
        namespaced,
        ...subresource(kind, each),
      })),
    ]),
  };
}

function groupDiscovery({ name, version, types }: Group) {
  return {
    metadata: { name, creationTimestamp: null },
    versions: [
      {
        version,
        freshness: 'Current',
        resources: types.map((type) => ({
          resource: type.resource,
          responseKind: { group: name, version, kind: type.kind },
          scope: type.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: type.kind.toLowerCase(),
          verbs: type.verbs,
          shortNames: type.shortNames,
          subresources: type.subresources.map((each) => {
            const { kind, verbs } = subresource(type.kind, each);
            return { subresource: each, responseKind: { group: name, version, kind }, verbs };
          }),
        })),
      },
    ],
  };
}

function subresource(kind: string, name: string) {
  const own: Readonly<Record<string, { kind: string; verbs: readonly string[] }>> = {
    exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
    portforward: { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
    proxy: { kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    log: { kind, verbs: ['get'] },
  };
  return own[name] ?? { kind, verbs: ['get', 'patch', 'update'] };
}
