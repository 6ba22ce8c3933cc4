/**
 * Everything that can go wrong and has a name. The code is the contract (`result.error.code`); the words may change.
 *
 * The number is the exit code: 1 it ran and the answer is no; 2 wrong usage or configuration, found before anything
 * changed; 3 could not do it.
 */
const EXIT_CODES = {
  // Options, settings, secrets handed in
  usage: 2,
  'bad-value': 2,
  'admin-token-missing': 2,
  'admin-token-expired': 2,
  'insecure-url': 2,

  // The Postman collection
  'collection-missing': 2,
  'collection-invalid': 2,
  'collection-v3': 2,
  'environment-invalid': 2,
  'request-not-found': 2,
  'request-ambiguous': 2,
  'folder-not-found': 2,
  'folder-empty': 2,
  'variable-unresolved': 2,
  'body-from-file': 2,

  // The compose file and the .env file: what cannot be edited safely
  'compose-file-missing': 2,
  'compose-invalid': 2,
  'service-not-found': 2,
  'service-ambiguous': 2,
  encoding: 2,
  'line-break': 2,
  'control-character': 2,
  'yaml-syntax': 2,
  'legacy-file': 2,
  'multi-document': 2,
  'service-alias': 2,
  'service-merged': 2,
  shared: 2,
  'shared-list': 2,
  'inherited-environment': 2,
  extended: 2,
  reference: 2,
  'near-miss': 2,
  'environment-shape': 2,
  'item-shape': 2,
  'value-shape': 2,
  tag: 2,
  shadowed: 2,
  'shell-overrides': 2,
  'token-needed': 2,
  'dotenv-syntax': 2,

  // Files
  'file-not-regular': 2,
  'file-not-writable': 3,
  'file-changed': 3,
  'file-busy': 3,
  'file-io': 3,

  // Docker and compose
  'docker-missing': 3,
  'docker-unreachable': 3,
  'compose-missing': 3,
  'compose-failed': 3,
  'restart-failed': 3,
  'container-unchanged': 3,
  'effective-value': 3,

  // A cluster
  'kubectl-missing': 3,
  'kubectl-too-old': 2,
  'kubectl-failed': 3,
  'context-unnamed': 2,
  'context-unknown': 2,
  'cluster-unreachable': 3,
  'cluster-unauthorized': 3,
  'namespace-unknown': 2,
  'workload-unknown': 2,
  'workload-unsupported': 2,
  'container-ambiguous': 2,
  'rights-missing': 3,
  'value-hidden': 2,
  'value-literal': 2,
  'value-in-configmap': 2,
  'value-elsewhere': 2,
  'secret-immutable': 2,
  'secret-owned': 2,
  'secret-changed': 3,
  'admission-denied': 3,
  reverted: 3,
  'rollout-paused': 2,
  'rollout-on-delete': 2,
  'port-forward-failed': 3,

  // The IdP, and what it answers
  'login-failed': 3,
  'idp-bad-request': 3,
  'idp-unauthorized': 3,
  'idp-forbidden': 3,
  'idp-not-found': 3,
  'idp-conflict': 3,
  'idp-rate-limited': 3,
  'idp-unavailable': 3,
  'idp-unexpected-status': 3,
  'idp-redirect': 3,
  'idp-not-json': 3,
  'idp-not-http': 3,
  'idp-unreachable': 3,
  'idp-tls': 3,
  'idp-timeout': 3,
  'token-missing': 3,
  'token-ambiguous': 3,
  'token-malformed': 3,
  'token-expired': 3,

  // Newman itself
  'script-failed': 3,
  'newman-failed': 3,
  'host-refused': 3,

  // The answer is no
  'iat-does-not-help': 1,
  'fault-found': 1,
  'bootstrap-failed': 1,
  'container-exited': 1,
  'container-crash-loop': 1,
  'container-paused': 1,
  'container-replaced': 1,
  'container-not-started': 1,
  'bff-unhealthy': 1,
  'bff-unregistered': 1,
  'credentials-not-kept': 1,
  'no-replicas': 1,
  'no-pods': 1,
  'pod-unschedulable': 1,
  'pod-mount': 1,
  'pod-config': 1,
  'image-pull': 1,
  'out-of-memory': 1,
  'probe-kills': 1,
  'not-registered': 1,
  'keys-differ': 1,
  'assertion-failed': 1,

  timeout: 3,
  leak: 3,
  interrupted: 130,
  internal: 3,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

/** Where in a file the trouble is; lines and columns count from 1. */
export interface Where {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** The line itself with its secrets taken out, for a caret frame. Never the raw source of a file that may hold one. */
  readonly excerpt?: string;
}

/** What the reader does next: words, and the one command to type where there is one. */
export interface Hint {
  readonly text: string;
  /** As it is typed, whole: shown on a line of its own, and to be copied. */
  readonly command?: string;
}

export interface ErrorDetails {
  /** The way out. */
  readonly hint?: string | Hint;
  readonly where?: Where;
  /** The foreign error, for `--verbose`. Its text is never shown raw: foreign messages quote their input. */
  readonly cause?: unknown;
}

/** The one error of this project: what happened (`message`), what to do (`hint`), where. Anything else that is thrown is a bug. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: Hint | undefined;
  readonly where: Where | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint === undefined ? undefined : toHint(details.hint);
    this.where = details.where;
  }
}

/** Plain words as a hint without a command. */
export function toHint(hint: string | Hint): Hint {
  return typeof hint === 'string' ? { text: hint } : hint;
}

/** A hint as one text, for where no command can be set apart: JSON, JUnit, one line of a log. */
export function hintText({ text, command }: Hint): string {
  return command === undefined ? text : `${text} ${command}`;
}

/** The exit code that belongs to an error code. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code];
}

/** Any thrown thing as an AppError; what is not one yet is a bug of ours and becomes `internal`. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('internal', 'Something went wrong inside this tool. This is a bug.', {
    hint: 'Nothing was hidden: run again with --verbose to see where, and report it without your tokens.',
    cause: thrown,
  });
}
