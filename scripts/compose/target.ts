import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Files } from '../core/ports.ts';
import { listServices, readEnvironment, setEnvironment, unsetEnvironment } from './environment.ts';

/** The file that decides which value the service gets, and how to change it there. */
export interface Target {
  readonly kind: 'compose' | 'env-file';
  /** Absolute. */
  readonly path: string;
  /** The file with the variables set; throws what the editor refuses. Writes nothing. */
  edit(values: Readonly<Record<string, string>>): Edit;
  /** The file without the variables. */
  remove(names: readonly string[]): Edit;
  /** The same target with what the file holds now. */
  refresh(): Promise<Target>;
}

export interface Edit {
  /** What the file held when it was read. */
  readonly before: Uint8Array | null;
  readonly bytes: Uint8Array;
  readonly changes: readonly { readonly name: string; readonly line: number; readonly action: string }[];
}

export interface TargetOptions {
  readonly files: Files;
  /** The compose files, in order. */
  readonly paths: readonly string[];
  readonly service: string;
  readonly variable: string;
  readonly mode: 'auto' | 'compose' | 'env-file';
}

/**
 * Chooses the file to edit: the last one that sets the variable for the service, else the first that defines the service. A
 * later file beats the earlier ones, and an edit before it would have no effect (notes: compose.md rule 5).
 *
 * @throws AppError `compose-file-missing`, `service-not-found`, and what the editor refuses
 */
export async function chooseTarget(options: TargetOptions): Promise<Target> {
  const { paths, service, variable } = options;
  const sources = await Promise.all(paths.map((path) => readSource(options.files, path)));
  const defining = sources
    .map((source) => ({ ...source, environment: readEnvironment(source.bytes, service, source.path) }))
    .filter(({ environment }) => environment !== null);
  const chosen = defining.findLast(({ environment }) => environment?.has(variable)) ?? defining[0];
  if (chosen === undefined) throw notDefined(sources, service);
  return composeTarget(options, chosen);
}

/** No file defines the service itself: misspelt, or it comes through include or extends. */
function notDefined(sources: readonly { path: string; bytes: Uint8Array }[], service: string): AppError {
  const services = sources.flatMap(({ bytes, path }) => listServices(bytes, path));
  const near = nearest(service, services);
  return new AppError('service-not-found', `There is no service "${service}" in the compose file.`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}? Name it with --service.`
        : `It has: ${services.join(', ') || 'none'}. Name one with --service; if it comes through include or extends, name its own file with -f.`,
    where: { file: sources[0]?.path ?? '' },
  });
}

function composeTarget(options: TargetOptions, { path, bytes }: { path: string; bytes: Uint8Array }): Target {
  const { service } = options;
  return {
    kind: 'compose',
    path,
    edit: (values) => ({ before: bytes, ...setEnvironment(bytes, service, { ...values }, path) }),
    remove: (names) => ({ before: bytes, ...unsetEnvironment(bytes, service, [...names], path) }),
    refresh: async () => composeTarget(options, await readSource(options.files, path)),
  };
}

async function readSource(files: Files, path: string): Promise<{ path: string; bytes: Uint8Array }> {
  const bytes = await files.read(path);
  if (bytes !== null) return { path, bytes };
  throw new AppError('compose-file-missing', `There is no compose file at ${path}.`, { hint: 'Name it with -f FILE.' });
}
