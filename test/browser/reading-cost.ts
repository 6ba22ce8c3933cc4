import { expect } from 'vitest';
import type { Reader } from './chromium.ts';

/**
 * The processor time, in seconds, that the browser needs for a page that is filtered, searched and scrolled, after it has
 * loaded. A busy machine does not make it more.
 *
 * @param shown what the page says that it shows for the failed ones, and for a search of "order 17"
 */
export async function costOfReading(reader: Reader, html: string, shown: readonly [string, string]): Promise<number> {
  const { page, context, complaints } = await reader.open(html);
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  const spent = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'ProcessTime')?.value ?? Number.NaN;
  };
  const settled = () =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  await settled();
  const before = await spent();
  // Plain selectors: to find something by its role or text, Playwright walks the whole page, and that would be measured, too.
  const output = page.locator('.toolbar output');
  await page.locator('[data-filter=failed]').click();
  expect(await output.textContent()).toBe(shown[0]);
  await settled();
  await page.locator('[data-filter=all]').click();
  await settled();
  await page.locator('.toolbar input').fill('order 17');
  await settled();
  expect(await output.textContent()).toBe(shown[1]);
  await page.locator('.toolbar input').fill('');
  await settled();
  await page.evaluate('scrollTo(0, document.body.scrollHeight)');
  await settled();
  const cost = (await spent()) - before;
  expect(complaints).toEqual([]);
  await context.close();
  return cost;
}
