/** Where run.mjs names the folder of the bundles that it runs; absent where it runs the scripts as they are. */
export const BUNDLES = Symbol.for('bff-iat.bundles');
