import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Its modules, compiled once: hundreds of these processes are started, and a loader would take most of their time. */
const SOURCES = ['test/platform/file-writer.ts', 'scripts/core/errors.ts'].concat(
  ['files', 'file-in-place', 'file-lock', 'file-replace', 'file-system', 'file-target', 'lock-owner', 'processes'].map(
    (name) => `scripts/platform/${name}.ts`,
  ),
);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Writer {
  (...args: readonly string[]): ChildProcess;
  /** As another user, which root may do. */
  as(uid: number, ...args: readonly string[]): ChildProcess;
}

/** Compiles test/platform/file-writer.ts into `folder` and returns how to start it. */
export function compileWriter(folder: string): Writer {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  for (const path of SOURCES) {
    const { outputText } = ts.transpileModule(readFileSync(join(root, path), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
        verbatimModuleSyntax: true,
      },
    });
    const out = join(folder, dirname(path), basename(path, '.ts'));
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(`${out}.js`, outputText);
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const entry = join(folder, 'test/platform/file-writer.js');
  const start = (args: readonly string[], uid?: number) =>
    spawn(process.execPath, [entry, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(uid === undefined ? {} : { WRITER_USER: String(uid) }) },
    });
  return Object.assign((...args: readonly string[]) => start(args), {
    as: (uid: number, ...args: readonly string[]) => start(args, uid),
  });
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const out: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (chunk) => (out[name] += String(chunk)));
  const [code, signal] = await once(child, 'close');
  return { code, signal, ...out };
}
