import { inflateSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import type { Run } from '../../scripts/core/result.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { renderHtml } from '../../scripts/report/html.tsx';
import { Masker } from '../../scripts/secrets/masker.ts';
import { shopExchange, shopRun } from './collection-samples.ts';
import { collectionRun, HOSTILE } from './extreme-runs.ts';
import { ADMIN_TOKEN, exchange, failed, IAT, passed, sampleMasker } from './sample-exchanges.ts';
import { attempt, healthyRun, step } from './sample-run.ts';

const render = (run: Run) => renderHtml(run, sampleMasker());
const textOf = (html: string) => html.replace(/<[^>]*>/g, '');
/** The part of a page from one text to another. */
const between = (page: string, from: string, to: string) => {
  const start = page.indexOf(from);
  return page.slice(start, page.indexOf(to, start + from.length));
};
/** What the packed blocks of a page hold. */
const packedIn = (page: string) =>
  [...page.matchAll(/<script type="application\/octet-stream"[^>]*>([^<]*)/g)].map((match) =>
    inflateSync(Buffer.from(match[1] ?? '', 'base64')).toString('utf8'),
  );
const named = (name: string, description = '') => {
  const node = { id: 'r-list', name: 'List', description, items: null };
  const one = shopExchange('r-list', 0, { assertions: [passed(name)] });
  return shopRun({ tree: [node] }, { steps: [step('collection', { attempts: [attempt(0, 5, [one])] })] });
};

describe('iterations', () => {
  const page = render(shopRun());

  it('are grouped, with their counts and the row of data, those that did not pass first', () => {
    const headings = [...page.matchAll(/<h3>Iteration (.*?)<\/h3>/g)].map((match) => textOf(match[1] ?? ''));
    expect(headings).toEqual([
      '3 of 3, 4 requests, 2 failed, 5 checks',
      '1 of 3, 4 requests, 8 checks',
      '2 of 3, 4 requests, 8 checks',
    ]);
    expect(textOf(page)).toContain('user: user-2, password: ‹masked›, amount: 20');
    expect(page).not.toMatch(/test-only-pw-\d/);
    const long = render(shopRun({ data: [{ text: 'x'.repeat(300), amount: 20 }] }));
    expect(between(long, 'Iteration 3', 'Iteration 1')).toContain('<dt>amount</dt><dd>20</dd>');
  });

  it('with more iterations than rows go on with the last row', () => {
    expect(
      textOf(between(render(shopRun({ data: [{ user: 'first' }, { user: 'last' }] })), 'Iteration 3', '</summary>')),
    ).toContain('user: last');
  });

  it('are not named where there is only one', () => {
    const steps = [step('collection', { attempts: [attempt(0, 5, [shopExchange('r-login', 0)])] })];
    const single = render(shopRun({ iterations: 1, data: [] }, { steps }));
    expect(single).not.toContain('Iteration');
    expect(single).toContain('<h3>Shop <small>1 request, 2 checks</small></h3>');
  });

  it('that did not pass are open, and of many the others are not', () => {
    const exchanges = Array.from({ length: 120 }, (_, index) =>
      shopExchange('r-list', index, index === 70 ? { assertions: [failed('x', 'y')] } : {}),
    );
    const steps = [step('collection', { attempts: [attempt(0, 5, exchanges)] })];
    const many = render(shopRun({ iterations: 120 }, { steps }));
    expect(many.match(/<details class="iteration" open>/g)).toHaveLength(1);
    expect(between(many, '<details class="iteration" open>', '</h3>')).toContain('Iteration 71');
  });
});

describe('folders', () => {
  const page = render(shopRun());

  it('are one in another, with counts, and told apart by their place and not their name', () => {
    const first = between(page, 'Iteration 1 ', 'Iteration 2 ');
    const folders = [...first.matchAll(/<details class="folder"[^>]*><summary>(.*?)<\/summary>/g)];
    expect(folders.map((match) => textOf(match[1] ?? ''))).toEqual([
      'Orders 3 requests, 6 checks',
      'Lines 1 request, 2 checks',
      'Lines 1 request, 2 checks',
    ]);
    expect(page.match(/Of an order that is open\./g)).toHaveLength(1);
  });

  it('are known by the names of a request where the collection is not known', () => {
    const known = render(collectionRun(20, 10));
    const folders = [...known.matchAll(/<details class="folder"[^>]*><summary>(.*?)<\/summary>/g)];
    expect(folders.map((match) => textOf(match[1] ?? ''))[0]).toBe('Orders 20 requests, 2 failed, 60 checks');
    expect(folders).toHaveLength(8);
  });
});

describe('descriptions', () => {
  const page = render(shopRun());

  it('are paragraphs, lists, code and links of a collection, a folder and a request', () => {
    expect(page).toContain('<p>All that a customer does.</p>');
    expect(page).toContain('<a href="https://ci.example.test/shop" rel="noreferrer">https://ci.example.test/shop</a>');
    expect(page).toContain('<a href="https://wiki.example.test/orders?a=1&amp;b=2" rel="noreferrer">the handbook</a>');
    expect(page).toContain(
      '<ul><li>open orders come first</li><li><code>GET /orders?state=open</code> for those alone</li></ul>',
    );
    expect(page).toContain('<pre>curl https://api.example.test/orders</pre>');
    expect(page).toContain('Gets a session for the user of the data row.');
  });

  it('are never HTML, and lead nowhere else', () => {
    expect(page).toContain('&lt;b onclick=&quot;alert(1)&quot;>bold&lt;/b> [bad](javascript:alert(1))');
    expect(page).not.toContain('<b onclick');
    expect(page).not.toMatch(/href="(?!https:|#|\.\.\/|junit|result)/);
  });

  test.for(Object.entries(HOSTILE))('hold no markup of others: %s', ([, text]) => {
    const hostile = render(
      named('x', `${text}\n- ${text}\n\n\`${text}\`\n[${text.slice(0, 50)}](https://x.test/${text.slice(0, 50)})`),
    );
    expect(hostile).not.toMatch(/<(?:img|iframe|body on)/);
    expect(hostile.length).toBeLessThan(80_000);
  });
});

describe('links in the names of checks', () => {
  test.for<[string, string]>([
    ['[JIRA-1](https://jira.test/1) works', '<a href="https://jira.test/1" rel="noreferrer">JIRA-1</a> works'],
    ['see https://jira.test/1.', 'see <a href="https://jira.test/1" rel="noreferrer">https://jira.test/1</a>.'],
    [
      '(http://jira.test/a?b=1&c)',
      '(<a href="http://jira.test/a?b=1&amp;c" rel="noreferrer">http://jira.test/a?b=1&amp;c</a>)',
    ],
    ['[mail](mailto:qa@x.test)', '<a href="mailto:qa@x.test" rel="noreferrer">mail</a>'],
    ['[x](javascript:alert(1))', '[x](javascript:alert(1))'],
    ['[x](data:text/html,y)', '[x](data:text/html,y)'],
    ['[x](https://a b)', '[x](<a href="https://a/" rel="noreferrer">https://a</a> b)'],
    ['https://', 'https://'],
    ['[1] and [2]', '[1] and [2]'],
    [`https://jira.test/${IAT}`, `https://jira.test/<i class="mask">`],
    [`[x](https://jira.test/?t=${IAT})`, `[x](https://jira.test/?t=<i class="mask">`],
    [`[${IAT}](https://jira.test/)`, '<a href="https://jira.test/" rel="noreferrer"><i class="mask">'],
  ])('%s', ([name, html]) => {
    const page = render(named(name));
    expect(page).toContain(`Passed</b> ${html}`);
    expect(page).not.toContain(IAT);
  });
});

describe('--title', () => {
  it('is the title of the page and its heading', () => {
    const page = render(shopRun({ title: 'Nightly <shop>' }));
    expect(page).toContain('<title>Nightly &lt;shop>: Failed, 2026-11-23 10:11:12 UTC</title>');
    expect(page).toContain('<h1 class="title">Nightly &lt;shop></h1>');
    expect(page).toContain('<p class="verdict-word">Failed</p>');
    expect(page.match(/<h1/g)).toHaveLength(1);
  });

  it('gives way to the name of the collection, and that to the command', () => {
    expect(render(shopRun())).toContain('<title>Failed: Shop, ');
    expect(render(shopRun({ name: '' }))).toContain('<title>Failed: collection, ');
  });

  it('shows no secret', () => {
    expect(render(shopRun({ title: IAT, name: IAT, description: IAT }))).not.toContain(IAT);
  });
});

test('answers are counted: median, 95 %, the slowest with a link to it, and bytes', () => {
  const times = Array.from({ length: 100 }, (_, index) => {
    const one = shopExchange('r-list', 0);
    return { ...one, response: one.response && { ...one.response, timeMs: index === 40 ? 5_000 : 10 + index } };
  });
  const steps = [step('collection', { attempts: [attempt(0, 5, times)] })];
  const page = render(shopRun({ iterations: 1, data: [] }, { steps }));
  const numbers = textOf(between(page, '<dl class="numbers">', '</dl>'));
  expect(numbers).toMatch(/Median answer60 ms.*95 % within105 ms.*Slowest5\.0 s.*Received123 kB/);
  expect(page).toContain('<a href="#x41">5.0 s</a>');
});

describe('packed details', () => {
  const run = collectionRun(500, 100);
  const page = render(run);

  it('are there for each request that is not plain, and the plain ones are those that failed and the first ones', () => {
    expect(page.match(/<details class="packed">/g)).toHaveLength(440);
    const plain = [...page.matchAll(/<li id="x(\d+)"[^>]*><details><summary/g)].map((match) => Number(match[1]));
    expect(plain).toEqual(expect.arrayContaining([1, 2, 55, 100, 200, 300, 400, 500]));
    const blocks = packedIn(page).map((text) => text.split('\u0002'));
    const numbers = blocks.flatMap(([, details]) => Object.keys(JSON.parse(details ?? '')).map(Number));
    expect([...numbers, ...plain].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it('have each text once, masked like the plain ones', () => {
    const [texts = ''] = packedIn(page).map((text) => text.split('\u0002')[0]);
    expect(texts.split('\u0001').filter((text) => text === 'PostmanRuntime/7.39.1').length).toBeLessThanOrEqual(1);
    expect(texts).toContain('‹admin token›');
    expect(packedIn(page).join()).not.toContain(ADMIN_TOKEN);
  });

  it('are searched before they are packed: the page is not made where one holds a secret', () => {
    class Blind extends Masker {
      override mask(text: string): string {
        return text;
      }
    }
    const blind = new Blind();
    blind.add(new Secret('test-only-seen-0001', 'IAT'));
    const exchanges = Array.from({ length: 100 }, (_, index) =>
      exchange({ assertions: [passed(index === 90 ? 'test-only-seen-0001' : 'fine')] }),
    );
    const leaking = healthyRun({
      command: 'collection',
      steps: [step('collection', { attempts: [attempt(0, 5, exchanges)] })],
    });
    expect(() => renderHtml(leaking, blind)).toThrow(
      'A report was about to hold a secret and was not written: IAT, raw.',
    );
  });

  it('give way to one line where all of them would be too much', () => {
    const huge = { text: 'x', bytes: 10_000_000, type: 'text/plain' };
    const one = exchange();
    const response = one.response && { ...one.response, body: huge };
    const exchanges = Array.from({ length: 2_500 }, () => ({ ...one, response }));
    const steps = [step('collection', { attempts: [attempt(0, 5, exchanges)] })];
    expect(render(healthyRun({ command: 'collection', steps }))).toMatch(
      /[\d,]+ of 2,500 requests are shown with headers and bodies/,
    );
  });
});
