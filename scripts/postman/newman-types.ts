import type { ConsoleLine } from '../core/exchange.ts';
import type { Auth, Row } from './collection-format.ts';

/**
 * What this project uses of Newman 6's library interface. The published types describe version 5 and lack the events.
 */
export interface Newman {
  /** Its lib/config/rc-file.js, which reads `.newmanrc`. */
  readonly rcFile: { load(done: (error: null, options: object) => void): void };
  run(options: object, callback: (error: unknown, summary: NewmanSummary | undefined) => void): NewmanRun;
}

export interface NewmanRun {
  /** Set just before `runner.run` is called, some turns of the event loop after Newman's `run` has returned. */
  runner: Runner;
  readonly summary: NewmanSummary;
  on<Name extends keyof NewmanEvents>(
    event: Name,
    listener: (error: { code?: unknown; message?: unknown } | null, args: NewmanEvents[Name]) => void,
  ): void;
}

/** postman-runtime's. Newman passes it a part of what it takes. */
export interface Runner {
  /** Where this run keeps its cookies; set when it begins (runner.ts). */
  cookieJar?: { toJSON(): object } | undefined;
  run(
    collection: unknown,
    options: { readonly requester?: object; readonly [name: string]: unknown },
    callback: (error: unknown, run?: { readonly state: { cursor?: object } }) => void,
  ): void;
}

/** What the listener of each event gets. */
interface NewmanEvents {
  start: { run: { abort(): void } };
  beforeItem: { cursor: Cursor; item: PostmanItem };
  item: { cursor: Cursor };
  iteration: { cursor: Cursor };
  beforeRequest: { cursor: Cursor; request: PostmanRequest };
  request: { cursor: Cursor; request: PostmanRequest; response?: PostmanResponse };
  assertion: { cursor: Cursor; assertion: unknown; skipped?: boolean };
  /** The scopes are as the script left them; `_variables` is that of `pm.variables`. */
  script: { execution?: { readonly _variables?: VariableScope; readonly collectionVariables?: VariableScope } };
  exception: { cursor: Cursor; error?: { name?: string; message?: unknown } };
  console: { cursor: Cursor; level: ConsoleLine['level']; messages: unknown[] };
}

/** Which item a callback is about: `ref` is unique for each execution. */
interface Cursor {
  readonly ref: string;
  /** The script that is running: what is sent then, `pm.sendRequest` sends. */
  readonly scriptId?: string;
  /** From 0. */
  readonly iteration: number;
}

interface PostmanItem {
  readonly id: string;
  readonly name?: string;
  parent?(): unknown;
}

export interface PostmanRequest {
  readonly method: string;
  readonly url: { toString(): string };
  readonly headers: PropertyList;
  readonly body?: { isEmpty(): boolean; toString(): string; toJSON(): PostmanBody } | null;
  /** With its variables filled in. */
  readonly auth?: { toJSON(): Auth } | null;
}

/** Only the member that `mode` names is sent. */
interface PostmanBody {
  readonly mode?: string;
  readonly formdata?: readonly Row[];
  readonly graphql?: unknown;
  readonly file?: unknown;
}

export interface PostmanResponse {
  readonly code: number;
  readonly status?: string;
  readonly headers: PropertyList;
  /** The body's bytes, decompressed. */
  readonly stream?: Buffer;
  readonly responseTime?: number;
  /** As it came: `body` is the Content-Length where there is one. */
  size(): { readonly total?: number };
}

interface PropertyList {
  toJSON(): { readonly key: string; readonly value?: unknown }[];
}

export interface NewmanSummary {
  /** Each holds an answer with its body. */
  readonly run: {
    readonly executions: { response?: unknown }[];
    readonly stats: Readonly<Record<StatName, { readonly total: number; readonly failed: number }>>;
    readonly transfers: { readonly responseTotal: number };
  };
  readonly environment?: VariableScope;
  readonly collection?: { readonly variables?: VariableScope; toJSON(): object };
  readonly globals?: VariableScope;
}

type StatName = 'iterations' | 'items' | 'requests' | 'prerequestScripts' | 'testScripts' | 'assertions';

export interface VariableScope {
  toObject?(): { readonly [name: string]: unknown };
  toJSON(): object;
}
