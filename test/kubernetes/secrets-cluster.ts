import type { ConfigMap, Container, PodSpec, Secret } from 'kubernetes-types/core/v1.d.ts';
import type { Command, CommandResult, Processes, RunOptions } from '../../scripts/core/ports.ts';
import { createKubectl } from '../../scripts/kubernetes/kubectl.ts';
import type { PatchOperation, Workload } from '../../scripts/kubernetes/model.ts';
import type { SecretSource, Sources } from '../../scripts/kubernetes/sources.ts';

/** A call as it was made. */
export interface KubectlCall {
  readonly args: readonly string[];
  readonly privateText: string | undefined;
  readonly stdout: string;
}

/** Answers in place of the API server: a line of its stderr, or the call is made after all (null). */
type Interception = (args: readonly string[]) => string | null;

/** Secrets and ConfigMaps behind a kubectl that answers as the real one does, as far as it is asked here. */
export function createSecretsCluster() {
  const secrets = new Map<string, Secret>();
  const configMaps = new Map<string, ConfigMap>();
  const patches: { readonly object: string; readonly operations: readonly PatchOperation[] }[] = [];
  const calls: KubectlCall[] = [];
  const interceptions: Interception[] = [];
  const workloads: Record<string, unknown> = {};
  let version = 100;

  const stamp = (secret: Secret, manager: string): Secret => {
    const { managedFields = [], ...metadata } = secret.metadata ?? {};
    const others = managedFields.filter((each) => each.manager !== manager);
    version += 1;
    return {
      ...secret,
      metadata: {
        ...metadata,
        resourceVersion: String(version),
        managedFields: [...others, { manager, time: timeOf(version) }],
      },
    };
  };
  const put = (secret: Secret, manager = 'kubectl-create') => {
    secrets.set(secret.metadata?.name ?? '', stamp(secret, manager));
  };

  const run = (args: readonly string[], privateText: string | undefined): Omit<CommandResult, 'startError'> => {
    for (const intercept of interceptions) {
      const stderr = intercept(args);
      if (stderr !== null) return failed(stderr);
    }
    const [verb = '', object = ''] = args;
    const flag = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
    const output = args[args.indexOf('-o') + 1] ?? '';
    const isDry = flag('dry-run') === 'server';
    if (verb === 'get') return get(args, output);
    if (verb === 'auth') return { exitCode: 0, stdout: 'yes\n', stderr: '', timedOut: false };
    if (verb === 'create') {
      const secret = JSON.parse(privateText ?? '') as Secret;
      const name = secret.metadata?.name ?? '';
      if (secrets.has(name)) return failed(`Error from server (AlreadyExists): secrets "${name}" already exists`);
      if (!isDry) put(secret, flag('field-manager'));
      return printed(secrets.get(name)?.metadata?.resourceVersion ?? '');
    }
    const [kind = '', name = ''] = object.split('/');
    if (verb === 'delete') {
      secrets.delete(name);
      return printed(object);
    }
    const operations = JSON.parse(privateText ?? '') as PatchOperation[];
    patches.push({ object: isDry ? `${object} (dry run)` : object, operations });
    if (kind !== 'secret') return applied(workloads[object], operations) === null ? failed(INVALID) : printed('7');
    const secret = secrets.get(name);
    if (secret === undefined) return failed(`Error from server (NotFound): secrets "${name}" not found`);
    if (secret.immutable) return failed(`The Secret "${name}" is invalid: data: Forbidden: field is immutable`);
    const after = applied(secret, operations) as Secret | null;
    if (after === null) return failed(INVALID);
    const isClaim = operations.some(({ path }) => path.startsWith('/metadata/managedFields'));
    if (!isDry && isClaim) secrets.set(name, after);
    else if (!isDry) put(after, flag('field-manager'));
    return printed(secrets.get(name)?.metadata?.resourceVersion ?? '');
  };

  const get = (args: readonly string[], output: string) => {
    const objects = args.slice(1, args.indexOf('--ignore-not-found=true'));
    const named = objects.map((each) => each.split('/') as [string, string]);
    if (output === 'json') {
      const items = named.flatMap(([, name]) => configMaps.get(name) ?? []);
      return printed(items.length === 0 ? '' : JSON.stringify(named.length === 1 ? items[0] : { kind: 'List', items }));
    }
    return printed(named.map(([, name]) => rendered(secrets.get(name), output)).join(''));
  };

  const processes: Processes = {
    async run(command: Command, { signal, privateText }: RunOptions) {
      signal.throwIfAborted();
      const args = command.args.filter((arg) => !arg.startsWith('--request-timeout'));
      const result = run(args, privateText);
      calls.push({ args: command.args, privateText, stdout: result.stdout });
      signal.throwIfAborted();
      return { startError: null, ...result };
    },
    lines: () => {
      throw new Error('nothing is followed here');
    },
  };

  return {
    kubectl: createKubectl(processes, 'kubectl', ['--context', 'test', '--namespace', 'crud'], 'linux'),
    calls,
    patches,
    /** Of a Secret, decoded; undefined: it has no such key. */
    valueOf(secret: string, key: string) {
      const value = secrets.get(secret)?.data?.[key];
      return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
    },
    secret: (name: string) => secrets.get(name),
    managersOf: (name: string) => secrets.get(name)?.metadata?.managedFields?.map(({ manager }) => manager),
    putSecret: (name: string, data: Readonly<Record<string, string>>, more: Partial<Secret> = {}, manager?: string) =>
      put({ ...secretObject(name, data), ...more, metadata: { name, ...more.metadata } }, manager),
    putConfigMap: (name: string, data: Readonly<Record<string, string>>) =>
      configMaps.set(name, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { ...data } }),
    removeSecret: (name: string) => secrets.delete(name),
    putWorkload: (workload: Workload) => {
      workloads[`${workload.kind}/${workload.name}`] = workload.object;
    },
    /** Applies an operation list to a workload, as the restart does. */
    patched: (workload: Workload, operations: readonly PatchOperation[]): Workload => {
      const object = applied(workload.object, operations) as Workload['object'] | null;
      if (object === null) throw new Error('a test of the patch failed');
      return workloadFrom(object);
    },
    intercept: (interception: Interception) => interceptions.push(interception),
  };
}

