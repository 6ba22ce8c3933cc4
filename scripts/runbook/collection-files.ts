import { resolve } from 'node:path';
import { isRecord } from '../core/json.ts';
import type { Files } from '../core/ports.ts';
import { parseCollection, placesOf } from '../postman/collection.ts';
import { localFilesOf } from './collection.ts';
import type { CollectionJob } from './collection-job.ts';

/**
 * Every file that a run of a collection reads: what it is told, then what its requests send. What the run writes is not among
 * them. Of a collection that cannot be read, or has a variable in the name of a file, what can be known.
 *
 * @returns absolute paths; not all have to be there
 */
export async function filesRead(job: CollectionJob, files: Pick<Files, 'read'>): Promise<string[]> {
  const { environment, globals, iterationData, caFile, sslClientCert, sslClientKey, sslClientCertList, cookieJar } =
    job;
  const given = [
    environment,
    globals,
    iterationData,
    caFile,
    sslClientCert,
    sslClientKey,
    sslClientCertList,
    cookieJar,
  ];
  const written = [job.exportEnvironment, job.exportGlobals, job.exportCollection, job.exportCookieJar];
  const sent = await filesSent(job.collection, files).catch(() => []);
  const { workingDirs } = localFilesOf(job);
  const all = [
    job.collection,
    ...given.filter((path) => path !== null),
    ...sent.flatMap((path) => workingDirs.map((folder) => resolve(folder, path))),
  ];
  return [...new Set(all)].filter((path) => !written.includes(path));
}

async function filesSent(collection: string, files: Pick<Files, 'read'>): Promise<string[]> {
  const bytes = await files.read(collection);
  if (bytes === null) return [];
  const bodies = placesOf(parseCollection(bytes, collection)).map(({ item }) => item.request?.body);
  const named = bodies.flatMap((body) => [body?.file, ...(Array.isArray(body?.formdata) ? body.formdata : [])]);
  const sources = named.flatMap((each: unknown) => (isRecord(each) ? each['src'] : []));
  return sources.filter((each): each is string => typeof each === 'string' && each !== '' && !each.includes('{{'));
}
