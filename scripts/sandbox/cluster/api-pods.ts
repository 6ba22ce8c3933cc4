import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isRecord } from '../../core/json.ts';
import { ApiError, badRequest } from './api-status.ts';
import type { LogOptions, PodRuntime } from './api-types.ts';
import type { ApiObject } from './store.ts';

/**
 * `pods/log`.
 *
 * @throws ApiError 400 where there is no such container, or the kubelet has no log of it
 */
export async function answerLog(
  runtime: PodRuntime,
  pod: ApiObject,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const ended = new AbortController();
  response.on('close', () => ended.abort());
  const tail = query.get('tailLines');
  const options: LogOptions = {
    previous: query.get('previous') === 'true',
    follow: query.get('follow') === 'true',
    tailLines: tail === null ? null : Number(tail),
    timestamps: query.get('timestamps') === 'true',
    sinceTime: query.get('sinceTime'),
  };
  const log = await runtime.log(pod, containerOf(pod, query.get('container')), options, ended.signal);
  if ('refusal' in log) throw badRequest(log.refusal);
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  try {
    for await (const piece of log) {
      if (response.closed) return;
      if (!response.write(piece)) await once(response, 'drain', { signal: ended.signal });
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  response.end();
}

/**
 * The container that a request means: the named one, or the only one.
 *
 * @throws ApiError 400 (k8s.io/kubernetes/pkg/registry/core/pod/strategy.go)
 */
export function containerOf(pod: ApiObject, named: string | null): string {
  const { name } = pod.metadata;
  const containers = containersOf(pod, 'containers');
  const inits = containersOf(pod, 'initContainers');
  const names = [...inits, ...containers, ...containersOf(pod, 'ephemeralContainers')].map((each) =>
    String(each['name']),
  );
  if (named !== null && named !== '') {
    if (!names.includes(named)) throw badRequest(`container ${named} is not valid for pod ${name}`);
    return named;
  }
  const [only, ...others] = containers;
  if (only !== undefined && others.length === 0) return String(only['name']);
  const choice = containers.map((each) => each['name']).join(' ');
  const init =
    inits.length === 0 ? '' : ` or one of the init containers: [${inits.map((each) => each['name']).join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${choice}]${init}`);
}

/**
 * `pods/proxy`: passes a request on to a port of the pod, and its answer back.
 *
 * @param port null: the first that a container declares
 * @throws ApiError 503 where nobody listens there
 */
export async function answerProxy(
  runtime: PodRuntime,
  pod: ApiObject,
  port: number | null,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const wanted = port ?? firstPort(pod) ?? 80;
  const { status } = pod;
  const ip = isRecord(status) && typeof status['podIP'] === 'string' ? status['podIP'] : '';
  const unreachable = () =>
    new ApiError(
      503,
      'ServiceUnavailable',
      `error trying to reach service: dial tcp ${ip}:${wanted}: connect: connection refused`,
    );
  const address = runtime.address(pod, wanted);
  if (address === null) throw unreachable();
  // The server's own credentials are taken off, so that the pod never sees them.
  const { authorization, host, connection, ...headers } = request.headers;
  const outgoing = requestHttp({ ...address, path, method: request.method, headers, agent: false });
  response.on('close', () => outgoing.destroy());
  outgoing.on('error', () => response.headersSent && response.destroy());
  request.pipe(outgoing);
  const [incoming] = (await once(outgoing, 'response').catch(() => {
    throw unreachable();
  })) as [IncomingMessage];
  response.writeHead(incoming.statusCode ?? 502, incoming.headers);
  await pipeline(incoming, response);
}

function firstPort(pod: ApiObject): number | null {
  for (const { ports } of containersOf(pod, 'containers')) {
    const first = Array.isArray(ports) ? ports[0] : undefined;
    if (isRecord(first) && typeof first['containerPort'] === 'number') return first['containerPort'];
  }
  return null;
}

function containersOf({ spec }: ApiObject, list: string): Record<string, unknown>[] {
  const containers = isRecord(spec) ? spec[list] : undefined;
  return Array.isArray(containers) ? containers.filter(isRecord) : [];
}
