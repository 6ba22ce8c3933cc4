import type { Auth } from './collection-format.ts';

/**
 * What this project uses of Newman 6's library interface. The published types describe version 5 and lack the events.
 */
export interface NewmanRun {
  on(event: 'start', listener: (error: unknown, args: { run: RuntimeRun }) => void): void;
  on(event: 'beforeItem', listener: (error: unknown, args: { cursor: Cursor; item: PostmanItem }) => void): void;
  on(
    event: 'beforeRequest',
    listener: (error: unknown, args: { cursor: Cursor; request: PostmanRequest }) => void,
  ): void;
  on(
    event: 'request',
    listener: (
      error: { code?: unknown; message?: unknown } | null,
      args: { cursor: Cursor; request: PostmanRequest; response?: PostmanResponse },
    ) => void,
  ): void;
  on(
    event: 'assertion',
    listener: (
      error: { message?: unknown } | null,
      args: { cursor: Cursor; assertion: unknown; skipped?: boolean },
    ) => void,
  ): void;
  on(
    event: 'exception',
    listener: (error: unknown, args: { cursor: Cursor; error?: { name?: string; message?: unknown } }) => void,
  ): void;
  on(
    event: 'console',
    listener: (
      error: unknown,
      args: { cursor: Cursor; level: 'log' | 'info' | 'warn' | 'error' | 'debug'; messages: unknown[] },
    ) => void,
  ): void;
}

/** A run of Newman's runtime. */
export interface RuntimeRun {
  abort(): void;
}

/** Which item a callback is about: `ref` is unique for each execution. */
export interface Cursor {
  readonly ref: string;
  /** The script that is running: what is sent then, `pm.sendRequest` sends. */
  readonly scriptId?: string;
}

export interface PostmanItem {
  readonly name: string;
  parent?(): unknown;
}

export interface PostmanRequest {
  readonly method: string;
  readonly url: { toString(): string };
  readonly headers: PropertyList;
  readonly body?: { isEmpty(): boolean; toString(): string } | null;
  /** With its variables filled in. */
  readonly auth?: { toJSON(): Auth } | null;
  /** Replaces everything about it. */
  update(definition: { readonly method: string; readonly url: string }): void;
}

export interface PostmanResponse {
  readonly code: number;
  readonly status?: string;
  readonly headers: PropertyList;
  /** The body's bytes, decompressed. */
  readonly stream?: Buffer;
  readonly responseTime?: number;
}

interface PropertyList {
  toJSON(): { readonly key: string; readonly value?: unknown }[];
}

export interface NewmanSummary {
  readonly environment?: VariableScope;
  readonly collection?: { readonly variables?: VariableScope };
  readonly globals?: VariableScope;
}

interface VariableScope {
  toObject?(): { readonly [name: string]: unknown };
}
