import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { EnvVar } from 'kubernetes-types/core/v1.d.ts';
import { onTestFinished } from 'vitest';
import type { RunName } from '../../scripts/cli/commands.ts';
import { Secret } from '../../scripts/core/secret.ts';
import type { ResultDocument } from '../../scripts/report/result-json.ts';
import {
  type SandboxCluster,
  type SandboxClusterOptions,
  startSandboxCluster,
} from '../../scripts/sandbox/cluster/cluster.ts';
import type { StartContainer } from '../../scripts/sandbox/cluster/container-runtime.ts';
import type { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { getOf, listOf, type Stored, updateIn } from '../../scripts/sandbox/cluster/typed-store.ts';
import type { IdpFaultName } from '../../scripts/sandbox/faults.ts';
import { type Idp, startIdp } from '../../scripts/sandbox/idp-server.ts';
import type { CommandOptions } from '../support/command.ts';
import { type EndedHere, runHere } from '../support/in-process.ts';
import { KUBECTL } from '../support/kubectl.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';

export interface OnClusterOptions extends Partial<Omit<SandboxClusterOptions, 'dir' | 'idpUrl' | 'start'>> {
  /**
   * `processes` (default): each container is a process of the sandbox's BFF. `failing`: none costs anything; each says that it has no
   * token, and ends with exit code 3.
   */
  readonly pods?: 'processes' | 'failing';
  readonly idpFault?: IdpFaultName;
  /** The real one; default: of this machine. */
  readonly kubectl?: string;
}

export interface EndedOnCluster extends EndedHere {
  /** result.json of this run; null: it has none. */
  readonly result: ResultDocument | null;
}

/** An IdP and a cluster, and commands on them through the real kubectl, whose calls are noted. All ends with the test. */
export interface OnCluster {
  /** Where commands run; reports stay in it from run to run. */
  readonly home: string;
  readonly cluster: SandboxCluster;
  readonly store: ObjectStore;
  readonly idp: Idp;
  readonly adminToken: string;
  /** The whole environment of a command. */
  readonly env: Readonly<Record<string, string>>;
  /** What `run` puts in front of a command's own arguments. */
  argsOf(command: CommandOptions['command']): string[];
  /** A command in this process, about deployment/bff in the context sandbox, to its end. */
  run(command: RunName, ...args: string[]): Promise<EndedOnCluster>;
  /** The arguments of every call of kubectl so far, one text each. */
  calls(): Promise<string[]>;
  /** How often the IdP was asked for a token. */
  mints(): number;
  /** What a Secret holds, decoded; null: there is none of that name. */
  secret(name: string): Readonly<Record<string, string>> | null;
  deployment(): Stored<'deployments'>;
  /** What people keep on the cluster, as text: Secrets, ConfigMaps, and the workload as it is wanted to be. */
  kept(): string;
  /** Without those that are on their way out. */
  pods(): Stored<'pods'>[];
  /** Resolves when something changed in the store and `isTrue` holds. */
  until(isTrue: () => boolean): Promise<void>;
  /** Where secrets show: the admin token and all that any Secret ever held, in all outputs, reports, calls and other objects. */
  leaks(): Promise<string[]>;
}

const COLLECTION = fileURLToPath(new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url));
const FORWARD = fileURLToPath(new URL('forward.mjs', import.meta.url));

/** Between two arguments, and between two calls: no argument has them. */
const [UNIT, RECORD] = ['\x1f', '\x1e'];

/** What the team keeps beside the token. */
export const OTHER_KEY = 'SESSION_SECRET';
export const OTHER_VALUE = 'test-only-session-secret-of-the-team';

