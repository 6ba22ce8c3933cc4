import { isRecord } from '../core/json.ts';

/** Maps of a health answer's body that hold one entry per component. */
const MAPS = [
  'components',
  'checks',
  'dependencies',
  'services',
  'details',
  'health',
  'results',
  'info',
  'error',
  'entries',
];
/** Fields of a component's entry that say how it is. */
const STATUSES = ['status', 'state', 'health', 'healthy', 'ok', 'up', 'connected', 'available', 'reachable'];
const UP = new Set([
  'up',
  'ok',
  'okay',
  'healthy',
  'pass',
  'passed',
  'passing',
  'available',
  'connected',
  'ready',
  'true',
  'success',
  'alive',
  'green',
  'running',
  'disabled',
  'skipped',
  'not_configured',
]);
const DOWN = new Set([
  'down',
  'unhealthy',
  'fail',
  'failed',
  'failing',
  'unavailable',
  'error',
  'disconnected',
  'false',
  'not_ready',
  'not ready',
  'unreachable',
  'critical',
  'dead',
  'red',
  'timeout',
  'out_of_service',
  'degraded',
]);
/** Fields beside the components that are about the answer itself. */
const ABOUT = new Set([
  'status',
  'state',
  'healthy',
  'ok',
  'success',
  'ready',
  'alive',
  'version',
  'timestamp',
  'time',
  'uptime',
  'service',
  'name',
  'message',
  'detail',
  'description',
  'output',
  'error',
  'errors',
  'live',
  'health',
]);

/**
 * The components that a `/health` body says are down, in its order: `redis`, `idp`. Reads the shapes that are usual for
 * Python services (maps of words, flags or entries). Only names and known words are looked at; no value is given out.
 */
export function nameComponents(body: string): string[] {
  const names: string[] = [];
  collect(parse(body), names, 0);
  return [...new Set(names)];
}

function collect(value: unknown, names: string[], depth: number): void {
  if (!isRecord(value) || depth > 4) return;
  for (const [key, child] of Object.entries(value)) {
    if (Array.isArray(child) && MAPS.includes(key)) collectList(child, names);
    else if (isRecord(child) && (MAPS.includes(key) || key === 'detail')) collect(child, names, depth + 1);
    else if (!ABOUT.has(key)) {
      if (isDown(child)) add(names, key);
      if (isRecord(child)) for (const map of MAPS) collect(child[map], names, depth + 2);
    }
  }
}

function collectList(list: readonly unknown[], names: string[]): void {
  for (const item of list) {
    if (isRecord(item) && isDown(item)) add(names, item['name'] ?? item['component'] ?? item['service']);
  }
}

function isDown(value: unknown): boolean {
  if (typeof value === 'boolean' || typeof value === 'string') return DOWN.has(String(value).trim().toLowerCase());
  if (Array.isArray(value)) return value.some(isDown);
  if (!isRecord(value)) return false;
  for (const field of STATUSES) {
    const status = value[field];
    if (typeof status !== 'string' && typeof status !== 'boolean') continue;
    const word = String(status).trim().toLowerCase();
    if (DOWN.has(word)) return true;
    if (UP.has(word)) return false;
  }
  return false;
}

/** A name is shown: only what looks like one, and never a long random text. */
function add(names: string[], name: unknown): void {
  if (typeof name === 'string' && /^[A-Za-z][\w.:-]{0,39}$/.test(name)) names.push(name);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
