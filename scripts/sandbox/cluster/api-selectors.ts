import { badRequest } from './api-status.ts';
import type { ApiObject } from './store.ts';

/**
 * `labelSelector` and `fieldSelector` of a request, as one test.
 *
 * @throws ApiError 400 for a selector that cannot be read
 */
export function selectorOf(query: URLSearchParams): (object: ApiObject) => boolean {
  const labels = split(query.get('labelSelector') ?? '').map(requirement);
  const fields = split(query.get('fieldSelector') ?? '').map((term) => {
    const [, path, operator, value] = /^([^=!]+)(!=|==?)(.*)$/.exec(term) ?? [];
    if (path === undefined) throw badRequest(`invalid field selector: ${term}`);
    return (object: ApiObject) => (fieldAt(object, path.split('.')) === value) === (operator !== '!=');
  });
  return (object) =>
    labels.every((matches) => matches(object.metadata.labels ?? {})) && fields.every((matches) => matches(object));
}

/** At commas that are in no parentheses. */
function split(selector: string): string[] {
  return selector.match(/(?:[^,(]|\([^()]*\))+/g)?.map((term) => term.trim()) ?? [];
}

type Labels = Readonly<Record<string, string>>;

/** One term (k8s.io/apimachinery/pkg/labels): `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`. */
function requirement(term: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => {
      const value = labels[key];
      return operator === 'in'
        ? value !== undefined && values.includes(value)
        : value === undefined || !values.includes(value);
    };
  }
  const equal = /^([^\s!=]+)\s*(!=|==?)\s*([^\s!=]*)$/.exec(term);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const exists = /^(!?)\s*([^\s!=]+)$/.exec(term);
  if (exists === null) throw badRequest(`unable to parse requirement: ${term}`);
  const [, not, key = ''] = exists;
  return (labels) => Object.hasOwn(labels, key) === (not === '');
}

function fieldAt(object: ApiObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const part of path) value = (value as Readonly<Record<string, unknown>> | undefined)?.[part];
  return value === undefined || value === null ? '' : String(value);
}
