import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Comparison } from '../../scripts/core/comparison.ts';
import type { Run } from '../../scripts/core/result.ts';
import { renderHtml } from '../../scripts/report/html.tsx';
import { shopExchange, shopRun } from '../report/collection-samples.ts';
import { collectionRun, HOSTILE, hostileRun, interruptedRun, plannedRun } from '../report/extreme-runs.ts';
import { clusterRun, manyPods, SAMPLE_ROLE, sampleCluster } from '../report/sample-cluster.ts';
import { body, failed, IAT, sampleMasker } from '../report/sample-exchanges.ts';
import { attempt, failedBootstrapRun, failedMintRun, healthyRun, step } from '../report/sample-run.ts';
import { hasChromium, Reader } from './chromium.ts';
import { historyPage } from './history-page.ts';
import { costOfReading } from './reading-cost.ts';

const render = (run: Run) => renderHtml(run, sampleMasker(), 'a-run');

const COMPARISON: Comparison = {
  since: new Date('2026-11-22T10:11:12Z'),
  folder: '2026-11-22T10-11-12-000Z-collection',
  newlyFailing: [{ path: 'Orders / Lines / Read lines', index: 10, check: 'has lines' }],
  fixed: [],
  slower: [{ path: 'Log in', index: 0, beforeMs: 20, nowMs: 400 }],
  added: [],
  gone: [{ path: 'Old / Gone', index: null }],
};

const PAGES = {
  healthy: () => render(healthyRun()),
  'failed bootstrap': () => render(failedBootstrapRun()),
  'failed mint': () => render(failedMintRun()),
  interrupted: () => render(interruptedRun()),
  planned: () => render(plannedRun()),
  cluster: () => render(clusterRun()),
  'fifty pods': () => render(clusterRun({ kubernetes: sampleCluster({ pods: manyPods(50, 5), role: SAMPLE_ROLE }) })),
  'no request': () => render(collectionRun(0)),
  'one request': () => render(collectionRun(1)),
  'three requests': () => render(collectionRun(3, 2)),
  hostile: () => render(hostileRun()),
  iterations: () => render({ ...shopRun({ title: 'Nightly shop' }), comparison: COMPARISON }),
  'packed details': () => render(collectionRun(150, 40)),
  history: () => historyPage(12),
  'empty history': () => historyPage(0),
};

const openEverything = (page: Page) =>
  page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');
const overflowOf = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');

