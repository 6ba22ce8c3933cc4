import { AppError } from '../core/errors.ts';
import { EXPORT_HINT } from './export-json.ts';

/** Whether Newman takes a document for a collection in the v1 format (lib/util.js, `isV1Collection`). */
export function isV1(document: Record<string, unknown>): boolean {
  return Array.isArray(document['requests']) && !Array.isArray(document['item']);
}

/**
 * A collection of the v1 format in v2.1, by the package that Newman converts it with.
 *
 * @throws AppError `collection-invalid`
 */
export async function convertV1(document: Record<string, unknown>, file: string): Promise<unknown> {
  // @ts-expect-error It has no types.
  const { default: transformer } = await import('postman-collection-transformer');
  const versions = { inputVersion: '1.0.0', outputVersion: '2.1.0' };
  return new Promise((resolve, reject) => {
    transformer.convert(document, versions, (error: unknown, converted: unknown) => {
      if (!error) return resolve(converted);
      const hint = { hint: EXPORT_HINT, where: { file } };
      reject(new AppError('collection-invalid', `${file} is in the old v1 format, and cannot be converted.`, hint));
    });
  });
}
