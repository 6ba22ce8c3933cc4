import type { Job } from './job.ts';

/**
 * What `npm run collection` is told beyond a job, in the words of `newman run`. Paths are absolute, times in milliseconds;
 * null: not given.
 */
export interface CollectionJob extends Job {
  /** Folders and requests by name, path or id. With `folders` empty, too: the whole collection. */
  readonly names: readonly string[];
  /** The same by `--folder`, of which the first match runs, as in Newman. */
  readonly folders: readonly string[] | null;
  readonly globals: string | null;
  readonly globalVars: readonly { readonly name: string; readonly value: string }[];
  /** A CSV or JSON file. */
  readonly iterationData: string | null;
  readonly iterationCount: number | null;
  readonly delayRequestMs: number | null;
  readonly timeoutRequestMs: number | null;
  readonly timeoutScriptMs: number | null;
  readonly bail: readonly ('failure' | 'folder')[] | null;
  readonly ignoreRedirects: boolean;
  /** false: no file outside of the working directory is read. */
  readonly insecureFileRead: boolean;
  readonly sslClientCert: string | null;
  readonly sslClientKey: string | null;
  readonly sslClientPassphrase: string | null;
  readonly sslClientCertList: string | null;
  /** A serialized cookie jar. */
  readonly cookieJar: string | null;
  readonly exportEnvironment: string | null;
  readonly exportGlobals: string | null;
  readonly exportCollection: string | null;
  readonly exportCookieJar: string | null;
  /** How many worker threads run folders or iterations at the same time. */
  readonly parallel: number;
  /** Of the report. */
  readonly title: string | null;
  /** `-r`, by name; null: not given. */
  readonly reporters: readonly string[] | null;
  /** `--reporter-NAME-OPTION VALUE`, by name of the reporter. */
  readonly reporterOptions: Readonly<Record<string, Readonly<Record<string, string | true>>>>;
}
