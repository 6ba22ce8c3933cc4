import type { Run } from '../../scripts/core/result.ts';
import { badPod, sampleCluster } from './sample-cluster.ts';
import {
  ADMIN_TOKEN,
  at,
  body,
  exchange,
  failed,
  header,
  passed,
  RAT,
  unanswered,
  unhealthy,
} from './sample-exchanges.ts';
import { attempt, failedBootstrapRun, healthyRun, line, PREFLIGHT, step } from './sample-run.ts';

/** Ctrl-C while waiting for health. */
export function interruptedRun(overrides: Partial<Run> = {}): Run {
  const healthy = healthyRun();
  return healthyRun({
    durationMs: 13_100,
    verdict: 'interrupted',
    exitCode: 130,
    steps: [
      ...healthy.steps.slice(0, 5),
      step('health', {
        status: 'failed',
        startMs: 10_300,
        durationMs: 2800,
        summary: 'Stopped while the BFF was not healthy yet.',
        attempts: [attempt(10_320, 30, [unanswered()]), attempt(11_400, 60, [unhealthy()])],
      }),
    ],
    error: {
      code: 'interrupted',
      message: 'Stopped by Ctrl-C.',
      hint: { text: 'The token stays written.' },
      where: null,
    },
    next: [{ text: 'Go on with', command: 'npm run health' }],
    ...overrides,
  });
}

/** `--dry-run`. */
export function plannedRun(overrides: Partial<Run> = {}): Run {
  return healthyRun({
    durationMs: 640,
    verdict: 'planned',
    steps: [
      PREFLIGHT,
      ...(['mint', 'write', 'restart', 'bootstrap', 'health'] as const).map((name) =>
        step(name, { status: 'skipped', startMs: 640, durationMs: 0, summary: 'Not in a dry run.' }),
      ),
    ],
    token: null,
    diagnosis: null,
    log: [],
    next: [{ text: 'Run it for real:', command: 'npm run iat' }],
    ...overrides,
  });
}

/** A whole collection with `count` requests; every `failEvery`th of them fails (0: none). */
export function collectionRun(count: number, failEvery = 0): Run {
  const exchanges = Array.from({ length: count }, (_, index) => {
    const isFailing = failEvery > 0 && index % failEvery === failEvery - 1;
    return (isFailing ? unhealthy : exchange)({
      name: `Read order ${index + 1}`,
      folders: ['Orders', `Region ${(index % 7) + 1}`],
      startedAt: at(index * 15),
      request: {
        method: index % 3 === 0 ? 'POST' : 'GET',
        url: `https://api.example.test/v1/regions/${(index % 7) + 1}/orders/${index + 1}?expand=lines`,
        headers: [header('Accept', 'application/json'), header('Authorization', `Bearer ${ADMIN_TOKEN}`)],
        body: index % 3 === 0 ? body(`{"order":${index + 1},"access_token":"${RAT}"}`) : null,
      },
    });
  });
  const isGood = failEvery === 0;
  const durationMs = Math.max(40, count * 15);
  return healthyRun({
    command: 'collection',
    durationMs,
    verdict: isGood ? 'passed' : 'failed',
    exitCode: isGood ? 0 : 1,
    steps: [
      step('collection', {
        status: isGood ? 'passed' : 'failed',
        durationMs,
        summary: `Orders: ${count} requests.`,
        attempts: [attempt(5, durationMs - 10, exchanges)],
      }),
    ],
    token: null,
    compose: null,
    diagnosis: null,
    next: [],
    log: [],
    error: isGood ? null : { code: 'assertion-failed', message: 'Some checks failed.', hint: null, where: null },
  });
}

/** Every text that a server, a collection or a log may hold to hurt a page. */
export const HOSTILE = {
  script: '</script><script>document.title = "executed"</script>',
  image: '"><img src=x onerror="document.title = \'executed\'">',
  style: '</style><body onload="document.title = \'executed\'">',
  cdata: 'a ]]> b <![CDATA[ c ]]> &amp; &lt;',
  rtl: 'safe\u202egpj.exe \u2066isolated\u2069 \u200fmark',
  hebrew: 'שלום (world) 123',
  control: 'bell\u0007 esc\u001b[31mred\u001b[0m nul\u0000 del\u007f c1\u0085',
  surrogates: 'high \ud83d low \udca9 end',
  emoji: '👩‍👩‍👧‍👦 🏳️‍🌈 é́́́',
  nonCharacters: 'fffe \ufffe ffff \uffff bom \ufeff',
  long: 'x'.repeat(1_000_000),
} as const;

/** A run in which every text is hostile. */
export function hostileRun(): Run {
  const texts = Object.values(HOSTILE);
  const short = texts.map((text) => text.slice(0, 5000));
  const exchanges = texts.map((text) =>
    exchange({
      name: text,
      folders: [text, 'folder'],
      request: {
        method: text.slice(0, 200),
        url: `https://example.test/${text}`,
        headers: [header(text, text)],
        body: body(text, 'text/plain'),
      },
      response: {
        status: 500,
        reason: text,
        headers: [header('x-note', text)],
        body: body(JSON.stringify({ [text.slice(0, 100)]: text })),
        timeMs: 5,
      },
      assertions: [failed(text, text), passed(text), failed('equality', `expected '${text}' to equal '${text}'`)],
      console: [{ level: 'log', text }],
      error: { kind: 'script', code: text.slice(0, 50), message: text },
    }),
  );
  return failedBootstrapRun({
    command: 'iat',
    steps: [
      step('health', {
        status: 'failed',
        durationMs: 9000,
        summary: short.join(' '),
        notes: short,
        attempts: [attempt(10, 10, exchanges), attempt(30, 10, exchanges)],
      }),
    ],
    kubernetes: sampleCluster({
      context: short.join(' '),
      cluster: short[0] ?? '',
      namespace: short[1] ?? '',
      workload: short[2] ?? '',
      container: short[3] ?? '',
      target: short[4] ?? '',
      key: short[5] ?? '',
      owners: short.map((text) => ({ kind: text, name: text, reverts: 'on-sync' })),
      pods: short.map((text) => badPod(text, { state: text, key: text, problem: text })),
      missingRights: short,
      role: short.join('\n'),
    }),
    facts: short.map((text) => [text, text] as const),
    warnings: short,
    next: short.map((text) => ({ text, command: text })),
    diagnosis: {
      code: 'unknown',
      cause: short.join(' '),
      fix: { text: short.join(' ') },
      iatHelps: true,
      evidence: texts,
    },
    error: {
      code: 'internal',
      message: short.join(' '),
      hint: { text: short.join(' ') },
      where: { file: short[0] ?? '', line: 1 },
    },
    log: texts.map((text) => line(10, text, 'bad')),
  });
}
