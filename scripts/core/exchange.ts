/**
 * One HTTP request and its answer, as the collection made it: our own model. Newman's objects end at `postman/newman.ts`;
 * the console, the reports and the exit code all derive from this. Strings here are raw: every sink masks them.
 */
export interface Exchange {
  /** The request's id in the collection; absent: it is none of the collection's. */
  readonly id?: string;
  /** Which iteration of the run it belongs to, from 0; absent: the only one. */
  readonly iteration?: number;
  /** The request's name, as in Postman. */
  readonly name: string;
  /** The folders around it, outermost first. */
  readonly folders: readonly string[];
  readonly startedAt: Date;
  readonly request: HttpRequest;
  /** A script of the collection kept it from being sent (`pm.execution.skipRequest`); the request is empty then. */
  readonly isSkipped?: true;
  /** null where no answer came; then `error` says why, or it was skipped. */
  readonly response: HttpResponse | null;
  readonly assertions: readonly Assertion[];
  /** What the collection's scripts wrote with `console.*`. */
  readonly console: readonly ConsoleLine[];
  /** Why there is no answer, or why a script broke; null when neither happened. */
  readonly error: ExchangeError | null;
  /** The proxy that it went through: `HTTPS_PROXY (proxy.test:8080)`; absent: none. */
  readonly via?: string;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body: Body | null;
}

export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: Body | null;
  /** From sending to the last byte, in milliseconds. */
  readonly timeMs: number;
  /** Bytes of the whole answer with its headers, as it came; absent: not counted. */
  readonly sizeBytes?: number;
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

export interface Body {
  /** Decoded by its byte order mark, its charset, or as UTF-8; cut to its maker's limit. */
  readonly text: string;
  /** The whole body's size in bytes, cut or not. */
  readonly bytes: number;
  /** The text was not kept, because the run has more messages than a report can hold. */
  readonly isLeftOut?: true;
  /** The media type, without parameters, in lower case; '' when none was named. */
  readonly type: string;
}

/** One `pm.test` of the collection. A failed one is data, not an exception. */
export interface Assertion {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What the assertion library said; null unless failed. */
  readonly message: string | null;
}

export interface ConsoleLine {
  readonly level: 'log' | 'info' | 'warn' | 'error' | 'debug';
  readonly text: string;
}

export interface ExchangeError {
  /** `network`: no answer; `script`: a script of the collection threw outside a test; `file`: one could not be sent. */
  readonly kind: 'network' | 'script' | 'file';
  /** Node's or OpenSSL's code (ECONNREFUSED, DEPTH_ZERO_SELF_SIGNED_CERT, ESOCKETTIMEDOUT …), '' where there is none. */
  readonly code: string;
  readonly message: string;
}

/** Passed: an answer came or was not asked for, no script broke, no assertion failed. */
export function isPassed(exchange: Exchange): boolean {
  return exchange.error === null && exchange.assertions.every((assertion) => assertion.status !== 'failed');
}

/** How a request went, for people. */
export function statusOf(exchange: Exchange): 'passed' | 'failed' | 'skipped' {
  if (!isPassed(exchange)) return 'failed';
  return exchange.isSkipped ? 'skipped' : 'passed';
}
