import type { ApiObject, ObjectStore } from './store.ts';

/** What a request wants, in the words of a Role. */
export interface Review {
  /** get, list, watch, create, update, patch, delete … */
  readonly verb: string;
  /** '' is the core group. */
  readonly group: string;
  /** Plural: `pods`. */
  readonly resource: string;
  /** '' where it is about the object itself. */
  readonly subresource: string;
  /** '' where it is about no single object. */
  readonly name: string;
  readonly namespace: string;
}

/** The kubelet cannot do it; the API server answers 400 with this sentence. */
export interface Refusal {
  readonly refusal: string;
}

export interface LogOptions {
  /** The run before the present one. */
  readonly previous: boolean;
  readonly follow: boolean;
  /** null: all. */
  readonly tailLines: number | null;
  /** Each line begins with its time (RFC 3339 with nanoseconds) and a space. */
  readonly timestamps: boolean;
  /** RFC 3339; null: from the first line. */
  readonly sinceTime: string | null;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** What runs behind the pods of the store: a kubelet, as far as the API server asks one. */
export interface PodRuntime {
  /**
   * The log of one container, in pieces of any size. It ends with the container's run where it is followed.
   *
   * @returns where the container has not started yet, the refusal of the kubelet, such as
   * `container "bff" in pod "bff-1" is waiting to start: ContainerCreating`
   */
  log(
    pod: ApiObject,
    container: string,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncIterable<string> | Refusal | Promise<AsyncIterable<string> | Refusal>;
  /** Without a shell of its own: `command` is a program with its arguments. */
  exec(
    pod: ApiObject,
    container: string,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<ExecResult | Refusal>;
  /** Where a port of the pod is to be reached on this machine; null: nothing listens there. */
  address(pod: ApiObject, port: number): { readonly host: string; readonly port: number } | null;
}

export interface ApiServerOptions {
  readonly store: ObjectStore;
  readonly now: () => Date;
  /** Without it there are no logs, no exec and no proxy. */
  readonly pods?: PodRuntime;
  /** Decides what SelfSubjectAccessReviews are told, and every request: false is a 403. Default: all is allowed. */
  readonly rights?: (review: Review) => boolean;
  /** An admission webhook. @returns why it denies the request, or null */
  readonly admit?: (operation: 'CREATE' | 'UPDATE' | 'DELETE', object: ApiObject) => string | null;
  /** false: every request is a 401. Default: all are accepted. kubectl sends credentials over TLS only, which is not here. */
  readonly isLoggedIn?: () => boolean;
  /** Called instead of the plain deletion. @returns true where it takes care of that itself */
  readonly onDelete?: (resource: string, object: ApiObject, options: DeleteOptions) => boolean;
}

export interface DeleteOptions {
  readonly propagationPolicy: 'Orphan' | 'Background' | 'Foreground';
  /** Seconds; null: what the pod says itself. */
  readonly gracePeriodSeconds: number | null;
}

/** One request, for tests that count them. Bodies are left out: they may hold secrets. */
export interface LoggedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly userAgent: string;
}

export interface ApiServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly requests: readonly LoggedRequest[];
  close(): Promise<void>;
}
