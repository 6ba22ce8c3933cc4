#!/usr/bin/env node
// @ts-check
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/*
 * The bin of the package: what scripts/run.mjs is in a clone. Here all is bundled already, and nothing is written beside it.
 */
const programs = fileURLToPath(new URL('.', import.meta.url));
/** pack.mjs puts it in: other bundles have another one. */
const BUNDLES_ID = 'unpacked';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`bff-iat needs Node.js 20.19 or newer, and this is ${process.version}.\n`);
  process.exit(2);
}
Object.defineProperty(globalThis, Symbol.for('bff-iat.bundles'), {
  value: { programs, compiled: join(cacheFolder(), 'bff-iat', BUNDLES_ID) },
});
const [node = '', script = '', ...args] = process.argv;
// The sandbox starts its programs by their names.
const [, part] = /^(sandbox\/\w+-main)$/.exec(args[0] ?? '') ?? [];
if (part !== undefined) process.argv = [node, script, ...args.slice(1)];
await import(`./${part ?? 'bff-iat'}.mjs`);

/** The person's own, by the rules of the system (XDG Base Directory Specification on Linux). */
function cacheFolder() {
  const { LOCALAPPDATA, XDG_CACHE_HOME = '' } = process.env;
  if (process.platform === 'win32') return LOCALAPPDATA || join(homedir(), 'AppData', 'Local');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache');
}
