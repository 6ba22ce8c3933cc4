import { realpathSync } from 'node:fs';

/** The path without links in it; null: there is nothing there, or nothing that may be looked at. */
export function realPath(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}
