import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { cachedDataVersionTag } from 'node:v8';
import vm from 'node:vm';
import { threadId } from 'node:worker_threads';
import type { Bundles } from './bundles.ts';
import type { Newman } from './newman-types.ts';

/** Newman, and a way to keep what V8 made of it. */
export interface Loaded {
  readonly newman: Newman;
  /** Keeps the code for the next worker, where none is kept yet. */
  keep(): void;
}

/**
 * Loads Newman. Compiling it, and the 2 MB of Postman's sandbox, is half the time that a worker needs for a first request; so
 * V8's code is kept (https://nodejs.org/api/vm.html#scriptcreatecacheddata).
 *
 * @param bundles undefined: there are none, and the package is loaded as it is
 */
export async function loadNewman(bundles: Bundles | undefined): Promise<Loaded> {
  if (bundles === undefined) {
    const [module, { default: rcFile }] = await Promise.all([
      import('newman') as unknown as Promise<{ readonly default?: Newman } & Newman>,
      // @ts-expect-error It has no types.
      import('newman/lib/config/rc-file.js') as Promise<{ readonly default: Newman['rcFile'] }>,
    ]);
    return { newman: { run: (module.default ?? module).run, rcFile }, keep() {} };
  }
  const path = join(bundles.programs, 'newman.cjs');
  const code = `(function (exports, require, module) {${readFileSync(path, 'utf8')}\n})`;
  const program = new KeptScript(code, path, join(bundles.compiled, 'newman.cjs'));
  const sandbox = keepSandbox(bundles);
  const module = { exports: {} as Newman };
  program.script.runInThisContext()(module.exports, createRequire(path), module);
  return {
    newman: module.exports,
    keep() {
      program.keep();
      sandbox()?.keep();
    },
  };
}

/** The sandbox's program is the same for each script of a collection, but uvm compiles it for each. */
function keepSandbox({ programs, compiled }: Bundles): () => KeptScript | null {
  let kept: { readonly code: string; readonly program: KeptScript } | null = null;
  const { runInContext } = vm;
  vm.runInContext = (code, context, options) => {
    if (code.length < SANDBOX_LENGTH) return runInContext(code, context, options);
    if (kept?.code !== code)
      kept = { code, program: new KeptScript(code, join(programs, 'sandbox.js'), join(compiled, 'sandbox.js')) };
    return kept.program.script.runInContext(context, typeof options === 'string' ? {} : options);
  };
  return () => kept?.program ?? null;
}

/** Characters: no script of a collection is as long. */
const SANDBOX_LENGTH = 1_000_000;

/** A program whose code is kept in a file, for one version of V8 with one set of flags. */
class KeptScript {
  readonly script: vm.Script;
  readonly #file: string;
  #isKept: boolean;

  constructor(code: string, filename: string, kept: string) {
    this.#file = `${kept}.${cachedDataVersionTag().toString(16)}`;
    const cachedData = readIfThere(this.#file);
    this.script = new vm.Script(code, { filename, ...(cachedData === null ? {} : { cachedData }) });
    this.#isKept = cachedData !== null && this.script.cachedDataRejected === false;
  }

  /** Best after a run: what was not called yet has no code. */
  keep(): void {
    if (this.#isKept) return;
    this.#isKept = true;
    const fresh = `${this.#file}.${process.pid}.${threadId}`;
    try {
      makeFolder(dirname(this.#file));
      writeFileSync(fresh, this.script.createCachedData());
      renameSync(fresh, this.#file);
    } catch {
      // It is compiled again then.
    }
  }
}

/** Makes the folder where it is missing, and removes those beside it that no version has used for long. */
function makeFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) === undefined) return;
  for (const path of readdirSync(dirname(folder)).map((name) => join(dirname(folder), name))) {
    if (statSync(path).mtimeMs < Date.now() - MONTH_MS) rmSync(path, { recursive: true, force: true });
  }
}

const MONTH_MS = 30 * 86_400_000;

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
