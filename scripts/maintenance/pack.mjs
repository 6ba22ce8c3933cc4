// @ts-check
import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { bundle } from '../bundle.mjs';

/*
 * Before `npm pack` it makes dist/, which only the package has; with `--clean`, after it, it removes the folder again.
 */
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
await rm(dist, { recursive: true, force: true });
if (!process.argv.includes('--clean')) await make();

async function make() {
  await bundle(dist, { isPackage: true });
  const hash = createHash('sha256');
  for (const name of (await readdir(dist)).sort()) {
    if (name.endsWith('.cjs')) hash.update(await readFile(join(dist, name)));
  }
  const bin = join(dist, 'run.mjs');
  const text = await readFile(new URL('package/run.mjs', import.meta.url), 'utf8');
  await writeFile(bin, text.replace("'unpacked'", `'${hash.digest('hex').slice(0, 16)}'`));
  await chmod(bin, 0o755);
}
