import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Files } from '../core/ports.ts';
import { readCaFile } from '../idp/ca-file.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** The file of `--ca-file`, which Newman and Node read in PEM only, and pass over where it is anything else. */
export function openCaFile(path: string, files: Pick<Files, 'read'>, now: () => Date) {
  let reading: Promise<ReturnType<typeof readCaFile>> | null = null;
  const read = async () => {
    const bytes = await files.read(path);
    if (bytes !== null) return readCaFile(bytes, path, now());
    throw new AppError('bad-value', `There is no file ${path} (--ca-file).`, {
      hint: 'It is the certificate of the CA that signed the certificate of the IdP.',
    });
  };
  const once = () => {
    reading ??= read();
    return reading;
  };
  return {
    /**
     * @returns what a reader has to know of its certificates, each a sentence
     * @throws AppError `bad-value` for what is no certificate
     */
    verify: async () => (await once()).warnings,
    /** Does something with the path of a file in PEM; a copy that is needed for that is there as long as the work. */
    async use<Result>(work: (pemFile: string) => Promise<Result>): Promise<Result> {
      const { pem } = await once();
      if (pem === null) return work(path);
      const folder = await makeTemporaryFolder();
      const copy = join(folder.path, 'ca.pem');
      try {
        await writeFile(copy, pem, { mode: 0o600 });
        return await work(copy);
      } finally {
        await folder.remove();
      }
    },
  };
}
