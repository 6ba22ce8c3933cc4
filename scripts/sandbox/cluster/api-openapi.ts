import { groupBy } from '../../core/group-by.ts';
import { apiVersionOf, RESOURCES } from './api-resources.ts';

/**
 * `/openapi/v3` and below, as far as `kubectl create -f` reads it: it asks whether the server validates fields by itself, and
 * checks objects against the schemas of OpenAPI v2 where that is not so. No schema is here.
 *
 * @returns null where the path is none of these
 */
export function openApi(path: string): unknown {
  const versions = [...groupBy(RESOURCES, apiVersionOf)].map(([version, types]) => ({
    name: `${version.includes('/') ? 'apis' : 'api'}/${version}`,
    types,
  }));
  if (path === '/openapi/v3') {
    return {
      paths: Object.fromEntries(versions.map(({ name }) => [name, { serverRelativeURL: `/openapi/v3/${name}` }])),
    };
  }
  const found = versions.find(({ name }) => path === `/openapi/v3/${name}`);
  if (found === undefined) return null;
  const paths = found.types.map(({ group, version, kind, resource }) => [
    `/${found.name}/${resource}/{name}`,
    {
      patch: {
        parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
        responses: {},
        'x-kubernetes-action': 'patch',
        'x-kubernetes-group-version-kind': { group, version, kind },
      },
    },
  ]);
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: found.name }, paths: Object.fromEntries(paths) };
}
