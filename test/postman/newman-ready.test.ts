import { describe, expect, test } from 'vitest';
import { isPassed } from '../../scripts/core/exchange.ts';
import type { Item } from '../../scripts/postman/collection.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { runOf } from '../support/collection-run.ts';
import { sendJson, serve } from '../support/server.ts';

const collections = createCollections(() => {});

describe('a run that waits for its moment', () => {
  const item: Item = { name: 'R', request: { method: 'GET', url: '{{base}}/' } };

  test('sends nothing before, and then at once', async () => {
    const asked: number[] = [];
    const url = await serve((_, response) => {
      asked.push(performance.now());
      sendJson(response, 200, {});
    });
    let go = () => {};
    const ready = new Promise<void>((resolve) => {
      go = resolve;
    });
    const waiting = collections.run(runOf([item], 'R', { variables: [{ name: 'base', value: url }], ready }));
    // A whole run fits in between, with the same engine.
    await collections.run(runOf([item], 'R', { variables: [{ name: 'base', value: url }] }));
    expect(asked).toHaveLength(1);
    go();
    expect((await waiting).exchanges.every(isPassed)).toBe(true);
    expect(asked).toHaveLength(2);
  });

  test.each(['waits', 'is about to start'])('sends nothing any more when it is aborted while it %s', async (when) => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      sendJson(response, 200, {});
    });
    const controller = new AbortController();
    const variables = [{ name: 'base', value: url }];
    const more = when === 'waits' ? { ready: neverBut(controller.signal) } : {};
    const waiting = collections.run(runOf([item], 'R', { variables, ...more, signal: controller.signal }));
    setImmediate(() => controller.abort(new Error('too late')));
    await expect(waiting).rejects.toThrow('too late');
    await collections.run(runOf([item], 'R', { variables }));
    expect(asked).toBe(1);
  });
});

/** Rejects as the signal aborts. */
function neverBut(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
