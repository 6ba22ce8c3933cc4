import { createServer } from 'node:https';
import { connect } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Certificate, createCertificate } from '../../scripts/sandbox/certificate.ts';
import { listen } from '../../scripts/sandbox/http.ts';

/** The error code of a client that connects to a server with the certificate; null when it accepts it. */
async function judge(made: Certificate, options: { ca?: string; servername?: string }) {
  const server = createServer(made);
  onTestFinished(() => void server.close());
  const port = await listen(server, '127.0.0.1', 0);
  return new Promise<string | null>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', ...options }, () => {
      socket.destroy();
      resolve(null);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe('a fresh certificate', () => {
  test.each(['127.0.0.1', 'idp-app'])('is good for %s where it is trusted', async (host) => {
    const made = await createCertificate(host);
    const servername = host === '127.0.0.1' ? {} : { servername: host };
    expect(await judge(made, { ca: made.cert, ...servername })).toBeNull();
    expect(await judge(made, servername)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('is not good for another name', async () => {
    const made = await createCertificate('idp-app');
    expect(await judge(made, { ca: made.cert, servername: 'idp' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});
