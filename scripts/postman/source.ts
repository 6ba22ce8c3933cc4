import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Files } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { declaredSecrets } from '../secrets/declared.ts';
import { FoundSecrets } from '../secrets/found.ts';
import { parseCollection } from './collection.ts';
import type { Collection } from './collection-format.ts';
import { declarationsOf } from './declarations.ts';
import { type ExportKind, v3Error } from './export-json.ts';
import { type DataRow, readIterationData } from './iteration-data.ts';
import { loadConverter } from './v1.ts';
import { type Environment, merge, parseEnvironment, type Value } from './variables.ts';

interface Assigned {
  readonly name: string;
  readonly value: string;
}

/** Where a collection and its values come from. */
export interface SourceOptions {
  /** The Postman collection's file and, where there is one, the environment export's. */
  readonly collection: string;
  readonly environment: string | null;
  /** Variables that beat the environment's. */
  readonly envVars: readonly Assigned[];
  /** The same for the globals. */
  readonly globals?: string | null;
  readonly globalVars?: readonly Assigned[];
  /** A CSV or JSON file. */
  readonly iterationData?: string | null;
}

/** The collection and the values that the user gave it. */
export interface Source {
  readonly collection: Collection;
  readonly file: string;
  /** The environment export, where one was given. */
  readonly environment?: string;
  /** Of the environment, as `pm.environment.name` says it; '': none. */
  readonly environmentName: string;
  readonly values: readonly Value[];
  readonly globals: readonly Value[];
  /** The rows of the iterations; null: no data file was given. */
  readonly data: readonly DataRow[] | null;
  /** For the report: which files in which state, each as a name and a text. */
  readonly facts: readonly (readonly [string, string])[];
  /** What was read otherwise than it stands there, each a sentence. */
  readonly warnings: readonly string[];
}

/**
 * Reads the collection, and the environment, globals and data that were given for it.
 *
 * @param learn gets what they say is secret; `found` for what only is where secrets are
 * @throws AppError `collection-missing`, `collection-invalid`, `collection-v3`, `environment-invalid`, `bad-value`
 */
export async function readSource(options: SourceOptions, { files, learn }: Tools): Promise<Source> {
  const { collection: file, environment, globals = null, iterationData = null } = options;
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
  const given = await readEnvironment(environment, 'environment', files);
  const givenGlobals = await readEnvironment(globals, 'globals', files);
  const data = iterationData === null ? null : await readData(iterationData, files);
  const warnings: string[] = [];
  const collection = parseCollection(bytes, file, {
    convertV1: await loadConverter(bytes),
    warn: (warning) => warnings.push(warning),
  });
  const values = assign(given.values, options.envVars);
  const globalValues = assign(givenGlobals.values, options.globalVars ?? []);
  const cells = (data ?? []).flatMap((row) =>
    Object.entries(row).map(([name, value]) => ({ name, value, isSecret: false })),
  );
  const used = new Set([...globalValues, ...values]);
  // A script may ask for what another scope beats.
  const others = [...given.values, ...givenGlobals.values, ...cells].filter((value) => !used.has(value));
  const found = new FoundSecrets((secret) => learn(secret, 'found'));
  for (const { value, label, isMarked } of declaredSecrets(declarationsOf(collection, [...used], others))) {
    if (isMarked) learn(new Secret(value, label));
    else found.add(value, label);
  }
  const facts: [string, string][] = [
    ['Collection', file],
    ['Revision', describeRevision(bytes, collection)],
  ];
  if (environment !== null) facts.push(['Postman environment', environment]);
  if (globals !== null) facts.push(['Postman globals', globals]);
  if (iterationData !== null) facts.push(['Iteration data', iterationData]);
  const noRows =
    data?.length === 0 ? [`${iterationData} holds no rows, so the collection runs once and without data.`] : [];
  return {
    collection,
    file,
    ...(environment === null ? {} : { environment }),
    environmentName: given.name,
    values,
    globals: globalValues,
    data,
    facts,
    warnings: [...warnings, ...noRows],
  };
}

interface Tools {
  readonly files: Pick<Files, 'read'>;
  learn(secret: Secret, how?: 'found'): void;
}

/** What the export marks as a secret stays one. */
function assign(values: readonly Value[], assigned: readonly Assigned[]): Value[] {
  const marked = new Set(values.filter(({ isSecret }) => isSecret).map(({ name }) => name));
  return merge(
    values,
    assigned.map(({ name, value }) => ({ name, value, isSecret: marked.has(name) })),
  );
}

async function readEnvironment(
  file: string | null,
  kind: Exclude<ExportKind, 'collection'>,
  files: Tools['files'],
): Promise<Environment> {
  if (file === null) return { name: '', values: [] };
  const bytes = await files.read(file);
  if (bytes !== null) return parseEnvironment(bytes, file, kind);
  const named = kind === 'globals' ? 'are no Postman globals' : 'is no Postman environment';
  throw new AppError('environment-invalid', `There ${named} at ${file}.`, {
    hint: `Correct --${kind}; collections/ has examples.`,
  });
}

async function readData(file: string, files: Tools['files']): Promise<DataRow[]> {
  const bytes = await files.read(file);
  if (bytes !== null) return readIterationData(bytes, file);
  throw new AppError('bad-value', `There is no iteration data at ${file}.`, { hint: 'Correct --iteration-data.' });
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
