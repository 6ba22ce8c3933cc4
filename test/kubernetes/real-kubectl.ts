import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import { createKubectl } from '../../scripts/kubernetes/kubectl.ts';
import { createProcesses } from '../../scripts/platform/processes.ts';
import { sendJson, serve } from '../support/server.ts';

/** As the API's discovery lists it. */
export interface ApiResource {
  /** `v1`, `apps/v1` */
  readonly groupVersion: string;
  /** Plural: `pods`. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** A refusal as the API server words it. */
export function refusal(status: number, reason: string): Answer {
  return {
    status,
    body: { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason, code: status, message: reason },
  };
}

/**
 * A real kubectl, pinned to namespace `crud`, on an API server of one test that has these resources.
 *
 * @param answer to what is no discovery: the method and the path with its body
 */
export async function realKubectl(resources: readonly ApiResource[], answer: (asked: string, body: string) => Answer) {
  const server = await serve((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const discovered = discover(resources, path);
    const { status, body } =
      discovered === null ? answer(`${request.method} ${path}`, request.text) : { status: 200, body: discovered };
    sendJson(response, status, body);
  });
  const home = await mkdtemp(join(tmpdir(), 'iat-kubectl-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: { server } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
    users: [{ name: 'me', user: {} }],
  };
  await writeFile(join(home, 'config'), JSON.stringify(config));
  const processes = createProcesses({ PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'config') });
  const calls: string[] = [];
  const counted = {
    ...processes,
    run: (...args: Parameters<typeof processes.run>) => {
      calls.push(args[0].args.join(' '));
      return processes.run(...args);
    },
  };
  const kubectl = createKubectl(counted, 'kubectl', ['--context', 'here', '--namespace', 'crud'], process.platform);
  return { kubectl, calls };
}

function discover(resources: readonly ApiResource[], path: string): object | null {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') {
    const groups = [...new Set(resources.map(({ groupVersion }) => groupVersion))].flatMap((groupVersion) => {
      const [name = '', version] = groupVersion.split('/');
      const one = { groupVersion, version };
      return version === undefined ? [] : [{ name, versions: [one], preferredVersion: one }];
    });
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }
  const [, groupVersion] = /^\/(?:api|apis)\/([^/]+(?:\/[^/]+)?)$/.exec(path) ?? [];
  if (groupVersion === undefined) return null;
  const own = resources.filter((each) => each.groupVersion === groupVersion);
  const verbs = ['create', 'get', 'list', 'watch', 'patch', 'delete'];
  return {
    kind: 'APIResourceList',
    groupVersion,
    resources: own.map(({ name, kind, namespaced }) => ({ name, kind, namespaced, singularName: '', verbs })),
  };
}
