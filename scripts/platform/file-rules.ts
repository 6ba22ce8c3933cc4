import type { Processes } from '../core/ports.ts';
import { discard, type FileSystem, fileError } from './file-system.ts';
import type { FileTarget } from './file-target.ts';

const TIMEOUT_MS = 5_000;

/**
 * Keeps what a file has beside owner and mode while a new one takes its place: POSIX ACLs and extended attributes. With an ACL
 * the mode alone would give the owning group what the ACL gives somebody else. Node knows neither, and GNU cp copies both.
 *
 * @param holder a path for an empty file, which has them meanwhile
 * @returns null where nothing has to be kept
 * @throws AppError `file-not-writable` where there is an ACL that cannot be kept
 */
export async function holdRules(
  fs: FileSystem,
  processes: Processes,
  { shown, path, stats }: FileTarget,
  holder: string,
): Promise<{ giveBack(): Promise<boolean>; drop(): Promise<void> } | null> {
  if (stats === null || fs.platform === 'win32') return null;
  const file = await fs.open(holder, 'wx', 0o600);
  const drop = () => discard(fs, holder);
  // By its descriptor: where this process is killed, a cp that begins late would make a file of that name once more.
  const isHeld = await copyRules(processes, path, '/dev/stdin', file.fd).finally(() => file.close());
  if (isHeld) return { giveBack: () => copyRules(processes, holder, path), drop };
  await drop();
  if (!(await hasAcl(processes, path))) return null;
  const message = `${shown} has access rules of its own (an ACL), and a new file in its place would not have them.`;
  const hint = 'Take them away (setfacl -b, on macOS chmod -N), or write where GNU cp can copy them.';
  throw fileError('file-not-writable', shown, message, hint);
}

/** @param stdin the descriptor of `/dev/stdin` */
async function copyRules(processes: Processes, from: string, to: string, stdin?: number): Promise<boolean> {
  const args = ['--attributes-only', '--preserve=mode,xattr', '--', from, to];
  return (await run(processes, 'cp', args, stdin)).exitCode === 0;
}

/** ls marks it behind the mode: `-rw-rw----+`. */
async function hasAcl(processes: Processes, path: string): Promise<boolean> {
  return (await run(processes, 'ls', ['-ld', '--', path])).stdout[10] === '+';
}

function run(processes: Processes, file: string, args: readonly string[], stdin?: number) {
  const limits = { signal: new AbortController().signal, timeoutMs: TIMEOUT_MS };
  return processes.run({ file, args }, { ...limits, ...(stdin === undefined ? {} : { stdin }) });
}
