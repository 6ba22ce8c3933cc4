import type { Container, EnvVarSource } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectStore } from './store.ts';
import { getOf, listOf, type Stored } from './typed-store.ts';

/** Why a container cannot be started: the message of CreateContainerConfigError. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/**
 * The variables of a container, as the kubelet resolves them at every start (pkg/kubelet/kubelet_pods.go,
 * makeEnvironmentVariables): `envFrom` in order, then `env` in order, each over what was there; what the Services of the
 * namespace add comes last and beats nothing.
 *
 * @throws EnvironmentError where an object or a key is missing that is not optional
 */
export function resolveEnvironment(
  store: ObjectStore,
  pod: Stored<'pods'>,
  { envFrom = [], env = [] }: Pick<Container, 'env' | 'envFrom'>,
): Record<string, string> {
  const { namespace } = pod.metadata;
  const services = serviceVariables(store, pod);
  const result: Record<string, string> = {};
  for (const { prefix = '', configMapRef, secretRef } of envFrom) {
    const reference = configMapRef ?? secretRef;
    const data =
      configMapRef === undefined
        ? secretData(store, namespace, secretRef?.name ?? '')
        : configMapData(store, namespace, configMapRef.name ?? '');
    if (data === null && reference?.optional !== true)
      throw new EnvironmentError(
        `${configMapRef === undefined ? 'secret' : 'configmap'} "${reference?.name}" not found`,
      );
    for (const [key, value] of Object.entries(data ?? {})) result[prefix + key] = value;
  }
  for (const { name, value, valueFrom } of env) {
    if (valueFrom === undefined) {
      result[name] = expand(value ?? '', { ...services, ...result });
      continue;
    }
    const found = readSource(store, pod, valueFrom);
    if (found !== null) result[name] = found;
  }
  return { ...services, ...result };
}

/** null: an optional reference leads nowhere, and the entry counts for nothing. */
function readSource(store: ObjectStore, pod: Stored<'pods'>, source: EnvVarSource): string | null {
  const { namespace } = pod.metadata;
  const { secretKeyRef, configMapKeyRef, fieldRef } = source;
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath);
  const reference = secretKeyRef ?? configMapKeyRef;
  if (reference === undefined) return null;
  const kind = secretKeyRef === undefined ? 'ConfigMap' : 'Secret';
  const name = reference.name ?? '';
  const data = kind === 'Secret' ? secretData(store, namespace, name) : configMapData(store, namespace, name);
  const value = data?.[reference.key];
  if (value !== undefined) return value;
  if (reference.optional === true) return null;
  throw new EnvironmentError(
    data === null
      ? `${kind.toLowerCase()} "${name}" not found`
      : `couldn't find key ${reference.key} in ${kind} ${namespace}/${name}`,
  );
}

/** Decoded. null: there is no such Secret. */
export function secretData(store: ObjectStore, namespace: string, name: string): Record<string, string> | null {
  const secret = getOf(store, 'secrets', namespace, name);
  if (secret === undefined) return null;
  const entries = Object.entries(secret.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
}

/** null: there is no such ConfigMap. */
export function configMapData(store: ObjectStore, namespace: string, name: string): Record<string, string> | null {
  const map = getOf(store, 'configmaps', namespace, name);
  return map === undefined ? null : { ...map.data };
}

function fieldOf({ metadata, spec, status }: Stored<'pods'>, path: string): string {
  const [, group, key = ''] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (group === 'labels' || group === 'annotations') return metadata[group]?.[key] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec?.nodeName,
    'spec.serviceAccountName': spec?.serviceAccountName ?? 'default',
    'status.podIP': status?.podIP,
    'status.hostIP': status?.hostIP,
  };
  return fields[path] ?? '';
}

/** `$(NAME)` is the variable where there is one, and `$$` is `$` (third_party/forked/golang/expansion). */
function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\(([^()$]*)\))/g, (whole, name?: string) =>
    name === undefined ? '$' : (variables[name] ?? whole),
  );
}

/** For each Service of the namespace that was there before the pod: `BFF_SERVICE_HOST`, `BFF_PORT=tcp://…` and so on. */
function serviceVariables(store: ObjectStore, { metadata, spec }: Stored<'pods'>): Record<string, string> {
  if (spec?.enableServiceLinks === false) return {};
  const variables: Record<string, string> = {};
  for (const { metadata: service, spec } of listOf(store, 'services', metadata.namespace)) {
    const [first] = spec?.ports ?? [];
    if (first === undefined || spec?.clusterIP === undefined || spec.clusterIP === 'None') continue;
    const prefix = service.name.toUpperCase().replaceAll('-', '_');
    const protocol = first.protocol ?? 'TCP';
    const address = `${protocol.toLowerCase()}://${spec.clusterIP}:${first.port}`;
    const each = `${prefix}_PORT_${first.port}_${protocol}`;
    Object.assign(variables, {
      [`${prefix}_SERVICE_HOST`]: spec.clusterIP,
      [`${prefix}_SERVICE_PORT`]: String(first.port),
      [`${prefix}_PORT`]: address,
      [each]: address,
      [`${each}_PROTO`]: protocol.toLowerCase(),
      [`${each}_PORT`]: String(first.port),
      [`${each}_ADDR`]: spec.clusterIP,
    });
  }
  return variables;
}
