import { createServer } from 'node:https';
import { connect } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCertificate } from '../../scripts/sandbox/certificate.ts';
import { listen } from '../../scripts/sandbox/http.ts';

const HOUR = 3_600_000;
const now = Date.now();

/** What a client says that connects to a server with the certificate: null when it is content. */
async function judge(made: ReturnType<typeof createCertificate>, options: { ca?: string; servername?: string }) {
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

describe('a certificate made on the spot', () => {
  test.each(['127.0.0.1', 'idp-app', 'a-name-that-is-long-enough-for-a-length-in-two-bytes.'.repeat(3).slice(0, -1)])(
    'is good for %s where it is trusted',
    async (host) => {
      const made = createCertificate(host);
      const servername = host === '127.0.0.1' ? {} : { servername: host };
      expect(await judge(made, { ca: made.cert, ...servername })).toBeNull();
      expect(await judge(made, servername)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    },
  );

  test('is not good for another name', async () => {
    const made = createCertificate('idp-app');
    expect(await judge(made, { ca: made.cert, servername: 'idp' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test.each([
    [-2, -1, 'CERT_HAS_EXPIRED'],
    [1, 2, 'CERT_NOT_YET_VALID'],
  ])('is not good outside of its time', async (from, to, code) => {
    const times = { from: new Date(now + from * HOUR), to: new Date(now + to * HOUR) };
    const made = createCertificate('127.0.0.1', times);
    expect(await judge(made, { ca: made.cert })).toBe(code);
  });
});
