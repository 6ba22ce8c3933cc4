import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Of a folder, no more entries than these are looked at, in it and in the folders right below. */
const MOST_ENTRIES = 500;

/**
 * When a file was last changed or replaced, by the clock of its file system; of a folder the newest of what is in it. null: there
 * is nothing there that can be looked at. What is neither file nor folder has no such time.
 */
export function changedAt(path: string): Date | null {
  let left = MOST_ENTRIES;
  const look = (each: string, depth: number): number => {
    left -= 1;
    try {
      const stats = statSync(each);
      if (!stats.isFile() && !stats.isDirectory()) return 0;
      if (stats.isFile() || depth > 2) return stats.ctimeMs;
      const inside = readdirSync(each).slice(0, Math.max(0, left));
      return Math.max(stats.ctimeMs, ...inside.map((name) => look(join(each, name), depth + 1)));
    } catch {
      return 0;
    }
  };
  const newestMs = look(path, 0);
  return newestMs === 0 ? null : new Date(newestMs);
}
