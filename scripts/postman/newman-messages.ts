import type { Assertion, ConsoleLine, ExchangeError, HttpRequest, HttpResponse } from '../core/exchange.ts';
import type {
  ClientCertificate,
  CollectionOutcome,
  CollectionRun,
  NewmanOptions,
  PostmanVariable,
} from '../core/ports.ts';
import type { ProxyVariables } from '../core/proxy.ts';
import type { Resolution } from '../core/resolve.ts';

/*
 * What crosses between the run and Newman's worker: plain data. A `Secret` would come out as an empty object, so its value
 * crosses as text, and the other side makes a `Secret` of it again.
 */

/** A variable with its value in plain text. */
export interface OrderedVariable extends Pick<PostmanVariable, 'name' | 'value' | 'type'> {
  readonly isSecret: boolean;
}

/** What the worker is to run. */
export interface Order
  extends Pick<
    CollectionRun,
    'collection' | 'items' | 'requests' | 'tls' | 'requestTimeoutMs' | 'isBounded' | 'origins' | 'login' | 'local'
  > {
  readonly variables: readonly OrderedVariable[];
  readonly newman: Omit<NewmanOptions, 'globals' | 'clientCertificates'> & {
    readonly globals: readonly OrderedVariable[];
    readonly clientCertificates: readonly (Omit<ClientCertificate, 'passphrase'> & { readonly passphrase?: string })[];
  };
  readonly proxies: ProxyVariables;
  readonly resolve: readonly Resolution[];
  /** Bytes of one answer, decompressed; Newman stops reading beyond. */
  readonly largestAnswer: number;
}

/** What the worker says, in the order in which it happens. `ref` is unique for each execution of a request. */
export type Report =
  /** Newman is loaded, and begins. */
  | { readonly kind: 'begun' }
  /** A secret that a request or an answer holds: comes before anything that holds it. */
  | { readonly kind: 'secret'; readonly value: string; readonly label: string }
  | {
      readonly kind: 'item';
      readonly ref: string;
      readonly id: string;
      readonly iteration: number;
      readonly name: string;
      readonly folders: readonly string[];
      readonly startedAt: Date;
    }
  | { readonly kind: 'request'; readonly ref: string; readonly request: HttpRequest }
  | {
      readonly kind: 'answer';
      readonly ref: string;
      readonly request: HttpRequest;
      readonly response: HttpResponse | null;
      readonly error: ExchangeError | null;
      /** The proxy that it went through, for people; null: none. */
      readonly via: string | null;
      /** The whole text, where the run is one with `origins`. */
      readonly body: string | null;
    }
  | { readonly kind: 'assertion'; readonly ref: string; readonly assertion: Assertion }
  | { readonly kind: 'console'; readonly ref: string; readonly line: ConsoleLine }
  /** A script broke, or Newman did while this was running. */
  | { readonly kind: 'error'; readonly ref: string; readonly error: ExchangeError }
  /** A connection to another host than these was refused. The run ends. */
  | { readonly kind: 'refused'; readonly address: string; readonly origins: readonly string[] }
  /** The request has ended, with its scripts. */
  | { readonly kind: 'ended'; readonly ref: string }
  | ({ readonly kind: 'end' } & Pick<CollectionOutcome, 'variables' | 'counts' | 'exports'>)
  /** Newman did not run anything. */
  | { readonly kind: 'failed'; readonly message: string };