const INVALID = 'The request is invalid: the server rejected our request due to an error in our request';

/** A second for each version. */
function timeOf(version: number): string {
  return new Date(Date.UTC(2026, 0, 1) + version * 1_000).toISOString().replace('.000Z', 'Z');
}

function printed(stdout: string) {
  return { exitCode: 0, stdout, stderr: '', timedOut: false };
}

function failed(stderr: string) {
  return { exitCode: 1, stdout: '', stderr, timedOut: false };
}

/** What kubectl makes of the templates of these modules; that it makes it is tested with the real one. */
function rendered(secret: Secret | undefined, template: string): string {
  if (secret === undefined) return '';
  const { metadata = {}, data = {}, immutable = false } = secret;
  const { name = '', resourceVersion = '' } = metadata;
  const line = (...values: unknown[]) => `${JSON.stringify(values)}\n`;
  if (template.includes('.managedFields'))
    return (metadata.managedFields ?? [])
      .map(({ manager, time }) => `${template.includes('.time') ? `${time} ` : ''}${manager}\n`)
      .join('');
  if (!template.includes('{{define "secret"}}')) {
    const key = /eq \$k "([^"]+)"/.exec(template)?.[1] ?? '';
    return line(resourceVersion, Object.keys(data).length === 0, ...(key in data ? [data[key]] : []));
  }
  const part = template.split('{{if eq $name ').find((each) => each.startsWith(`"${name}"`)) ?? '';
  const wanted = /\{\{if eq \$k ([^}]+)\}\}/.exec(part)?.[1] ?? '';
  return [
    line('secret', name, resourceVersion, String(immutable)),
    ...Object.entries(metadata.labels ?? {}).map(([key, value]) => line('label', key, value)),
    ...Object.entries(metadata.annotations ?? {}).map(([key, value]) =>
      key.startsWith('bff-iat/') ? line('annotation', key, value) : line('annotation', key),
    ),
    ...Object.keys(data).map((key) => line('key', key)),
    ...Object.entries(data)
      .filter(([key]) => wanted.includes(`"${key}"`))
      .map(([key, value]) => line('value', key, value)),
  ].join('');
}

