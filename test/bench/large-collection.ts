import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An API that answers each request with an order of about 1 kB.
 *
 * @param answerMs how long that takes, in milliseconds
 */
export async function startApi(answerMs = 0): Promise<{
  readonly url: string;
  /** Milliseconds since the last request. */
  sinceLastRequest(): number;
  close(): void;
}> {
  let last = performance.now();
  const server = createServer((request, response) => {
    last = performance.now();
    request.resume();
    const order = Number(/\d+$/.exec(request.url ?? '')?.[0] ?? 0);
    const answer = () =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(toOrder(order)));
    if (answerMs === 0) answer();
    else setTimeout(answer, answerMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sinceLastRequest: () => performance.now() - last,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A Postman collection v2.1 with one folder, `Orders`, of `count` requests in some folders, with two checks each. */
export function toCollection(url: string, count: number, folders = 20): string {
  const requests = Array.from({ length: count }, (_, index) => ({
    name: `Read order ${index}`,
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: CHECKS } }],
    request: {
      method: index % 4 === 0 ? 'POST' : 'GET',
      url: `${url}/orders/${index}`,
      header: [{ key: 'Accept', value: 'application/json' }],
      ...(index % 4 === 0 ? { body: { mode: 'raw', raw: JSON.stringify({ id: index, note: 'bench' }) } } : {}),
    },
  }));
  const size = Math.ceil(count / folders);
  const regions = Array.from({ length: folders }, (_, region) => ({
    name: `Region ${region}`,
    item: requests.slice(region * size, (region + 1) * size),
  }));
  return JSON.stringify({
    info: { name: 'Large', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    item: [{ name: 'Orders', item: regions }],
  });
}

const CHECKS = [
  "pm.test('200 OK', () => pm.response.to.have.status(200));",
  "pm.test('is an order', () => pm.expect(pm.response.json()).to.have.property('lines'));",
];

function toOrder(id: number): object {
  const lines = Array.from({ length: 8 }, (_, line) => ({
    line,
    article: `article-${id}-${line}`,
    quantity: line + 1,
    price: 9.99,
  }));
  return { id, state: 'open', customer: { id: id * 7, name: `Customer ${id}` }, lines };
}
