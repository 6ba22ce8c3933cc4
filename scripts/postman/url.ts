import type { Request, Row, Url } from './collection-format.ts';

/** The URL of a request as text, its variables left in: as Newman puts it together from the parts (postman-collection, `Url.toString`). */
export function urlOf({ url }: Request): string {
  if (typeof url === 'string') return url;
  if (!url) return '';
  return isInParts(url) ? joined(url) : withPathVariables(url.raw ?? '', url);
}

/** Where a URL leads whose variables are filled in, as Newman sends it: by http where it names no scheme. null: nowhere. */
export function targetIn(text: string): URL | null {
  const whole = /^\w[\w+.-]*:\/\//.test(text) ? text : `http://${text}`;
  return URL.canParse(whole) ? new URL(whole) : null;
}

/** It has more than `raw`, which Newman does not read. */
export function isInParts({ host, path }: Url): boolean {
  return (host ?? path ?? null) !== null;
}

function joined(url: Url): string {
  const { protocol, auth, host, port, path, query, hash } = url;
  const scheme = protocol ? `${protocol.replace(/:\/\/$/, '')}://` : '';
  const password = auth?.password ?? null;
  const user = `${auth?.user ?? ''}${password === null ? '' : `:${password}`}`;
  const name = typeof host === 'string' ? host : (host ?? []).join('.');
  const segments =
    typeof path === 'string'
      ? path.replace(/^\//, '')
      : path?.map((segment) => (typeof segment === 'string' ? segment : (segment.value ?? ''))).join('/');
  const base = `${scheme}${user === '' ? '' : `${user}@`}${name}${(port ?? null) === null ? '' : `:${port}`}`;
  const pathText = segments === undefined ? '' : withPathVariables(`/${segments}`, url);
  return `${base}${pathText}${queryOf(query)}${typeof hash === 'string' ? `#${hash}` : ''}`;
}

/** `/users/:id` with the value of `id`; a name that has none stays as it is. */
function withPathVariables(text: string, { variable }: Url): string {
  const values = new Map((variable ?? []).map(({ key, id, value }) => [key ?? id ?? '', value]));
  const end = /[?#]|$/.exec(text)?.index ?? text.length;
  const path = text.slice(0, end).replace(/\/:([^/.]+)/g, (whole, name: string) => {
    const value = values.get(name);
    return typeof value === 'string' && value !== '' ? `/${value}` : whole;
  });
  return path + text.slice(end);
}

function queryOf(query: Url['query']): string {
  if (typeof query === 'string') return query === '' ? '' : `?${query}`;
  const enabled = (query ?? []).filter(({ disabled }) => disabled !== true);
  return enabled.length === 0 ? '' : `?${enabled.map(parameter).join('&')}`;
}

function parameter({ key, value }: Row): string {
  const name = escaped(key ?? '').replaceAll('=', '%3D');
  return typeof value === 'string' ? `${name}=${escaped(value)}` : name;
}

/** What would end the parameter. */
function escaped(text: string): string {
  return text.replaceAll('&', '%26').replaceAll('#', '%23');
}
