import { createServer, type ServerResponse } from 'node:http';
import process from 'node:process';
import { BFF_FAULTS, type BffFault } from './bff/bff-faults.ts';
import { type BffSettings, locate, readSettings } from './bff/bff-settings.ts';
import { BootstrapFailure, bootstrap } from './bff/client-registration.ts';
import { createHealth, type HealthReport } from './bff/health-routes.ts';
import { type Jwk, loadKey } from './bff/keys.ts';
import { createLog, exitAfterOutput, type Log } from './bff/python-log.ts';
import { isBffFault, parseFault } from './faults.ts';
import { answerJson, listen } from './http.ts';

const HEALTH_PATHS: readonly string[] = ['/health', '/api/v1/health', '/auth/health'];

/** uvicorn's exit code when the application does not start. */
const STARTUP_FAILED = 3;

/**
 * Runs the BFF in this process: first the bootstrap, then the server, as uvicorn does. Resolves when it listens. A bootstrap
 * that fails ends the process.
 */
export async function runBff(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const fault = readFault(env['SANDBOX_BFF_FAULT']);
  const given = readSettings(env);
  const settings = (await fault.settings?.(given)) ?? given;
  const log = createLog(settings.log);
  await fault.start?.(settings, log);

  log.server('INFO', `Started server process [${process.pid}]`);
  log.server('INFO', 'Waiting for application startup.');
  if (settings.kafka === null) reportKafka(log);
  const key = loadKey(locate(settings, settings.keyPath), settings.kid);
  try {
    await bootstrap(settings, key, fault.signingKey?.(key) ?? key, log);
  } catch (error) {
    if (!(error instanceof BootstrapFailure)) throw error;
    if (!settings.allowFailure) {
      log.error('ms_bff.main', 'DCR bootstrap failed, shutting down (ALLOW_BOOTSTRAP_FAILURE=false)');
      log.server('ERROR', 'Application startup failed. Exiting.');
      return exitAfterOutput(STARTUP_FAILED);
    }
    log.warning('ms_bff.main', 'Continuing without client registration (ALLOW_BOOTSTRAP_FAILURE=true)');
  }
  await fault.booted?.(log);
  await serve(settings, fault, log, fault.jwks?.(key.jwk) ?? [key.jwk]);
}

function readFault(text: string | undefined): BffFault {
  const fault = text ? parseFault(text) : null;
  return fault !== null && isBffFault(fault) ? BFF_FAULTS[fault.name](fault.number) : {};
}

/** Noise that real logs have: the consumer of security events tries Kafka at its default address. */
function reportKafka(log: Log): void {
  log.warning('ms_bff.caep', 'KAFKA_BOOTSTRAP_SERVERS is not set, using localhost:9092');
  log.error('kafka.conn', "Unable to bootstrap from [('localhost', 9092, <AddressFamily.AF_UNSPEC: 0>)]");
}

async function serve(settings: BffSettings, fault: BffFault, log: Log, jwks: readonly Jwk[]): Promise<void> {
  const health = createHealth(settings, log);
  let asked = 0;
  let wasHealthy = false;
  const report = async () => {
    const now = await health();
    const reported = fault.health?.(now, ++asked) ?? now;
    if (reported.status === 'healthy' && !wasHealthy) {
      wasHealthy = true;
      fault.healthy?.(log);
    }
    return reported;
  };

  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://bff').pathname;
    if (fault.answer && HEALTH_PATHS.includes(path)) fault.answer(response);
    else await answer(request.method === 'GET' ? path : '', response, report, jwks);
    const { remoteAddress, remotePort } = request.socket;
    const { statusCode, statusMessage } = response;
    log.access(
      `${remoteAddress}:${remotePort} - "${request.method} ${path} HTTP/1.1" ${statusCode} ${statusMessage ?? ''}`.trim(),
    );
  });
  const port = await listen(server, settings.host, settings.port).catch((error: { readonly code?: string }) => {
    log.server('ERROR', `[Errno 98] error while attempting to bind on address: ${error.code}`);
    return exitAfterOutput(1);
  });
  log.server('INFO', 'Application startup complete.');
  log.server('INFO', `Uvicorn running on http://${settings.host}:${port} (Press CTRL+C to quit)`);
}

async function answer(
  path: string,
  response: ServerResponse,
  report: () => Promise<HealthReport>,
  jwks: readonly Jwk[],
) {
  if (HEALTH_PATHS.includes(path)) {
    const whole = await report();
    return answerJson(response, statusOf(whole), whole);
  }
  switch (path) {
    case '/api/v1/health/live':
      return answerJson(response, 200, { status: 'alive' });
    case '/api/v1/health/ready':
    case '/api/v1/health/redis': {
      const { redis } = (await report()).components;
      return answerJson(response, statusOf(redis), redis);
    }
    case '/.well-known/jwks.json':
      return answerJson(response, 200, { keys: jwks });
    default:
      return answerJson(response, 404, { detail: 'Not Found' });
  }
}

function statusOf(checked: { readonly status: string } | undefined): number {
  return checked?.status === 'healthy' ? 200 : 503;
}