describe.skipIf(!hasChromium())('in Chromium', () => {
  let reader: Reader;
  let axe: string;
  beforeAll(async () => {
    reader = await Reader.start();
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  });
  afterAll(() => reader.close());

  /** Rule, and the elements that break it. */
  async function axeViolations(page: Page): Promise<string[]> {
    if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe);
    return page.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | ')))`);
  }

  describe.each(Object.entries(PAGES))('%s', (_, make) => {
    test('is accessible, quiet and allowed, in light and dark, from narrow to wide', async () => {
      const { page, context, complaints } = await reader.open(make());
      await openEverything(page);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await axeViolations(page), colorScheme).toEqual([]);
      }
      for (const width of [320, 768, 1400]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await overflowOf(page), `overflow at ${width} px`).toBeLessThanOrEqual(0);
      }
      expect(await page.evaluate('violations')).toEqual([]);
      expect(complaints).toEqual([]);
      expect(await page.title()).not.toBe('executed');
      await context.close();
    });
  });

  test('reports a policy violation when there is one', async () => {
    const broken = render(healthyRun()).replace('</body>', '<script>document.title = "executed"</script></body>');
    const { page, context, complaints } = await reader.open(broken);
    expect(await page.evaluate('violations')).toEqual(['script-src-elem inline']);
    expect(complaints).toHaveLength(1);
    expect(await page.title()).not.toBe('executed');
    await context.close();
  });

  test('is whole without scripts', async () => {
    const { page, context } = await reader.open(render(healthyRun()), { javaScriptEnabled: false });
    const locate = (text: string) => page.getByText(text, { exact: true }).first();
    expect(await locate('The BFF is registered and healthy.').isVisible()).toBe(true);
    expect(await locate('2026-11-23 10:11:12 UTC').isVisible()).toBe(true);
    expect(await page.locator('.toolbar').isVisible()).toBe(false);
    expect(await page.getByRole('button').count()).toBe(0);
    await page.locator('summary', { hasText: 'DCR IAT' }).click();
    expect(await page.getByText('"label": "ms-bff bootstrap"').first().isVisible()).toBe(true);
    await context.close();
  });

  describe('the page over all runs', () => {
    test('filters and compares without scripts', async () => {
      const { page, context } = await reader.open(historyPage(12), { javaScriptEnabled: false });
      const rows = page.locator('.runs tbody tr:visible');
      expect(await rows.count()).toBe(12);
      await page.locator('label', { hasText: 'Failed' }).click();
      expect(await rows.count()).toBe(3);
      expect(await page.locator('.runs tbody tr:visible .status').allTextContents()).toEqual([
        'Failed',
        'Failed',
        'Failed',
      ]);
      await page.locator('.filters fieldset', { hasText: 'Verdict' }).getByText('All').click();
      // By keyboard, too.
      await page.keyboard.press('ArrowRight');
      expect(await rows.count()).toBeLessThan(12);
      await page.locator('.filters fieldset', { hasText: 'Verdict' }).getByText('All').click();

      const pairs = page.locator('.pair:visible');
      expect(await pairs.count()).toBe(1);
      await page.locator('.compare').nth(1).click();
      const wanted = await page.locator('.compare').nth(1).getAttribute('href');
      expect([await pairs.count(), `#${await pairs.getAttribute('id')}`]).toEqual([1, wanted]);
      const same = pairs.locator('.details tr:visible:not([class])');
      expect(await same.count()).toBe(0);
      await page.locator('#all-of').check();
      expect(await same.count()).toBeGreaterThan(3);
      expect(await page.locator('.choose').isVisible()).toBe(false);
      await context.close();
    });

    test('puts any two runs side by side, as it does those that stand so already', async () => {
      const { page, context, complaints } = await reader.open(historyPage(12));
      // The names of parts have the order of the rows in them, and the times their zone.
      const textOf = (selector: string) =>
        page
          .locator(selector)
          .evaluate((table) =>
            [...(table as unknown as { rows: Iterable<{ className: string; textContent: string }> }).rows].map(
              (row) => `${row.className}|${row.textContent.replaceAll(' ', '')}`,
            ),
          );
      const [before, after] = [page.getByLabel('Before'), page.getByLabel('After')];
      for (const index of [0, 1, 2, 3]) {
        await page.locator('.compare').nth(index).click();
        const target = await page.locator('.compare').nth(index).getAttribute('href');
        await page.locator(`${target}:visible`).waitFor();
        const wanted = await textOf(`${target} .beside`);
        const [a, b] = [await before.inputValue(), await after.inputValue()];
        await before.selectOption(b);
        expect(await textOf('.pairs > div > .beside')).not.toEqual(wanted);
        await before.selectOption(a);
        expect(await textOf('.pairs > div > .beside')).toEqual(wanted);
        expect(await page.locator('.beside:visible').count()).toBe(1);
      }
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('violations')).toEqual([]);
      expect(complaints).toEqual([]);
      await page.locator('label', { hasText: 'Failed' }).click();
      expect(await page.locator('.filters output').textContent()).toBe('3 of 12 shown');
      await context.close();
    });
  });

  describe('details that are packed', () => {
    const hostile = () => {
      const run = collectionRun(100);
      const texts = Object.values(HOSTILE).map((text) => text.slice(0, 3_000));
      const exchanges = Array.from({ length: 80 }, (_, index) => {
        const text = texts[index % texts.length] ?? '';
        return shopExchange('r-list', 0, {
          name: `Request ${index}`,
          request: {
            method: 'GET',
            url: `https://x.test/?token=${IAT}`,
            headers: [{ name: text, value: text }],
            body: body(text, 'text/plain'),
          },
          assertions: [
            failed(`[BUG-${index}](https://bugs.test/${index}) ${text}`, `expected '${text}' to equal '${IAT}'`),
          ],
        });
      });
      return { ...run, steps: [step('collection', { attempts: [attempt(0, 5, exchanges)] })] };
    };

    test('open from a file and under the policy, as the plain ones do', async () => {
      const { page, context, complaints } = await reader.open(render(collectionRun(150)), {
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      await page.evaluate('for (const folder of document.querySelectorAll(".folder")) folder.open = true');
      await page.locator('#x150 summary').click();
      await page.locator('#x150 .detail').waitFor();
      const shapeOf = (id: string) =>
        page.evaluate<string>(`document.querySelector('#${id} .detail').outerHTML.replace(/\\d+/g, '0')`);
      const plain = await shapeOf('x3');
      expect(await page.locator('#x3 .detail').count()).toBe(1);
      expect(
        (await shapeOf('x150')).replace(/<button.*?<\/button>/g, '').replace(/ data-copy="on"/g, ' data-copy=""'),
      ).toBe(plain.replaceAll('data-copy="true"', 'data-copy=""'));
      expect(await page.locator('#x150 .mask').first().textContent()).toBe('‹admin token›');
      await page.locator('#x150 .copy').last().click();
      expect(await page.evaluate('navigator.clipboard.readText()')).toContain('"status": "healthy"');
      expect(await page.evaluate('violations')).toEqual([]);
      expect(complaints).toEqual([]);
      await context.close();
    });

    test('open by a link, and are accessible', async () => {
      const { page, context } = await reader.open(render(collectionRun(150)));
      await page.evaluate('location.hash = "#x149"');
      await page.locator('#x149 .detail').waitFor();
      expect(await page.locator('#x149').isVisible()).toBe(true);
      expect(await axeViolations(page)).toEqual([]);
      await context.close();
    });

    test('are text, whatever they say, with their links and masks', async () => {
      const { page, context, complaints } = await reader.open(render(hostile()));
      await openEverything(page);
      await page.locator('.x .detail').nth(79).waitFor({ state: 'attached' });
      expect(await page.locator('.x img, .x style, .x script, .x body, .x iframe').count()).toBe(0);
      expect(await page.title()).not.toBe('executed');
      expect(await page.locator('#x79 .checks a').getAttribute('href')).toBe('https://bugs.test/78');
      expect(await page.locator('#x79 .checks a').getAttribute('rel')).toBe('noreferrer');
      expect(await page.locator('#x79 .mask').count()).toBeGreaterThan(0);
      expect(await page.content()).not.toContain(IAT);
      expect(await overflowOf(page)).toBeLessThanOrEqual(0);
      expect(await page.evaluate('violations')).toEqual([]);
      expect(complaints).toEqual([]);
      await context.close();
    });

    test('are said to need the script where there is none, and what failed is there without it', async () => {
      const { page, context } = await reader.open(render(collectionRun(150, 50)), { javaScriptEnabled: false });
      expect(await page.getByText('Without scripts 60 requests can be opened').isVisible()).toBe(true);
      for (const number of [1, 50, 100, 150]) expect(await page.locator(`#x${number} .detail`).count()).toBe(1);
      expect(await page.locator('#x149 .detail').count()).toBe(0);
      await context.close();
    });
  });

  test('opens the folders of what is searched, and closes them again', async () => {
    const { page, context } = await reader.open(render(collectionRun(140)));
    const open = () => page.locator('.folder[open]').count();
    expect(await open()).toBe(1);
    await page.getByRole('searchbox').fill('order 12');
    await page.getByText('12 of 140 shown').waitFor();
    expect(await open()).toBe(8);
    expect(await page.locator('.x:visible').count()).toBe(12);
    await page.getByRole('searchbox').fill('order 140');
    await page.getByText('1 of 140 shown').waitFor();
    expect(await page.locator('.folder:visible').count()).toBe(2);
    await page.getByRole('searchbox').fill('');
    await page.locator('.toolbar output:empty').waitFor({ state: 'attached' });
    expect([await open(), await page.locator('.folder:visible').count()]).toEqual([1, 8]);
    await context.close();
  });

  test("shows times in the reader's zone, with the UTC beside them", async () => {
    const { page, context } = await reader.open(render(healthyRun()));
    expect(await page.locator('.kicker time').textContent()).toBe(
      '23 Nov 2026, 11:11:12 CET (2026-11-23 10:11:12 UTC)',
    );
    await context.close();
  });

  test('filters, searches, and says how many it shows', async () => {
    const { page, context } = await reader.open(render(collectionRun(30, 10)));
    const rows = page.locator('.x:visible');
    const output = page.locator('.toolbar output');
    await page.getByRole('button', { name: 'Failed' }).click();
    expect([await rows.count(), await output.textContent()]).toEqual([3, '3 of 30 shown']);
    await page.getByRole('searchbox').fill('order 20 503');
    await page.getByText('1 of 30 shown').waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole('searchbox').fill('nothing has this name');
    await page.getByText('0 of 30 shown').waitFor();
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: 'All' }).click();
    expect([await rows.count(), await output.textContent()]).toEqual([30, '']);
    await context.close();
  });

  test('finds failures in earlier attempts, too', async () => {
    const { page, context } = await reader.open(render(healthyRun()));
    expect(await page.locator('.x:visible').count()).toBe(3);
    await page.getByRole('button', { name: 'Failed' }).click();
    expect(await page.locator('.x:visible').count()).toBe(3);
    expect(await page.locator('.x.failed:visible').count()).toBe(3);
    await context.close();
  });

  test('leads from a failure to its request, and opens it', async () => {
    const { page, context } = await reader.open(render(failedMintRun()));
    expect(await page.locator('#x1 .detail').isVisible()).toBe(false);
    await page.getByRole('link', { name: 'Request and response' }).click();
    await page.locator('#x1 .detail').waitFor();
    expect(await page.locator('#x1 details').getAttribute('open')).not.toBeNull();
    await context.close();
  });

  test('copies a command and a body', async () => {
    const { page, context } = await reader.open(render(healthyRun()), {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await page.locator('.next .copy').click();
    await page.getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('npm run iat:clear');
    await page.locator('summary', { hasText: 'DCR IAT' }).click();
    await page.locator('#x1 .copy').first().click();
    await page.locator('#x1').getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain('"label": "ms-bff bootstrap"');
    await context.close();
  });

  test('is reached whole by keyboard', async () => {
    const { page, context } = await reader.open(render(collectionRun(5, 2)));
    const reached = new Set<string>();
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press('Tab');
      reached.add(
        await page.evaluate<string>(
          'document.activeElement.textContent.trim().slice(0, 40) || document.activeElement.localName',
        ),
      );
    }
    const all = [...reached].join('\n');
    for (const part of [
      'Request and response',
      'All 5',
      'Failed 2',
      'input',
      'Read order 1',
      'Read order 5',
      'junit.xml',
    ]) {
      expect(all).toContain(part);
    }
    await page.locator('.x summary').first().focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.x .detail').first().isVisible()).toBe(true);
    await context.close();
  });

  test('scrolls a long log by keyboard', async () => {
    const { log } = healthyRun();
    const { page, context } = await reader.open(
      render(healthyRun({ log: Array.from({ length: 30 }, () => log).flat() })),
    );
    await page.locator('.log').focus();
    const scrolled = page.evaluate(
      'new Promise((done) => { const log = document.querySelector(".log"); log.onscroll = () => log.scrollTop > 100 && done(true); })',
    );
    await page.keyboard.press('End');
    expect(await scrolled).toBe(true);
    expect(await page.locator('.log').getAttribute('tabindex')).toBe('0');
    expect(await axeViolations(page)).toEqual([]);
    await context.close();
  });

  test('prints without controls, with the deciding requests open', async () => {
    const { page, context } = await reader.open(render(healthyRun()));
    await page.emulateMedia({ media: 'print' });
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator('.toolbar').isVisible()).toBe(false);
    expect(await page.locator('.copy:visible').count()).toBe(0);
    expect(await page.locator('#x1 .detail').isVisible()).toBe(true);
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
    await context.close();
  });

  test('to filter, search and scroll 2,000 requests costs in proportion to 500', async () => {
    // The first one pays for what is loaded once.
    await costOfReading(reader, render(collectionRun(500, 50)), ['10 of 500 shown', '15 of 500 shown']);
    const few = await costOfReading(reader, render(collectionRun(500, 50)), ['10 of 500 shown', '15 of 500 shown']);
    const many = await costOfReading(reader, render(collectionRun(2000, 50)), [
      '40 of 2,000 shown',
      '139 of 2,000 shown',
    ]);
    expect(many / few, `${few} s, ${many} s`).toBeLessThan(3);
  });
});