export async function openOnCluster(options: OnClusterOptions = {}): Promise<OnCluster> {
  const { pods: how = 'processes', idpFault, kubectl = KUBECTL, prepare, ...terms } = options;
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  const adminToken = `test-only-${randomBytes(24).toString('base64url')}`;
  const idp = await startIdp({
    tokens: { admin: new Secret(adminToken, 'admin token'), powerless: null },
    fault: idpFault === undefined ? null : { name: idpFault, number: null },
  });
  const held = new Set<string>();
  const cluster = await startSandboxCluster({
    dir: join(home, 'cluster'),
    idpUrl: idp.url,
    speed: 50,
    ...terms,
    ...(how === 'failing' ? { start: failsAtOnce } : {}),
    // What stands for port-forward goes through the proxy.
    rights: (review) => review.subresource === 'proxy' || (terms.rights?.(review) ?? true),
    prepare(store) {
      store.listen(({ resource, object }) => {
        if (resource === 'secrets')
          for (const value of Object.values(decoded(object as SecretLike))) if (value !== '') held.add(value);
      });
      const secret = getOf(store, 'secrets', 'crud', 'bff-secrets');
      if (secret !== undefined)
        updateIn(store, 'secrets', secret, (old) => ({
          ...old,
          data: { ...old.data, ...dataOf({ [OTHER_KEY]: OTHER_VALUE }) },
        }));
      prepare?.(store);
    },
  });
  const { store, namespace, server, kubeconfig, context } = cluster;
  onTestFinished(async () => {
    await Promise.all([cluster.close(), idp.close()]);
    await rm(home, { recursive: true, force: true });
  });

  const bin = join(home, 'bin');
  const log = join(home, 'kubectl-calls');
  await mkdir(bin);
  await writeFile(log, '');
  await writeFile(join(bin, 'kubectl'), wrapper(kubectl, log, server.url), { mode: 0o755 });
  const env = {
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: home,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(home, 'kubectl-cache'),
    IAT_ADMIN_TOKEN: adminToken,
  };
  const reports = join(home, 'reports');
  const printed: Record<string, string> = {};

  const calls = async () => {
    const text = await readFile(log, 'utf8');
    return text
      .split(`${RECORD}\n`)
      .filter((call) => call !== '')
      .map((call) => call.replaceAll(UNIT, ' '));
  };
  const onThis: OnCluster = {
    home,
    cluster,
    store,
    idp,
    adminToken,
    env,
    argsOf(command) {
      const idpUrl = command === 'clear' ? [] : ['--idp-url', idp.url];
      const atOnce = command === 'iat' || command === 'clear' ? ['--stable-for', '0'] : [];
      const where = ['--kubernetes', 'deployment/bff', '--context', context];
      return ['--collection', COLLECTION, ...where, ...idpUrl, ...atOnce];
    },
    async run(command, ...args) {
      await rm(join(reports, 'latest'), { recursive: true, force: true });
      const ended = await runHere([...onThis.argsOf(command), ...args], { command, cwd: home, env });
      printed[`output of run ${Object.keys(printed).length + 1}`] = ended.all;
      const text = await readFile(join(reports, 'latest', 'result.json'), 'utf8').catch(() => null);
      return { ...ended, result: text === null ? null : (JSON.parse(text) as ResultDocument) };
    },
    calls,
    mints: () => idp.received.filter(({ path }) => path.startsWith('/api/admin/dcr/initial-access-tokens')).length,
    secret(name) {
      const secret = getOf(store, 'secrets', namespace, name);
      return secret === undefined ? null : decoded(secret);
    },
    deployment: () => getOf(store, 'deployments', namespace, 'bff') as Stored<'deployments'>,
    kept() {
      const { metadata, spec } = onThis.deployment();
      const { labels, annotations } = metadata;
      const others = [...listOf(store, 'secrets'), ...listOf(store, 'configmaps')];
      return JSON.stringify([{ labels, annotations, spec }, ...others], null, 1);
    },
    pods: () => listOf(store, 'pods', namespace).filter(({ metadata }) => metadata.deletionTimestamp === undefined),
    until: (isTrue) =>
      new Promise((resolve) => {
        const look = () => {
          if (!isTrue()) return;
          silence();
          resolve();
        };
        const silence = store.listen(look);
        look();
      }),
    async leaks() {
      const files = await readAllFiles(reports).catch(() => ({}));
      const own = Object.entries(files).filter(([path]) => !path.startsWith(join(reports, 'latest')));
      const others = OTHER_RESOURCES.flatMap((resource) => store.list(resource));
      const texts = {
        ...printed,
        ...Object.fromEntries(own),
        'calls of kubectl': (await calls()).join('\n'),
        'other objects': JSON.stringify(others),
      };
      return [adminToken, ...held].flatMap((secret) => findLeaks(secret, texts));
    },
  };
  return onThis;
}

/** Where no secret may be. */
const OTHER_RESOURCES = [
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'controllerrevisions',
  'pods',
  'configmaps',
  'events',
];

/** A `kubectl` that notes its arguments, and hands everything to the real one but port-forward. */
function wrapper(kubectl: string, log: string, server: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  return `#!/bin/sh
IFS='${UNIT}'
printf '%s${RECORD}\n' "$*" >>${quoted(log)}
[ "$1" = port-forward ] && exec ${quoted(process.execPath)} ${quoted(FORWARD)} ${quoted(server)} "$@"
PATH=${quoted(process.env['PATH'] ?? '')} exec ${quoted(kubectl)} "$@"
`;
}

const failsAtOnce: StartContainer = ({ log }) => {
  const line =
    '2026-11-28 10:00:00,000 ERROR ms_bff.dcr DCR bootstrap failed: No cached credentials and DCR_IAT is not set\n';
  const ended = log.collect('stdout', Readable.from([Buffer.from(line)])).then(() => {
    log.isOver = true;
    return { exitCode: 3, startError: null };
  });
  return { ended, stop: () => ended.then(() => {}) };
};

/** The Deployment with further entries at the end of its container's `env`. */
export function withEnv(...entries: EnvVar[]) {
  return (deployment: Deployment): Deployment => {
    const { spec } = deployment;
    const [container, ...others] = spec?.template.spec?.containers ?? [];
    if (spec?.template.spec === undefined || container === undefined) throw new Error('it has no container');
    const containers = [{ ...container, env: [...(container.env ?? []), ...entries] }, ...others];
    return {
      ...deployment,
      spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } },
    };
  };
}

/** A Secret's `data` of these values. */
export function dataOf(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
}

interface SecretLike {
  readonly data?: Readonly<Record<string, string>>;
}

function decoded(secret: SecretLike): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}