/** JSON Patch (RFC 6902). null: a test failed, or a place is not there. */
function applied(object: unknown, operations: readonly PatchOperation[]): unknown {
  const copy = structuredClone(object);
  for (const { op, path, value } of operations) {
    const names = path
      .slice(1)
      .split('/')
      .map((name) => name.replaceAll('~1', '/'));
    const last = names.pop() ?? '';
    // biome-ignore lint/suspicious/noExplicitAny: any JSON
    const parent = names.reduce<any>((at, name) => at?.[name], copy);
    if (parent === undefined) return null;
    if (op === 'test') {
      if (JSON.stringify(parent[last]) !== JSON.stringify(value)) return null;
    } else if (Array.isArray(parent)) {
      const index = last === '-' ? parent.length : Number(last);
      if (op === 'add') parent.splice(index, 0, value);
      else parent.splice(index, 1, ...(op === 'remove' ? [] : [value]));
    } else if (op === 'remove') {
      if (!(last in parent)) return null;
      delete parent[last];
    } else parent[last] = value;
  }
  return copy;
}

/** A Secret with its values in Base64. */
export function secretObject(name: string, data: Readonly<Record<string, string>>): Secret {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: Object.fromEntries(encoded) };
}

/** A Deployment `bff` with one container of that name, or with the pod that is given. */
export function workloadOf(container: Partial<Container> = {}, podSpec: Partial<PodSpec> = {}): Workload {
  const spec: PodSpec = { containers: [{ name: 'bff', image: 'bff', ...container }], ...podSpec };
  return workloadFrom({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'bff', generation: 3 },
    spec: { selector: {}, template: { metadata: { annotations: {} }, spec } },
  });
}

function workloadFrom(object: Workload['object']): Workload {
  const podSpec = object.spec?.template.spec ?? { containers: [] };
  const [container = { name: 'bff' }] = podSpec.containers;
  const containerPath = '/spec/template/spec/containers/0';
  return { kind: 'deployment', name: 'bff', namespace: 'crud', object, podSpec, container, containerPath };
}

/** Sources as they are read. A value is a text; null: the key is there, and was not read. */
export function sourcesOf({
  secrets = {},
  configMaps = {},
}: {
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string | null>> | 'missing' | 'forbidden'>>;
  readonly configMaps?: Readonly<Record<string, Readonly<Record<string, string>> | 'missing' | 'forbidden'>>;
}): Sources {
  return {
    secrets: new Map(
      Object.entries(secrets).map(([name, data]) => [name, typeof data === 'string' ? data : secretSource(name, data)]),
    ),
    configMaps: new Map(
      Object.entries(configMaps).map(([name, data]) => [name, typeof data === 'string' ? data : { name, data }]),
    ),
  };
}

export function secretSource(name: string, data: Readonly<Record<string, string | null>>): SecretSource {
  const read = Object.entries(data).flatMap(([key, value]) =>
    value === null ? [] : [[key, Buffer.from(value).toString('base64')] as const],
  );
  return {
    name,
    resourceVersion: '1',
    isImmutable: false,
    metadata: { name, labels: {}, annotations: {}, ownerReferences: [] },
    keys: Object.keys(data),
    values: Object.fromEntries(read),
    isInLastApplied: false,
  };
}
