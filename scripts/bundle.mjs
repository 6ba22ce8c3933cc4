// @ts-check
import { readdirSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/*
 * Puts the scripts together into a few files: for run.mjs beside a clone's packages, and for `npm pack` into the package.
 */
const scripts = fileURLToPath(new URL('.', import.meta.url));
const root = join(scripts, '..');

/**
 * @param {string} outdir
 * @param {{ isPackage?: boolean }} [options] for a package the folder holds all that is needed; else modules find the files
 *   beside themselves where they came from
 */
export async function bundle(outdir, { isPackage = false } = {}) {
  const esbuild = await import('esbuild');
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    // Packages that also come as ES modules are smaller and faster that way.
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'silent',
  };
  const entries = listScripts().filter((each) => /^[^\\/]+\.ts$|-main\.ts$/.test(each));
  // Newman is a program of its own: postman/load-newman.ts.
  const hasNewman = entries.some((each) => each.endsWith('newman-worker-main.ts'));
  const newman =
    hasNewman &&
    esbuild.build({
      ...common,
      stdin: {
        contents: "module.exports = { run: require('newman').run, rcFile: require('newman/lib/config/rc-file') };",
        resolveDir: root,
      },
      outfile: join(outdir, 'newman.cjs'),
      format: 'cjs',
      // For building Newman's sandbox only.
      external: ['terser', 'browserify'],
      plugins: [{ name: 'sandbox', setup: isPackage ? copySandbox : keepSandbox }],
    });
  const isIdp = (/** @type {string} */ each) => each.endsWith('idp-main.ts');
  const modules = {
    ...common,
    outbase: scripts,
    outdir,
    outExtension: { '.js': '.mjs' },
    format: /** @type {const} */ ('esm'),
    // For building only.
    external: ['esbuild', 'tsx'],
    banner: { js: `${REQUIRE}${isPackage ? PACKAGE_URL : ''}` },
    plugins: [
      { name: 'own-urls', setup: keepUrls },
      { name: 'newman', setup: keepNewman },
    ],
  };
  const toPaths = (/** @type {string[]} */ names) => names.map((each) => join(scripts, each));
  // The entries, the programs of the sandbox, and Newman's worker.
  const programs = toPaths(entries.filter((each) => !isIdp(each)));
  const others = esbuild.build({ ...modules, entryPoints: programs, splitting: true });
  // oidc-provider goes by the names of its classes. To keep them all would cost each start some milliseconds.
  const idp = esbuild.build({ ...modules, entryPoints: toPaths(entries.filter(isIdp)), keepNames: true });
  await Promise.all([newman, others, idp, ...(isPackage ? copyPlain() : [])]);

  /**
   * A module that looks for files beside itself finds them where it came from; in a package, as if its folder was scripts/.
   *
   * @param {import('esbuild').PluginBuild} build
   */
  function keepUrls({ onLoad }) {
    onLoad({ filter: /[\\/]scripts[\\/].*\.tsx?$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', urlOf(path)),
      loader: path.endsWith('x') ? 'tsx' : 'ts',
    }));
  }

  /** @param {string} path */
  function urlOf(path) {
    if (!isPackage) return JSON.stringify(pathToFileURL(path).href);
    return `new URL(${JSON.stringify(relative(scripts, path).replaceAll('\\', '/'))}, packageUrl).href`;
  }

  /** What Node runs as it is. */
  function copyPlain() {
    const plain = listScripts().filter((each) => /[\\/][^\\/]+\.mjs$/.test(each) && !each.startsWith('maintenance'));
    return plain.map(async (each) => {
      await mkdir(dirname(join(outdir, each)), { recursive: true });
      await copyFile(join(scripts, each), join(outdir, each));
    });
  }

  /**
   * What Newman runs scripts in is a text of 2 MB that Node need not read as a program.
   *
   * @param {import('esbuild').PluginBuild} build
   */
  function copySandbox({ onResolve }) {
    onResolve({ filter: BOOTCODE }, async ({ path, resolveDir }) => {
      await mkdir(outdir, { recursive: true });
      await copyFile(join(resolveDir, `${path}.js`), join(outdir, 'bootcode.cjs'));
      return { path: './bootcode.cjs', external: true };
    });
  }
}

const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module';const require = makeRequire(import.meta.url);";

/** The folder of the bundles, by the last folder of that name: a bundle is in it, or in one of its folders. */
const PACKAGE_URL =
  "const packageUrl = import.meta.url.slice(0, import.meta.url.lastIndexOf('/dist/') + '/dist/'.length);";

const BOOTCODE = /[\\/]\.cache[\\/]bootcode$/;

function listScripts() {
  return readdirSync(scripts, { recursive: true, encoding: 'utf8' });
}

/**
 * Where nothing is bundled it is loaded as it is; only what it says about itself is taken along.
 *
 * @param {import('esbuild').PluginBuild} build
 */
function keepNewman({ onResolve }) {
  onResolve({ filter: /^newman(?:\/lib\/.*)?$/ }, ({ path }) => ({ path, external: true }));
}

/** @param {import('esbuild').PluginBuild} build */
function keepSandbox({ onResolve }) {
  onResolve({ filter: BOOTCODE }, ({ path, resolveDir }) => ({
    path: join(resolveDir, `${path}.js`),
    external: true,
  }));
}
