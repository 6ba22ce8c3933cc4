import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Files } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { declaredSecrets } from '../secrets/declared.ts';
import { FoundSecrets } from '../secrets/found.ts';
import { parseCollection } from './collection.ts';
import type { Collection } from './collection-format.ts';
import { declarationsOf } from './declarations.ts';
import { v3Error } from './export-json.ts';
import { merge, parseEnvironment, type Value } from './variables.ts';

/** Where a collection and its values come from. */
export interface SourceOptions {
  /** The Postman collection's file and, where there is one, the environment export's. */
  readonly collection: string;
  readonly environment: string | null;
  /** Variables that beat the environment's. */
  readonly envVars: readonly { readonly name: string; readonly value: string }[];
}

/** The collection and the values that the user gave it. */
export interface Source {
  readonly collection: Collection;
  readonly file: string;
  /** The environment export, where one was given. */
  readonly environment?: string;
  readonly values: readonly Value[];
  /** For the report: which files in which state, each as a name and a text. */
  readonly facts: readonly (readonly [string, string])[];
}

/**
 * Reads the collection and the environment export.
 *
 * @param learn gets what the two say is secret; `found` for what only is where secrets are
 * @throws AppError `collection-missing`, `collection-invalid`, `collection-v3`, `environment-invalid`
 */
export async function readSource(
  { collection: file, environment, envVars }: SourceOptions,
  { files, learn }: { readonly files: Pick<Files, 'read'>; learn(secret: Secret, how?: 'found'): void },
): Promise<Source> {
  const bytes = await files.read(file).catch((error: unknown) => {
    // A folder where a file should be: the v3 format is a folder of YAML files.
    if (error instanceof AppError && error.message.includes('a folder')) throw v3Error(file);
    throw error;
  });
  if (bytes === null) {
    throw new AppError('collection-missing', `There is no collection at ${file}.`, {
      hint: 'Name the Postman export with --collection FILE.',
    });
  }
  const own = envVars.map(({ name, value }) => ({ name, value, isSecret: false }));
  const given = environment === null ? [] : await readEnvironment(environment, files);
  const collection = parseCollection(bytes, file);
  const found = new FoundSecrets((secret) => learn(secret, 'found'));
  for (const { value, label, isMarked } of declaredSecrets(declarationsOf(collection, [...given, ...own]))) {
    if (isMarked) learn(new Secret(value, label));
    else found.add(value, label);
  }
  const facts: [string, string][] = [
    ['Collection', file],
    ['Revision', describeRevision(bytes, collection)],
  ];
  if (environment !== null) facts.push(['Postman environment', environment]);
  return { collection, file, ...(environment === null ? {} : { environment }), values: merge(given, own), facts };
}

async function readEnvironment(file: string, files: Pick<Files, 'read'>): Promise<Value[]> {
  const bytes = await files.read(file);
  if (bytes !== null) return parseEnvironment(bytes, file);
  throw new AppError('environment-invalid', `There is no Postman environment at ${file}.`, {
    hint: 'Correct --environment; collections/ has examples.',
  });
}

/**
 * Which state of a collection ran, as far as its export tells: the name, the version where the team keeps one, Postman's own
 * id, and the first 12 digits of the SHA-256 of the file's bytes, which `sha256sum FILE` prints too. Only the hash tells two
 * exports apart: the id stays the same, and hardly anyone sets the version.
 */
function describeRevision(bytes: Uint8Array, { info }: Collection): string {
  const version = versionOf(info.version);
  return [
    typeof info.name === 'string' ? info.name : '',
    version === '' ? '' : `version ${version}`,
    `sha256:${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`,
    typeof info._postman_id === 'string' ? `id ${info._postman_id}` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** v2.1 has it as text or in parts. */
function versionOf(version: unknown): string {
  if (typeof version === 'string') return version;
  const { major, minor, patch } = (version ?? {}) as { major?: number; minor?: number; patch?: number };
  return [major, minor, patch].filter((part) => Number.isInteger(part)).join('.');
}
