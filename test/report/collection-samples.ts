import type { Exchange } from '../../scripts/core/exchange.ts';
import type { CollectionFacts, CollectionNode, Run } from '../../scripts/core/result.ts';
import { ADMIN_TOKEN, at, body, exchange, failed, header, passed, unanswered } from './sample-exchanges.ts';
import { attempt, healthyRun, step } from './sample-run.ts';

const request = (id: string, name: string, description = ''): CollectionNode => ({
  id,
  name,
  description,
  items: null,
});
const folder = (id: string, name: string, items: readonly CollectionNode[], description = ''): CollectionNode => ({
  id,
  name,
  description,
  items,
});

/** A shop: a request beside folders, a folder in a folder, and two folders of one name. */
const TREE: readonly CollectionNode[] = [
  request('r-login', 'Log in', 'Gets a session for the user of the data row.'),
  folder(
    'f-orders',
    'Orders',
    [
      request('r-list', 'List orders'),
      folder('f-lines', 'Lines', [request('r-lines', 'Read lines')]),
      folder('f-lines-2', 'Lines', [request('r-lines-2', 'Change lines')], 'Of an order that is open.'),
    ],
    [
      'What a customer has ordered, see [the handbook](https://wiki.example.test/orders?a=1&b=2).',
      '',
      '- open orders come first',
      '- `GET /orders?state=open` for those alone',
      '',
      '```',
      'curl https://api.example.test/orders',
      '```',
      '<b onclick="alert(1)">bold</b> [bad](javascript:alert(1))',
    ].join('\n'),
  ),
];

const ONE = {
  'r-login': [],
  'r-list': ['Orders'],
  'r-lines': ['Orders', 'Lines'],
  'r-lines-2': ['Orders', 'Lines'],
} as const;
const NAMES = {
  'r-login': 'Log in',
  'r-list': 'List orders',
  'r-lines': 'Read lines',
  'r-lines-2': 'Change lines',
} as const;

export function shopExchange(id: keyof typeof ONE, iteration: number, overrides: Partial<Exchange> = {}): Exchange {
  return exchange({
    id,
    iteration,
    name: NAMES[id],
    folders: ONE[id],
    startedAt: at(iteration * 400),
    request: {
      method: id === 'r-login' ? 'POST' : 'GET',
      url: `https://api.example.test/${id.slice(2)}?page=${iteration}`,
      headers: [header('Accept', 'application/json'), header('Authorization', `Bearer ${ADMIN_TOKEN}`)],
      body: id === 'r-login' ? body(`{"user":"user-${iteration}","password":"test-only-pw-${iteration}"}`) : null,
    },
    assertions: [passed('200 OK'), passed('[SHOP-7](https://bugs.example.test/SHOP-7) is answered in time')],
    ...overrides,
  });
}

export const FACTS: CollectionFacts = {
  name: 'Shop',
  description: 'All that a customer does.\n\nRuns each night: https://ci.example.test/shop',
  title: null,
  selection: [],
  tree: TREE,
  iterations: 3,
  data: [0, 1, 2].map((row) => ({ user: `user-${row}`, password: `test-only-pw-${row}`, amount: row * 10 })),
  counts: {
    iterations: { total: 3, failed: 0 },
    items: { total: 12, failed: 0 },
    requests: { total: 12, failed: 1 },
    prerequestScripts: { total: 0, failed: 0 },
    testScripts: { total: 12, failed: 0 },
    assertions: { total: 22, failed: 1 },
    receivedBytes: 123_456,
  },
};

/** Three iterations with data, of which the last one did not pass. */
export function shopRun(facts: Partial<CollectionFacts> = {}, overrides: Partial<Run> = {}): Run {
  const exchanges = [0, 1, 2].flatMap((iteration) => [
    shopExchange('r-login', iteration),
    shopExchange('r-list', iteration),
    shopExchange(
      'r-lines',
      iteration,
      iteration === 2
        ? { assertions: [failed('[SHOP-8](https://bugs.example.test/SHOP-8) has lines', 'expected 0 to equal 3')] }
        : {},
    ),
    iteration === 2
      ? unanswered({ id: 'r-lines-2', iteration, name: 'Change lines', folders: ONE['r-lines-2'] })
      : shopExchange('r-lines-2', iteration),
  ]);
  return healthyRun({
    command: 'collection',
    durationMs: 1_900,
    verdict: 'failed',
    exitCode: 1,
    steps: [
      step('preflight', { summary: 'Shop' }),
      step('collection', { status: 'failed', durationMs: 1_800, attempts: [attempt(5, 1_790, exchanges)] }),
    ],
    collection: { ...FACTS, ...facts },
    token: null,
    compose: null,
    diagnosis: null,
    next: [],
    log: [],
    error: { code: 'assertion-failed', message: '2 of 12 requests failed.', hint: null, where: null },
    ...overrides,
  });
}
