import { build } from 'esbuild';

/**
 * Puts modules into one file each, `NAME.mjs` in `folder`: processes that are started again and again would spend most of
 * their time on loading and translating.
 *
 * @param paths absolute
 * @param external packages that stay outside, because they read files beside their own
 */
export async function bundle(
  folder: string,
  paths: readonly string[],
  external: readonly string[] = [],
): Promise<void> {
  await build({
    entryPoints: [...paths],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: [...external],
    // What CommonJS packages load by `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
}
