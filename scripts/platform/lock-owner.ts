import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';

/** Who holds a lock, as it stands in the lock file. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When the machine started, as an identifier; null where the platform does not tell. */
  readonly boot: string | null;
  /** The space in which the pid counts: containers have their own. null where the platform does not tell. */
  readonly pids: string | null;
  /** When the process started, in ticks since the machine did; null where the platform does not tell. */
  readonly started: string | null;
  /** Tells this lock from every other. */
  readonly id: string;
}

/** This process as the owner of a new lock. */
export function newOwner(): LockOwner {
  return { ...machine(), pid: process.pid, started: startOf(process.pid), id: randomUUID() };
}

/** The owner that a lock file names; null: it names none. */
export function parseOwner(text: string): LockOwner | null {
  try {
    const owner: unknown = JSON.parse(text);
    return isOwner(owner) ? owner : null;
  } catch {
    return null;
  }
}

/** Whether the owner has ended for certain. Of other machines and containers nobody can say. */
export function isDead(owner: LockOwner): boolean {
  const here = machine();
  if (owner.host !== here.host) return false;
  if (owner.boot !== null && here.boot !== null && owner.boot !== here.boot) return true;
  if (owner.pids !== here.pids) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH';
  }
  const started = startOf(owner.pid);
  return started === ENDED || (owner.started !== null && started !== null && started !== owner.started);
}

const ENDED = 'ended';

/** proc(5), /proc/pid/stat: field 22, and field 3 for a process that has ended and that nobody waited for. */
function startOf(pid: number): string | null {
  const text = readOrNull(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The program's name is in brackets and may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? ENDED : (fields[19] ?? null);
}

function machine(): Pick<LockOwner, 'host' | 'boot' | 'pids'> {
  return { host: hostname(), boot: readOrNull('/proc/sys/kernel/random/boot_id')?.trim() ?? null, pids: pidSpace() };
}

function pidSpace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function isOwner(owner: unknown): owner is LockOwner {
  const text = (value: unknown) => value === null || typeof value === 'string';
  return (
    typeof owner === 'object' &&
    owner !== null &&
    'pid' in owner &&
    Number.isInteger(owner.pid) &&
    'host' in owner &&
    typeof owner.host === 'string' &&
    'boot' in owner &&
    text(owner.boot) &&
    'pids' in owner &&
    text(owner.pids) &&
    'started' in owner &&
    text(owner.started) &&
    'id' in owner &&
    typeof owner.id === 'string'
  );
}
