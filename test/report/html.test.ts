import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../scripts/core/result.ts';
import { SCRIPT } from '../../scripts/report/html/script.ts';
import { renderHtml } from '../../scripts/report/html.tsx';
import { collectionRun, hostileRun, interruptedRun, plannedRun } from './extreme-runs.ts';
import { body, exchange, failed, notSent, sampleMasker } from './sample-exchanges.ts';
import { attempt, failedBootstrapRun, failedMintRun, healthyRun, step } from './sample-run.ts';

const render = (run: Run) => renderHtml(run, sampleMasker());
const tagsOf = (html: string) => html.match(/<\/?[a-z][a-z0-9]*/g) ?? [];
const withExchange = (overrides: Parameters<typeof exchange>[0]) =>
  healthyRun({ steps: [step('health', { attempts: [attempt(0, 5, [exchange(overrides)])] })] });

describe('the document', () => {
  it('lets nothing run or load but its own style and script', () => {
    const page = render(healthyRun());
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+'; base-uri 'none'; form-action 'none'$/,
    );
    for (const [tag, source] of [
      ['style', 'style-src'],
      ['script', 'script-src'],
    ]) {
      const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)?.[1] ?? '';
      expect(policy).toContain(`${source} 'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    }
    expect(page).not.toMatch(/ (?:src|srcset|style|on[a-z]+)=/);
    expect(page).not.toMatch(/<(?:link|img|iframe|object|form)\b/);
    expect(SCRIPT.length).toBeLessThan(15_000);
  });

  it.each([
    [null, []],
    [
      '2026-11-23T10-11-12-345Z-iat',
      ['../index.html', '../index.html#run-2026-11-23T10-11-12-345Z-iat', 'junit.xml', 'result.json'],
    ],
    ['of "mine" <x>', ['../index.html', '../index.html#run-of--mine---x-', 'junit.xml', 'result.json']],
  ])('links only to itself and to its neighbours: in the folder %s', (folder, neighbours) => {
    const page = renderHtml(collectionRun(3, 2), sampleMasker(), folder);
    const links = [...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    const inside = ['#facts', '#failures', '#requests', '#timeline', '#x2'];
    expect([...new Set(links)].sort()).toEqual([...inside, ...neighbours]);
    expect(page.includes('where the page was sent alone')).toBe(folder !== null);
  });

  it.each([healthyRun(), failedMintRun(), plannedRun(), collectionRun(0), hostileRun()])(
    'has what it links to',
    (run) => {
      const page = render(run);
      for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) expect(page, id).toContain(`id="${id}"`);
    },
  );
});

describe('a request that a script skipped', () => {
  const run = healthyRun({
    command: 'collection',
    verdict: 'passed',
    steps: [step('collection', { attempts: [attempt(0, 5, [exchange(), notSent()])] })],
  });

  it('is neither good nor bad, and was not sent', () => {
    const page = render(run);
    expect(page).toMatch(/class="x skipped"/);
    expect(page).toContain('<span class="code">not sent</span>');
    expect(page).toContain('was not sent.');
    expect(page).toMatch(/1 request and \d+ checks?, all passed; a script skipped 1 other request\./);
  });
});

describe('at a glance', () => {
  it.each([
    ['Healthy', 'The BFF is registered and healthy.', healthyRun()],
    ['Not healthy', 'The BFF could not register itself', failedBootstrapRun()],
    ['Failed', 'The IdP refused the admin token', failedMintRun()],
    ['Interrupted', 'Stopped by Ctrl-C.', interruptedRun()],
    ['Plan', 'Nothing was changed', plannedRun()],
    ['Written', 'The token is written.', healthyRun({ verdict: 'planned' })],
    ['Passed', '3 requests and 9 checks, all passed.', collectionRun(3)],
  ])('%s: %s', (word, sentence, run) => {
    const page = render(run);
    expect(page).toContain(`<h1>${word}</h1>`);
    expect(page.slice(page.indexOf('<h1>')).slice(0, 400)).toContain(sentence);
    expect(page).toContain(`<title>${word}: ${run.command}, 2026-11-23 10:11:12 UTC</title>`);
  });

  it('puts failures before everything that went well', () => {
    const page = render(failedMintRun());
    const order = ['What to do next', '1 failed request', 'id="timeline"', 'id="requests"', 'id="facts"'].map((text) =>
      page.indexOf(text),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(page).toMatch(/<dt>Expected<\/dt><dd>status code 201<\/dd>.*<dt>Actual<\/dt><dd>401<\/dd>/);
  });

  it('does not take waiting for failing', () => {
    const page = render(healthyRun());
    expect(page).not.toContain('failed request');
    expect(page).toContain('5 earlier attempts');
    expect(page).toContain('aria-label="health: passed, from 10 s to 25 s, 6 attempts, 3 passed"');
  });

  it('shows the diagnosis and whether a fresh token helps', () => {
    const page = render(failedBootstrapRun());
    expect(page).toContain('No, a fresh Initial Access Token does not help.');
    expect(page).toContain('<code>invalid-scope</code>');
    expect(page).toContain('400 invalid_scope: scope &quot;bff.audit&quot; is not allowed');
  });
});

describe('what others wrote', () => {
  it('is text, whatever it says', () => {
    const page = render(hostileRun());
    expect(page.match(/<script>/g)).toHaveLength(1);
    const blocks = page.match(/<script type="application\/octet-stream" data-last="\d+">[\w+/=]+<\/script>/g) ?? [];
    expect(page.match(/<\/?script/g)).toHaveLength(2 + 2 * blocks.length);
    expect(page.match(/<\/style/g)).toHaveLength(1);
    expect(page.match(/<body/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
    expect(page.length).toBeLessThan(400_000);
  });

  it('never becomes a tag', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'<>"\'&/=-! `abscript\u0000\u202e\ud800é😀'.split('')),
      minLength: 1,
    });
    const plain = tagsOf(render(withExchange(named('x'))));
    fc.assert(
      fc.property(text, (value) => {
        // Backticks mark code in sentences of our own; names and messages of others are no such sentences.
        expect(tagsOf(render(withExchange(named(`x${value}`))))).toEqual(plain);
      }),
      { numRuns: 60 },
    );
  });

  const named = (value: string) => ({
    name: value,
    folders: [value],
    assertions: [failed(value, value)],
    request: { method: value, url: value, headers: [{ name: value, value }], body: body(value, 'text/plain') },
    console: [{ level: 'log' as const, text: value }],
  });
});

