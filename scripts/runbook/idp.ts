import type { ServiceEnvironment } from '../bff/diagnose.ts';
import { proxyVariable, type Reach, toAskable } from '../core/reach.ts';
import type { Instance, Stack } from '../core/stack.ts';

/** Whether the IdP of the service's environment answers in the network of its container. */
export async function askIdpFrom(
  container: Instance | null,
  stack: Stack,
  environment: ServiceEnvironment,
  signal: AbortSignal,
): Promise<Reach> {
  const base = environment['IDP_BASE_URL'] ?? '';
  const url = toAskable(base);
  if (url === null) return unknown(base === '' ? 'the service has no IDP_BASE_URL' : 'IDP_BASE_URL is not a URL');
  if (container === null) return unknown('there is no container');
  const proxy = proxyVariable(url, { ...container.env, ...environment });
  if (proxy !== null) return unknown(`the service asks it through a proxy (${proxy})`);
  return stack.reachFrom(container.id, url, signal);
}

export function unknown(why: string): Reach {
  return { kind: 'unknown', why };
}
