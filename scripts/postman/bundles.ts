/** Where run.mjs names the bundles that it runs; absent where it runs the scripts as they are. */
export const BUNDLES = Symbol.for('bff-iat.bundles');

/** Folders; both are absolute. */
export interface Bundles {
  readonly programs: string;
  /** For what V8 makes of them; it may not be there yet, and may not be writable. */
  readonly compiled: string;
}
