import type { ConfigMap, Container, EnvVar } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import { reasonOf } from './failures.ts';
import type { Kubectl } from './kubectl.ts';
import { LAST_APPLIED, secretTemplate, type WantedKeys } from './secret-template.ts';

/** A Secret, without the values that nothing here is about. */
export interface SecretSource {
  readonly name: string;
  readonly resourceVersion: string;
  readonly isImmutable: boolean;
  /** Of the annotations only the names: their values are '' but for a few that say who owns it. */
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'labels' | 'annotations' | 'ownerReferences'>;
  /** The names of all its keys. */
  readonly keys: readonly string[];
  /** Base64, of the keys that were asked for. */
  readonly values: Readonly<Record<string, string>>;
  /** The copy that `kubectl apply` keeps in an annotation names the token's key; null: the copy is too long to be searched. */
  readonly isInLastApplied: boolean | null;
}

export interface ConfigMapSource {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
}

/** `missing`: there is no such object. `forbidden`: it may not be read. */
export type Read<Source> = Source | 'missing' | 'forbidden';

/** The objects that a container's environment is made from, by name. */
export interface Sources {
  readonly secrets: ReadonlyMap<string, Read<SecretSource>>;
  readonly configMaps: ReadonlyMap<string, Read<ConfigMapSource>>;
}

export interface SourcesRequest {
  readonly containers: readonly Container[];
  /** The variable that takes the token. */
  readonly variable: string;
  /** The Secret of the workload's own, which is read whether something points to it or not. */
  readonly ownSecret: string;
}

/** Variables whose values are looked at besides the token's, wherever they come from. No other key of a Secret is read. */
const NAMES = [
  'DCR_ENABLED',
  'SKIP_DCR_BOOTSTRAP',
  'ALLOW_BOOTSTRAP_FAILURE',
  'DCR_FORCE_REPLACE',
  'DCR_CLIENT_ID',
  'DCR_REDIRECT_URIS',
  'IDP_BASE_URL',
  'BFF_KID',
  'BFF_CLIENT_CRED_PATH',
  'KAFKA_BOOTSTRAP_SERVERS',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
];

/**
 * Reads the ConfigMaps and Secrets that the containers' environments are made from: all Secrets in one call, all ConfigMaps in
 * another. Of a Secret only the keys come that become the token's variable or one of a few others (go-template).
 *
 * @throws AppError what keeps kubectl from an answer; an object that is missing or forbidden is none
 */
export async function readSources(kubectl: Kubectl, request: SourcesRequest, signal: AbortSignal): Promise<Sources> {
  const keys = secretKeysOf(request);
  const output = `go-template=${secretTemplate(keys)}`;
  const [secrets, configMaps] = await Promise.all([
    readObjects(kubectl, 'secret', [...keys.keys()], output, parseSecrets, signal),
    readObjects(kubectl, 'configmap', configMapNamesOf(request.containers), 'json', parseConfigMaps, signal),
  ]);
  return { secrets, configMaps };
}

/** The Secrets to read, and the keys of each that become one of the variables. */
export function secretKeysOf({ containers, variable, ownSecret }: SourcesRequest): ReadonlyMap<string, WantedKeys> {
  const keys = new Map<string, { values: Set<string>; token: string | null }>();
  const want = (secret: string, key: string | null, isToken: boolean) => {
    const wanted = keys.get(secret) ?? { values: new Set<string>(), token: null };
    keys.set(secret, wanted);
    if (key === null) return;
    wanted.values.add(key);
    if (isToken) wanted.token ??= key;
  };
  want(ownSecret, variable, true);
  for (const { env = [], envFrom = [] } of containers) {
    const names = withReferences([...NAMES, variable], env);
    for (const { prefix = '', secretRef } of envFrom) {
      if (!secretRef?.name) continue;
      want(secretRef.name, null, false);
      for (const name of names)
        if (name.startsWith(prefix) && name !== prefix)
          want(secretRef.name, name.slice(prefix.length), name === variable);
    }
    for (const { name, valueFrom } of env) {
      const { name: secret, key } = valueFrom?.secretKeyRef ?? {};
      if (secret && key !== undefined && names.has(name)) want(secret, key, name === variable);
    }
  }
  return keys;
}