describe('bodies', () => {
  it('lays out JSON and masks in place', () => {
    const page = render(healthyRun());
    expect(page).toMatch(
      /&quot;token&quot;: &quot;<i class="mask">‹IAT sha256:[0-9a-f]{8}›<\/i>&quot;,\n {2}&quot;label&quot;/,
    );
    expect(page).toContain('Bearer <i class="mask">‹admin token›</i>');
    expect(page).toContain('idp_session=<i class="mask">‹masked›</i>; Path=/; HttpOnly');
  });

  it('cuts large ones and says how large they are', () => {
    const response = {
      status: 200,
      reason: 'OK',
      headers: [],
      body: body('y'.repeat(50_000), 'text/plain'),
      timeMs: 1,
    };
    const page = render(withExchange({ response }));
    expect(page).toContain('Cut here: the first 20 kB of 50 kB are shown.');
    expect(page).toContain('y'.repeat(20_000));
    expect(page).not.toContain('y'.repeat(20_001));
  });
});

describe('many requests', () => {
  it('stays within a second and 1.5 MB, and says what it left out', () => {
    const run = collectionRun(2000, 50);
    // The work itself, and the best of three: other suites run beside this one and take the processor away.
    const times = [1, 2, 3].map(() => {
      const start = process.cpuUsage();
      render(run);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    });
    const page = render(run);
    expect(Math.min(...times)).toBeLessThan(1000);
    expect(Buffer.byteLength(page)).toBeLessThan(1_500_000);
    expect(page).toContain('Without scripts 60 requests can be opened, those that failed first');
    expect(page.match(/<li id="x\d+"/g)).toHaveLength(2000);
    expect(page.match(/<details class="packed">/g)).toHaveLength(1940);
    expect(page).toContain('40 failed requests');
  });

  it('stays small when all of them fail, with large bodies', () => {
    const run = collectionRun(2000, 1);
    const big = body(JSON.stringify({ text: '"<&'.repeat(5000) }));
    const steps = run.steps.map((one) => ({
      ...one,
      attempts: one.attempts.map((each) => ({
        ...each,
        exchanges: each.exchanges.map((x) => ({ ...x, response: x.response && { ...x.response, body: big } })),
      })),
    }));
    expect(Buffer.byteLength(render({ ...run, steps }))).toBeLessThan(2_500_000);
  });
});
