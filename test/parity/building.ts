import type { Item, Request, Script } from '../../scripts/postman/collection-format.ts';

/** A collection with one trap in it, and what belongs to it. */
export interface Fixture {
  /** Its items; the rest of it is `more`. */
  readonly items?: readonly Item[];
  /** Other members of the collection, `info` included. */
  readonly more?: object;
  /** The whole file, where it is not a collection of `items`. */
  readonly document?: unknown;
  readonly environment?: unknown;
  readonly globals?: unknown;
  /** The text of its data file, by its ending. */
  readonly data?: { readonly csv: string } | { readonly json: string };
  readonly args?: readonly string[];
  /** Texts by name, beside the collection. */
  readonly files?: Readonly<Record<string, string>>;
}

export type Fixtures = Readonly<Record<string, Fixture>>;

export const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

export const ECHO = 'http://echo.test';
export const SECURE = 'https://echo.test';
export const ELSEWHERE = 'http://elsewhere.test';
/** Nothing listens there. */
export const NOBODY = 'http://echo.test:1';

/** A request for a path of the echo, or for a whole URL. */
export function get(name: string, url: string, ...event: Script[]): Item {
  return send(name, 'GET', url, {}, ...event);
}

export function send(name: string, method: string, url: string, more: Partial<Request>, ...event: Script[]): Item {
  return { name, event, request: { method, url: url.startsWith('/') ? ECHO + url : url, header: [], ...more } };
}

export function after(...exec: string[]): Script {
  return { listen: 'test', script: { exec } };
}

export function before(...exec: string[]): Script {
  return { listen: 'prerequest', script: { exec } };
}

/** A check that a JavaScript expression is true. */
export function check(name: string, expression: string): Script {
  return after(`pm.test(${JSON.stringify(name)}, () => pm.expect(${expression}).to.equal(true));`);
}

export const ok = after("pm.test('200', () => pm.response.to.have.status(200));");

/** A body of this text. */
export const raw = (text: string) => ({ mode: 'raw', raw: text });

/** The parameters of an auth block, as v2.1 has them. */
export function auth(type: string, parameters: Readonly<Record<string, unknown>> = {}) {
  return { type, [type]: Object.entries(parameters).map(([key, value]) => ({ key, value })) };
}

/** What the paths `basic-auth` and `digest-auth` of the echo let in. */
export const BASIC = auth('basic', { username: 'postman', password: 'password' });

/** Variables as an export has them. */
export function scope(name: string, values: Readonly<Record<string, unknown>>, more: readonly object[] = []) {
  return {
    id: `${name}-id`,
    name,
    values: [...Object.entries(values).map(([key, value]) => ({ key, value, enabled: true })), ...more],
  };
}

export function folder(name: string, more: Item, ...item: Item[]): Item {
  return { name, item, ...more };
}
