import { findComposeFiles } from '../../compose/default-files.ts';
import { systemClock } from '../../platform/clock.ts';
import { nodeFileSystem } from '../../platform/file-system.ts';
import type { Process } from '../../platform/host.ts';
import { readRegular } from '../../platform/regular-file.ts';

/** What completion uses of the machine. */
export interface CompletionOutside {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** null: there is no such file, or it cannot be read. */
  read(path: string): Promise<Uint8Array | null>;
  /** The compose files that a run without `-f` would take. Rejects where there are none. */
  defaultComposeFiles(): Promise<readonly string[]>;
  /** The faults of the sandbox by name. */
  faults(): Promise<Readonly<Record<string, { readonly description: string }>>>;
  print(text: string): void;
  complain(text: string): void;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Ends the process although it still waits for a file. */
  abandon(): void;
}

/** Larger files take longer to read than a person waits for the answer to a key. */
const MOST_BYTES = 32 * 1024 * 1024;

/** As wiring.ts does for the runs, this plugs in the edges, and loads nothing else: each press of a key starts the program. */
export function openCompletion(process: Process & Pick<NodeJS.Process, 'kill' | 'pid'>): CompletionOutside {
  const cwd = process.cwd();
  const read = async (path: string) => {
    const bytes = await readRegular(nodeFileSystem, path, { bytes: MOST_BYTES }).catch(() => null);
    return typeof bytes === 'string' ? null : bytes;
  };
  const exists = (path: string) =>
    nodeFileSystem.stat(path).then(
      (stats) => stats.isFile(),
      () => false,
    );
  return {
    args: process.argv.slice(2),
    env: process.env,
    cwd,
    read,
    defaultComposeFiles: () => findComposeFiles(null, cwd, exists),
    faults: async () => (await import('../../sandbox/faults.ts')).FAULTS,
    print: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
    sleep: systemClock.sleep,
    // An exit would wait for what is being read.
    abandon: () => void process.kill(process.pid, 'SIGKILL'),
  };
}
