// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { threadId } from 'node:worker_threads';

/**
 * Runs an entry of this folder, one of the sandbox's programs, or Newman's worker: `node scripts/run.mjs iat ARGUMENTS`.
 *
 * Translating some hundred modules one by one costs half a second at each start (`npm run bench`). So they are put together
 * into a few files once, and again whenever a script or an installed package has changed. Where that cannot be done, tsx
 * runs the entry as it is.
 */
const [node = '', , name = '', ...rest] = process.argv;
const scripts = fileURLToPath(new URL('.', import.meta.url));
const root = join(scripts, '..');
const entry = join(scripts, `${name}.ts`);
const cache = join(root, 'node_modules', '.cache', 'bff-iat');
const DAY_MS = 86_400_000;
process.argv = [node, entry, ...rest];
// esbuild and tsx start processes, which would inherit it: platform/host.ts finds it here.
Object.defineProperty(process, Symbol.for('IAT_ADMIN_TOKEN'), { value: process.env['IAT_ADMIN_TOKEN'] });
delete process.env['IAT_ADMIN_TOKEN'];

const bundled = await findBundle().catch(() => null);
if (bundled === null) await startTsx();
await import(pathToFileURL(bundled ?? entry).href);

/** Without the packages nothing runs, and Node's own message for that is no help. */
async function startTsx() {
  if (existsSync(join(root, 'node_modules', 'tsx'))) {
    // By its interface: of itself tsx does nothing in a worker.
    const { register } = await import('tsx/esm/api');
    return register();
  }
  process.stderr.write('The packages are not installed yet. Install them once, and run again: npm ci\n');
  return process.exit(2);
}

/** The file to run in place of the entry. */
async function findBundle() {
  const folder = join(cache, fingerprint());
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}.${threadId}`;
    const { bundle } = await import('./bundle.mjs');
    await bundle(fresh);
    try {
      await moveFolder(fresh, folder);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true, maxRetries: 3 });
      // Another process may have been faster.
      if (!existsSync(folder)) throw error;
    }
    removeOld();
  }
  // Newman's worker is started from the same bundle, also where a file changes meanwhile.
  Object.defineProperty(globalThis, Symbol.for('bff-iat.bundles'), { value: { programs: folder, compiled: folder } });
  return join(folder, `${name}.mjs`);
}

/**
 * On Windows nobody can rename a folder while a virus scanner looks into its files: it is tried again for two seconds.
 *
 * @param {string} from
 * @param {string} to
 */
async function moveFolder(from, to) {
  for (let tries = process.platform === 'win32' ? 20 : 1; ; tries--) {
    try {
      return renameSync(from, to);
    } catch (error) {
      if (tries === 1 || existsSync(to)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Bundles older than a day: a run that still goes on may load parts of a newer one. What cannot be removed now is removed later. */
function removeOld() {
  for (const path of readdirSync(cache).map((each) => join(cache, each))) {
    try {
      if (statSync(path).mtimeMs < Date.now() - DAY_MS) rmSync(path, { recursive: true });
    } catch {
      // Another process removes it, or has it open.
    }
  }
}

/** Changes with every file that is part of a bundle. */
function fingerprint() {
  const hash = createHash('sha256').update(process.version);
  const inputs = readdirSync(scripts, { recursive: true, encoding: 'utf8' }).sort();
  // npm writes its own lock file at the end of every installation.
  for (const path of [...inputs.map((each) => join(scripts, each)), join(root, 'node_modules', '.package-lock.json')]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}
