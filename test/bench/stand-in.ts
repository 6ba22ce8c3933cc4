import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Whole, so that nobody asks for it again to compare it. */
const KEY = { kid: 'bff-sig-001', kty: 'RSA', e: 'AQAB', n: 'bench-only-modulus' };

/** An IdP and a BFF that answer at once: mints a token for every POST, is healthy, and publishes its key. */
export async function startStandIn(): Promise<{ readonly url: string; close(): void }> {
  let count = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      count += 1;
      const token = `bench-only-initial-access-token-${String(count).padStart(4, '0')}`;
      const [status, body] =
        request.method === 'POST'
          ? [201, { token, expires_in: 3_600 }]
          : [200, request.url === '/health' ? { status: 'ok' } : { keys: [KEY] }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