/** The names, and those that their values refer to by `$(NAME)`. */
function withReferences(wanted: readonly string[], env: readonly EnvVar[]): ReadonlySet<string> {
  const names = new Set(wanted);
  // A set that grows while it is walked is walked to its end.
  for (const name of names)
    for (const entry of env)
      if (entry.name === name)
        for (const [, reference] of (entry.value ?? '').matchAll(/\$\(([^()$]+)\)/g)) names.add(reference ?? '');
  return names;
}

function configMapNamesOf(containers: readonly Container[]): string[] {
  const names = containers.flatMap(({ env = [], envFrom = [] }) => [
    ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
  ]);
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[];
}

/** Several objects of one kind in one call. Where that fails for some of them, each of those is asked for by itself. */
async function readObjects<Source extends { readonly name: string }>(
  kubectl: Kubectl,
  kind: string,
  names: readonly string[],
  output: string,
  parse: (stdout: string) => readonly Source[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Read<Source>>> {
  if (names.length === 0) return new Map();
  const args = ['get', ...names.map((name) => `${kind}/${name}`), '--ignore-not-found=true', '-o', output];
  const result = await kubectl.run(args, signal);
  const found = new Map<string, Read<Source>>(parse(result.stdout).map((source) => [source.name, source]));
  const others = names.filter((name) => !found.has(name));
  if (result.exitCode === 0) return new Map([...found, ...others.map((name) => [name, 'missing'] as const)]);
  if (reasonOf(result) !== 'Forbidden') throw kubectl.failure(result, args);
  const [only] = names;
  if (names.length === 1 && only !== undefined) return new Map([[only, 'forbidden']]);
  const asked = others.map((name) => readObjects(kubectl, kind, [name], output, parse, signal));
  return new Map([...found, ...(await Promise.all(asked)).flatMap((each) => [...each])]);
}

function parseConfigMaps(stdout: string): ConfigMapSource[] {
  const parsed = jsonOrNull(stdout);
  if (!isRecord(parsed)) return [];
  const objects = (Array.isArray(parsed['items']) ? parsed['items'] : [parsed]) as ConfigMap[];
  return objects.map(({ metadata, data = {} }) => ({ name: metadata?.name ?? '', data }));
}

/**
 * What {@link secretTemplate} prints: one JSON list a line, and `secret` begins the next one.
 *
 * @throws AppError `kubectl-failed` for anything else: keys would be taken for those of another Secret
 */
function parseSecrets(stdout: string): SecretSource[] {
  const secrets: SecretSource[] = [];
  for (const line of stdout.split('\n')) {
    if (line === '') continue;
    const fields = jsonOrNull(line);
    if (!Array.isArray(fields))
      throw new AppError('kubectl-failed', 'What kubectl prints of a Secret cannot be read.', {
        hint: 'Name another kubectl with --kubectl, such as the one of your cluster.',
      });
    const [what, first = '', second = '', third = '', fourth = ''] = fields.map(String);
    if (what === 'secret') {
      secrets.push({
        name: first,
        resourceVersion: second,
        isImmutable: third === 'true',
        metadata: { name: first, labels: {}, annotations: {}, ownerReferences: [] },
        keys: [],
        values: {},
        isInLastApplied: false,
      });
      continue;
    }
    const secret = secrets.at(-1);
    if (secret !== undefined)
      secrets[secrets.length - 1] = withField(secret, [what ?? '', first, second, third, fourth]);
  }
  return secrets;
}

function withField(
  secret: SecretSource,
  [what, first, second, third, fourth]: readonly [string, string, string, string, string],
) {
  const { metadata, keys, values } = secret;
  switch (what) {
    case 'namespace':
      return { ...secret, metadata: { ...metadata, namespace: first } };
    case 'label':
      return { ...secret, metadata: { ...metadata, labels: { ...metadata.labels, [first]: second } } };
    case 'annotation':
      return { ...secret, metadata: { ...metadata, annotations: { ...metadata.annotations, [first]: second } } };
    case 'owner': {
      const owner = { apiVersion: first, kind: second, name: third, uid: '', controller: fourth === 'true' };
      return { ...secret, metadata: { ...metadata, ownerReferences: [...(metadata.ownerReferences ?? []), owner] } };
    }
    case 'key':
      return { ...secret, keys: [...keys, first] };
    case 'value':
      return { ...secret, values: { ...values, [first]: second } };
    case LAST_APPLIED:
      return { ...secret, isInLastApplied: first === 'holds' ? true : null };
    default:
      return secret;
  }
}
