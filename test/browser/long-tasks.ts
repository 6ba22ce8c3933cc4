import { expect } from 'vitest';
import type { Reader } from './chromium.ts';

/** Tasks above 200 ms after loading, in a page of 2,000 requests that is filtered, searched and scrolled. */
export async function longTasksOfReading(reader: Reader, html: string): Promise<readonly object[]> {
  const { page, context, complaints } = await reader.open(html);
  const settled = () =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  await settled();
  // Plain selectors: to find something by its role or text, Playwright walks the whole page, and that would be measured, too.
  const output = page.locator('.toolbar output');
  await page.locator('[data-filter=failed]').click();
  expect(await output.textContent()).toBe('40 of 2,000 shown');
  await settled();
  await page.locator('[data-filter=all]').click();
  await settled();
  await page.locator('.toolbar input').fill('order 17');
  await settled();
  expect(await output.textContent()).toBe('139 of 2,000 shown');
  await page.locator('.toolbar input').fill('');
  await settled();
  await page.evaluate('scrollTo(0, document.body.scrollHeight)');
  await settled();
  const tasks = await page.evaluate<{ startTime: number; duration: number }[]>('longTasks');
  const loaded = await page.evaluate<number>('performance.getEntriesByType("navigation")[0].loadEventEnd');
  expect(complaints).toEqual([]);
  await context.close();
  return tasks.filter(({ startTime, duration }) => startTime > loaded && duration > 200);
}
