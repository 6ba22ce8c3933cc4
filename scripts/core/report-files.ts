/** Where reports are written. They hold no secret, so plain files will do. */
export interface ReportFiles {
  /** Makes the folder where it is missing. Throws `file-not-writable`. */
  verify(folder: string): Promise<void>;
  /** A new folder in `folder`; a number is added where the name is taken. Its path. */
  makeRunFolder(folder: string, name: string): Promise<string>;
  /** The file that a path means: one of this name in it, where it is a folder or ends like one. */
  fileAt(path: string, name: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  /** A new run's folder with texts in it, by the names of the files, before it returns. */
  writeNow(folder: string, name: string, render: (path: string) => Readonly<Record<string, string>>): void;
  /** Like `write`, but a reader or writer at the same time sees one whole text or the other. */
  replace(path: string, text: string): Promise<void>;
  /** At the end of a file that others write to as well. */
  append(path: string, text: string): Promise<void>;
  read(path: string): Promise<Uint8Array>;
  remove(path: string): Promise<void>;
  /**
   * Makes `latest` in a folder a copy of a run's files, before it returns. Of runs that end at the same time one whole set
   * stays. Throws what the file system throws.
   *
   * @param run the run's folder; null: `latest` is to go
   * @returns false: what is there is of other origin, and stays
   */
  copyToLatest(folder: string, run: string | null): boolean;
  /** Every folder in the folder but `latest`, links not followed. */
  runs(folder: string): Promise<readonly RunFolder[]>;
  /**
   * Removes a run's folder that holds nothing but the files of a report; returns whether it did. A folder of
   * other origin, or a link, stays.
   */
  removeRun(folder: string): Promise<boolean>;
}

/** A folder beside others, as far as it may be a run's. */
export interface RunFolder {
  readonly name: string;
  /** Text of its `result.json`, of which the requests may be missing; null where there is none that can be read. */
  readonly result: string | null;
  readonly hasPage: boolean;
}
