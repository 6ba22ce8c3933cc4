import { deflateSync, inflateSync } from 'node:zlib';
import { AppError } from '../core/errors.ts';
import type { Leak, Masker } from './masker.ts';

/** The type of the elements of a page that hold compressed text. */
export const COMPRESSED = 'application/octet-stream';

/**
 * A text as it may be part of a page: deflated (RFC 1950), in base64. No search of the page would find a secret in it, so it is
 * searched before.
 *
 * @throws AppError `leak`
 */
export function compress(text: string, masker: Masker): string {
  const [leak] = masker.find(text);
  if (leak !== undefined) {
    throw new AppError(
      'leak',
      `A report was about to hold a secret and was not written: ${leak.label}, ${leak.form}.`,
      {
        hint: 'This is a bug in this tool. Report it with the form: it reveals nothing about the value.',
      },
    );
  }
  return deflateSync(text).toString('base64');
}

/** Every secret in a file of a report: in its bytes, and in what is compressed in them. */
export function findIn(file: string | Uint8Array, masker: Masker): Leak[] {
  const leaks = masker.find(file);
  const text = typeof file === 'string' ? file : Buffer.from(file).toString('latin1');
  for (const { 1: block = '', index } of text.matchAll(BLOCK)) {
    for (const leak of findInBlock(block, masker)) {
      leaks.push({ ...leak, form: `${leak.form}, compressed`, offset: index });
    }
  }
  return leaks;
}

const BLOCK = new RegExp(`<script type="${COMPRESSED}"[^>]{0,200}>([A-Za-z0-9+/=]*)`, 'g');

/** What cannot be read cannot be searched, and counts as a leak. */
function findInBlock(block: string, masker: Masker): Leak[] {
  try {
    return masker.find(inflateSync(Buffer.from(block, 'base64'), { maxOutputLength: LARGEST }));
  } catch {
    return [{ label: 'a part that cannot be searched', form: 'unreadable', offset: 0 }];
  }
}

/** Bytes; no block of ours holds so much. */
const LARGEST = 64_000_000;
