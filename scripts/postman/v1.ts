import { AppError } from '../core/errors.ts';
import { decodeExport, EXPORT_HINT } from './export-json.ts';

/**
 * Makes a collection in v2.1 of one in v1.
 *
 * @throws AppError `collection-invalid`
 */
export type ConvertV1 = (document: Record<string, unknown>, file: string) => unknown;

/** Whether a document is a collection in the v1 format. */
export function isV1(document: Record<string, unknown>): boolean {
  return Array.isArray(document['requests']) && !Array.isArray(document['item']);
}

/** Loads what Newman converts the v1 format with (lib/run/options.js, `processCollection`): only where a file may need it. */
export async function loadConverter(bytes: Uint8Array): Promise<ConvertV1 | undefined> {
  if (!decodeExport(bytes).includes('"requests"')) return undefined;
  // @ts-expect-error It has no types.
  const { default: transformer } = await import('postman-collection-transformer');
  return (document, file) => {
    let converted: unknown = null;
    transformer.convert(
      document,
      { inputVersion: '1.0.0', outputVersion: '2.1.0' },
      (error: unknown, collection: unknown) => {
        converted = error ? null : collection;
      },
    );
    if (converted !== null) return converted;
    throw new AppError('collection-invalid', `${file} is in the old v1 format, and cannot be converted.`, {
      hint: EXPORT_HINT,
      where: { file },
    });
  };
}
