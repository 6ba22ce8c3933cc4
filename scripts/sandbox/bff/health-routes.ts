import { connect } from 'node:net';
import { ask } from '../http.ts';
import type { BffSettings } from './bff-settings.ts';
import type { Log } from './python-log.ts';

export interface Component {
  readonly status: 'healthy' | 'unhealthy';
  readonly message: string;
}

export interface HealthReport {
  readonly status: 'healthy' | 'unhealthy';
  readonly components: Readonly<Record<string, Component>>;
}

/** How long an answer about the IdP and Redis is good for. */
const CACHE_MS = 500;
const CHECK_TIMEOUT_MS = 1_000;

/** Asks Redis and the IdP, not more often than every half second. */
export function createHealth(settings: BffSettings, log: Log): () => Promise<HealthReport> {
  let current: Promise<HealthReport> | null = null;
  let askedAt = 0;
  return () => {
    if (current === null || Date.now() - askedAt > CACHE_MS) {
      askedAt = Date.now();
      current = check(settings, log);
    }
    return current;
  };
}

async function check(settings: BffSettings, log: Log): Promise<HealthReport> {
  const [redis, idp] = await Promise.all([checkRedis(settings.redisUrl), checkIdp(settings.idpUrl)]);
  const components = { redis, idp };
  for (const [name, { status, message }] of Object.entries(components)) {
    if (status === 'unhealthy') log.warning('ms_bff.health', `Health check failed for ${name}: ${message}`);
  }
  return withStatus(components);
}

/** Healthy when all its components are. */
export function withStatus(components: HealthReport['components']): HealthReport {
  const isHealthy = Object.values(components).every(({ status }) => status === 'healthy');
  return { status: isHealthy ? 'healthy' : 'unhealthy', components };
}

async function checkRedis(url: string | null): Promise<Component> {
  if (url === null) return { status: 'healthy', message: 'REDIS_URL is not configured' };
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: CHECK_TIMEOUT_MS });
    const end = (component: Component) => {
      socket.destroy();
      resolve(component);
    };
    const failed = (why: string): Component => ({
      status: 'unhealthy',
      message: `${why} connecting to ${hostname}:${port || 6379}`,
    });
    socket.once('connect', () => end({ status: 'healthy', message: 'connected' }));
    socket.once('timeout', () => end(failed('Timeout')));
    socket.once('error', () => end(failed('Error 111')));
  });
}

async function checkIdp(url: string): Promise<Component> {
  try {
    const answer = await ask(`${url}/api/oidc/.well-known/openid-configuration`, { timeoutMs: CHECK_TIMEOUT_MS });
    if (answer.status === 200) return { status: 'healthy', message: 'discovery answers' };
    return { status: 'unhealthy', message: `discovery answers ${answer.status}` };
  } catch (error) {
    const code = String((error as { readonly code?: unknown }).code ?? 'no answer');
    return { status: 'unhealthy', message: `IdP is not reachable (${code})` };
  }
}
