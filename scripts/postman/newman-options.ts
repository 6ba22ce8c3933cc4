import type { CollectionRun } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';

/** A script that runs longer than this is broken. */
const SCRIPT_TIMEOUT_MS = 5_000;

/** Every option that a user's own .newmanrc could set for a library run as well is set here, so that it cannot. */
export function newmanOptions(options: CollectionRun): object {
  return {
    collection: options.collection,
    environment: {
      values: options.variables.map(({ name, value }) => ({
        key: name,
        value: plain(value),
        type: value instanceof Secret ? 'secret' : 'default',
        enabled: true,
      })),
    },
    globals: {},
    folder: options.items.length === 1 ? options.items[0] : [...options.items],
    // No list: Newman merges lists, and a reporter named in .newmanrc would print secrets.
    reporters: false,
    exportEnvironment: '',
    exportGlobals: '',
    exportCollection: '',
    exportCookieJar: '',
    iterationCount: 1,
    delayRequest: 0,
    bail: false,
    color: 'off',
    // Followed redirects turn POST into GET and can carry the admin token to another port (notes: reliability.md M2).
    ignoreRedirects: true,
    insecure: options.tls.insecure,
    insecureFileRead: false,
    ...(options.tls.caFile === null ? {} : { sslExtraCaCerts: options.tls.caFile }),
    timeout: 0,
    timeoutRequest: options.requestTimeoutMs,
    timeoutScript: SCRIPT_TIMEOUT_MS,
  };
}

/** A variable's value as Newman gets it. */
export function plain(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}
