import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A text in a file that only this user can read, for one child process. */
export interface PrivateText {
  /** What the child opens. */
  readonly path: string;
  /** The descriptor that it gets as its standard input; null: none. */
  readonly stdin: number | null;
  remove(): Promise<void>;
}

/**
 * On POSIX the file loses its name before the text is written, so that nothing of it stays behind however this process ends; the
 * child opens its standard input. Windows has no such path: there the file keeps its name until `remove`.
 *
 * A pipe would not do: Node's are sockets, which no process can open by /dev/stdin.
 */
export async function openPrivateText(text: string, platform: NodeJS.Platform): Promise<PrivateText> {
  const folder = await makeTemporaryFolder();
  const path = join(folder.path, 'input.json');
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'wx+', 0o600);
    if (platform === 'win32') {
      await file.writeFile(text);
      await file.close();
      return { path, stdin: null, remove: folder.remove };
    }
    await unlink(path);
    await folder.remove();
    // By position, so that the child begins to read at the start where it shares the offset (macOS).
    await file.write(Buffer.from(text), 0, undefined, 0);
    const { fd } = file;
    const opened = file;
    return { path: '/dev/stdin', stdin: fd, remove: () => opened.close() };
  } catch (error) {
    await file?.close().catch(() => {});
    await folder.remove();
    throw error;
  }
}
