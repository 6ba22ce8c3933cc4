import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Secret } from '../core/secret.ts';
import { isIdpFault, parseFault } from './faults.ts';
import { startIdp } from './idp-server.ts';
import { endOnSignals, endWithParent } from './lifeline.ts';

/*
 * The IdP as a process. Environment: SANDBOX_ADMIN_TOKEN or SANDBOX_ADMIN_TOKEN_FILE (-: the first line of stdin),
 * SANDBOX_POWERLESS_TOKEN, SANDBOX_HOST (127.0.0.1), SANDBOX_PORT (0: any free one), SANDBOX_ISSUER, SANDBOX_IDP_FAULT,
 * SANDBOX_LIFELINE. Prints one line of JSON when it listens: {"url": ...}.
 */
const env = process.env;
endOnSignals();
endWithParent(env);

const adminToken = env['SANDBOX_ADMIN_TOKEN'] ?? (await readTokenFile(env['SANDBOX_ADMIN_TOKEN_FILE']));
if (adminToken === null || adminToken === '') {
  console.error('The sandbox IdP needs SANDBOX_ADMIN_TOKEN or SANDBOX_ADMIN_TOKEN_FILE.');
  process.exit(2);
}
const powerless = env['SANDBOX_POWERLESS_TOKEN'] ?? '';
const fault = env['SANDBOX_IDP_FAULT'] ? parseFault(env['SANDBOX_IDP_FAULT']) : null;

const idp = await startIdp({
  tokens: {
    admin: new Secret(adminToken, 'admin token'),
    powerless: powerless === '' ? null : new Secret(powerless, 'admin token without rights'),
  },
  host: env['SANDBOX_HOST'] ?? '127.0.0.1',
  port: Number(env['SANDBOX_PORT'] ?? 0),
  ...(env['SANDBOX_ISSUER'] ? { issuer: env['SANDBOX_ISSUER'] } : {}),
  fault: fault !== null && isIdpFault(fault) ? fault : null,
});
console.log(JSON.stringify({ url: idp.url }));

async function readTokenFile(path: string | undefined): Promise<string | null> {
  if (path === undefined) return null;
  if (path !== '-') return readFileSync(path, 'utf8').trim();
  return new Promise((resolve) => process.stdin.once('data', (line) => resolve(String(line).trim())));
}
