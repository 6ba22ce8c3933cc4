import { Buffer } from 'node:buffer';
import { constants } from 'node:fs';
import type { FileSystem } from './file-system.ts';

/** Windows knows neither flag, and has no such files. */
const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;

const CHUNK_BYTES = 1024 * 1024;
const BEGINNING_BYTES = 16 * 1024;

/**
 * The bytes of a regular file. Anything else is not read, and not waited for either: a pipe without a writer would hold its
 * reader for ever, a device would never end. What was looked at and what is opened may differ, so the open file is looked at.
 *
 * @param limit.bytes larger files are not read
 * @param limit.isLinkFollowed default: true
 * @param limit.until what is read may end once this text was
 * @returns why it was not read, or the bytes
 */
export async function readRegular(
  fs: Pick<FileSystem, 'open'>,
  path: string,
  limit: { readonly bytes: number; readonly isLinkFollowed?: boolean; readonly until?: string },
): Promise<Buffer | 'irregular' | 'too-large'> {
  const file = await fs.open(path, O_RDONLY | O_NONBLOCK | (limit.isLinkFollowed === false ? O_NOFOLLOW : 0));
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return 'irregular';
    if (stats.size > limit.bytes) return 'too-large';
    // It may grow meanwhile, or say nothing of its size.
    let bytes = Buffer.alloc(limit.until === undefined ? stats.size + 1 : Math.min(stats.size + 1, BEGINNING_BYTES));
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (bytesRead === 0 || (limit.until !== undefined && bytes.subarray(0, length).includes(limit.until)))
        return bytes.subarray(0, length);
      if (length > limit.bytes) return 'too-large';
      if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(CHUNK_BYTES)]);
    }
  } finally {
    await file.close();
  }
}
