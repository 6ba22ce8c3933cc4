import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BffFaultName } from '../faults.ts';
import { removeCredentials, writeCredentials } from './credentials.ts';
import { type HealthReport, withStatus } from './health.ts';
import { generateKey, type Jwk, type SigningKey } from './keys.ts';
import { exitAfterOutput, type Log } from './log.ts';
import { type BffSettings, locate } from './settings.ts';

/** Where a fault takes hold of the BFF, in the order of its life. */
export interface BffFault {
  /** Bends what the BFF believes of its environment. */
  readonly settings?: (settings: BffSettings) => BffSettings | Promise<BffSettings>;
  /** Before the first line. */
  readonly start?: (settings: BffSettings, log: Log) => void | Promise<void>;
  /** Another key to request tokens with. */
  readonly signingKey?: (key: SigningKey) => SigningKey;
  /** After the bootstrap, before it listens. */
  readonly booted?: (log: Log) => void | Promise<void>;
  /** What the JWKS endpoint serves. */
  readonly jwks?: (jwk: Jwk) => readonly Jwk[];
  /** What a health endpoint says, the `turn`th time one is asked. */
  readonly health?: (report: HealthReport, turn: number) => HealthReport;
  /** The BFF was found healthy for the first time. */
  readonly healthy?: (log: Log) => void;
}

/** A port where nobody listens: tcpmux, which needs rights to open and that nobody has used for decades. */
const CLOSED_PORT = 1;

/** What each fault of the BFF does; the number is the one given with its name. */
export const BFF_FAULTS: Readonly<Record<BffFaultName, (number: number | null) => BffFault>> = {
  'exits-at-once': (code) => ({ start: () => process.exit(code ?? 3) }),
  'crash-loop': () => ({ booted: crash }),
  'dies-later': (seconds) => ({ healthy: (log) => void sleep((seconds ?? 2) * 1000).then(() => crash(log)) }),
  'slow-start': (seconds) => ({ start: () => sleep((seconds ?? 3) * 1000) }),
  'silent-hang': () => ({ start: hang }),
  'never-logs': () => ({ settings: (settings) => ({ ...settings, log: 'silent' }) }),
  unhealthy: () => ({ health: breakSessions }),
  flapping: () => ({ health: (report, turn) => (turn % 2 === 0 ? breakSessions(report) : report) }),
  'redis-down': () => ({ settings: (settings) => ({ ...settings, redisUrl: `redis://127.0.0.1:${CLOSED_PORT}/0` }) }),
  'kafka-unconfigured': () => ({ settings: (settings) => ({ ...settings, kafka: null }) }),
  'idp-unreachable': () => ({ settings: (settings) => ({ ...settings, idpUrl: `http://127.0.0.1:${CLOSED_PORT}` }) }),
  dns: () => ({ settings: (settings) => ({ ...settings, idpUrl: 'http://idp-app.invalid:8002' }) }),
  tls: () => ({ settings: behindUntrustedCertificate }),
  'jwks-missing-kid': () => ({ jwks: (jwk) => [{ ...jwk, kid: 'bff-sig-000' }] }),
  'invalid-client': () => ({ signingKey: ({ kid }) => generateKey(kid) }),
  'rat-invalid': () => ({ start: staleCredentials }),
  'log-flood': (megabytes) => ({ start: () => flood(megabytes ?? 20) }),
  'leaks-token': () => ({ start: leakToken }),
};

function crash(log: Log): Promise<never> {
  log.exception('ms_bff.main', 'Unhandled exception in worker', [
    '  File "/app/ms_bff/src/main.py", line 87, in worker',
    '    await sessions.run_forever()',
    "RuntimeError: session store is in an unexpected state: 'closed'",
  ]);
  return exitAfterOutput(1);
}

/** Stays, does nothing, and still ends when it is told to. */
function hang(): Promise<never> {
  return new Promise(() => setInterval(() => {}, 60_000));
}

function breakSessions({ components }: HealthReport): HealthReport {
  return withStatus({ ...components, sessions: { status: 'unhealthy', message: 'session store is closed' } });
}

/** An IdP of its own that proves its name with a certificate nobody signed. */
async function behindUntrustedCertificate(settings: BffSettings): Promise<BffSettings> {
  const [{ createServer }, { createCertificate }, { listen }] = await Promise.all([
    import('node:https'),
    import('../certificate.ts'),
    import('../http.ts'),
  ]);
  const server = createServer(createCertificate('127.0.0.1'));
  server.unref();
  return { ...settings, idpUrl: `https://127.0.0.1:${await listen(server, '127.0.0.1', 0)}` };
}

/** Credentials whose token the IdP does not know; replacing the client by force is the way out, and then they do no harm. */
function staleCredentials(settings: BffSettings): void {
  if (settings.forceReplace) return;
  const path = locate(settings, settings.credentialsPath);
  removeCredentials(path);
  writeCredentials(path, {
    clientId: settings.clientId,
    rat: 'sandbox-registration-access-token-of-yesterday',
    secret: null,
  });
}

/** The real work begins after it: the lines that matter are at the end of the flood. */
async function flood(megabytes: number): Promise<void> {
  const line = `2026-01-01 00:00:00,000 - ms_bff.cache - DEBUG - ${'cache entry refreshed '.repeat(4)}\n`;
  const block = Buffer.from(line.repeat(Math.ceil((1024 * 1024) / line.length)));
  for (let written = 0; written < megabytes * 1024 * 1024; written += block.length) {
    await new Promise((resolve) => process.stdout.write(block, resolve));
  }
}

function leakToken({ iat }: BffSettings, log: Log): void {
  if (iat !== null)
    log.info('ms_bff.bootstrap.dcr', `Using initial access token ${iat}`, { authorization: `Bearer ${iat}` });
}
