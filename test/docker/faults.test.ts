import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type Compose, describeWithEachCompose } from '../support/docker.ts';
import { bffWith, createDockerProject, type DockerProject, OLD } from '../support/docker-project.ts';

/** What goes wrong with a container, and what has to be said about it. */
interface Row {
  /** What its node does, as one line; `said` writes lines, `stay` keeps it alive. */
  readonly does: string;
  /** Further keys of the service. */
  readonly service?: readonly string[];
  readonly args?: readonly string[];
  /** Done to the container when it is being asked how it is. */
  readonly meanwhile?: (project: DockerProject, id: string) => Promise<unknown>;
  readonly expected: Partial<Expected>;
}

interface Expected {
  readonly exitCode: number;
  readonly code: string | null;
  readonly message: RegExp;
  readonly hint: RegExp;
  readonly diagnosis: string;
  readonly warnings: RegExp;
}

const REGISTERED = "said('Client registered: bff-server');";
const HINT = "said('Get new RAT/IAT from /api/admin/dcr/initial-access-tokens and update DCR_IAT');";
/** One thing the first time, and another each time after. */
const firstAndThen = (first: string, then: string) =>
  `const file = '/tmp/started'; if (fs.existsSync(file)) { ${then} } else { fs.writeFileSync(file, ''); ${first} }`;
const exit = (code: number, after = 0) => `setTimeout(() => process.exit(${code}), ${after});`;
const STABLE = ['--stable-for', '30'];

const ROWS: Readonly<Record<string, Row>> = {
  'never starts': {
    does: '',
    service: ['entrypoint: ["no-such-program"]'],
    expected: { code: 'container-not-started', message: /no-such-program/, hint: /does not exist in the image/ },
  },
  'exits at once': {
    does: exit(3),
    expected: { code: 'container-exited', message: /exited with code 3/, diagnosis: 'unknown' },
  },
  'is killed': { does: exit(137), expected: { code: 'container-exited', message: /code 137 \(killed\)/ } },
  'crashes again and again': {
    does: `${REGISTERED} ${exit(1, 50)}`,
    service: ['restart: always'],
    args: STABLE,
    expected: { code: 'container-crash-loop', message: /again and again/ },
  },
  'writes why, and is gone before anybody looks': {
    does: `said('ERROR dcr httpx.ConnectError: [Errno -2] Name or service not known'); ${HINT} ${exit(3)}`,
    expected: { code: 'bootstrap-failed', diagnosis: 'idp-unreachable', message: /does not resolve/ },
  },
  'writes why in one line of many kilobytes': {
    does: `said(JSON.stringify({ event: 'dcr registration failed', stack: 'x'.repeat(50_000), error: 'invalid_token', status: 401 })); ${HINT} stay();`,
    service: ['logging: {driver: local}'],
    expected: { code: 'bootstrap-failed', diagnosis: 'iat-invalid' },
  },
  'fails once, and is fine when it was restarted': {
    does: firstAndThen(`said('ERROR dcr connection refused: idp-app:8002'); ${exit(1)}`, `${REGISTERED} stay();`),
    service: ['restart: on-failure'],
    expected: { exitCode: 0, code: null, diagnosis: 'registered' },
  },
  'is unhealthy by its own check': {
    does: `${REGISTERED} stay();`,
    service: [
      `healthcheck: {test: ["CMD", "node", "-e", "console.log('sessions are gone'); process.exit(1)"], interval: 1s, retries: 1}`,
    ],
    args: STABLE,
    expected: { code: 'bff-unhealthy', message: /healthcheck fails: sessions are gone/ },
  },
  'dies when it was healthy already': {
    does: `${REGISTERED} setTimeout(() => process.exit(9), 4_000);`,
    args: STABLE,
    expected: { code: 'container-exited', message: /code 9/ },
  },
  'keeps no log': {
    does: `${REGISTERED} stay();`,
    service: ['logging: {driver: none}'],
    expected: { exitCode: 0, code: null, warnings: /logging driver none .* keeps no log/ },
  },
  'floods, garbles its lines and is fine': {
    does: `for (let i = 0; i < 20_000; i++) said('::error::' + i + '\\u001b[31m' + String.fromCharCode(i % 32)); process.stdout.write(Buffer.from([0xff, 0xc3, 10])); ${REGISTERED} stay();`,
    expected: { exitCode: 0, code: null, diagnosis: 'registered' },
  },
  'is paused': {
    does: `${REGISTERED} stay();`,
    args: STABLE,
    meanwhile: (_project, id) => execa('docker', ['pause', id]),
    expected: { code: 'container-paused', message: /is paused/, hint: /docker unpause/ },
  },
  'is replaced by somebody': {
    does: `${REGISTERED} stay();`,
    args: STABLE,
    meanwhile: (project) => project.compose('up', '-d', '--force-recreate', 'bff'),
    expected: { code: 'container-replaced', message: /replaced/ },
  },
  'is removed by somebody': {
    does: `${REGISTERED} stay();`,
    args: STABLE,
    meanwhile: (_project, id) => execa('docker', ['rm', '-f', id]),
    expected: { code: 'container-replaced', message: /gone|being removed/ },
  },
};

/** What depends on how compose makes containers; the others are the daemon's business, and need one compose only. */
const WITH_BOTH = [
  'never starts',
  'exits at once',
  'crashes again and again',
  'keeps no log',
  'is replaced by somebody',
];

/** Projects side by side: they mostly wait. */
const AT_ONCE = 3;
/** From what decides to the verdict, whatever else the machine does meanwhile. */
const LIMIT_MS = 5_000;

describeWithEachCompose('what becomes of a container', (compose) => {
  test('is told in time', { timeout: 240_000 }, async () => {
    const isV2 = compose.title === 'docker compose';
    const rows = Object.entries(ROWS).filter(([name]) => isV2 || WITH_BOTH.includes(name));
    const work = async () => {
      for (let row = rows.shift(); row !== undefined; row = rows.shift()) await verify(compose, ...row);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  });
});

async function verify(compose: Compose, name: string, row: Row): Promise<void> {
  const it = await createDockerProject(compose, { 'docker-compose.yml': render(row) });
  let decided: number | null = null;
  const running = it.iat(row.args ?? []);
  if (row.meanwhile !== undefined) {
    await it.asked;
    const [container] = await it.containers('bff');
    await row.meanwhile(it, container?.id ?? '');
    decided = Date.now();
  }
  const end = await running;
  const { startedAt, durationMs, steps } = end.document;
  const endedAt = Date.parse(startedAt ?? '') + durationMs;
  // Before compose has come back there is nothing to look at.
  const lookedMs = steps.slice(0, 4).reduce((sum, step) => sum + step.durationMs, 0);
  const word = decided ?? (await lastWord(it)) ?? endedAt;
  const tookMs = Math.min(endedAt - word, durationMs - lookedMs);
  const { exitCode = 1, code = null, message = /^/, hint = /^/, warnings = /^/, diagnosis } = row.expected;
  const said = `${name}: ${end.all}`;
  expect.soft(end, said).toMatchObject({ exitCode, code });
  expect.soft(end.message, said).toMatch(message);
  expect.soft(end.hint, said).toMatch(hint);
  expect.soft(end.warnings, said).toMatch(warnings);
  if (diagnosis !== undefined) expect.soft(end.document.diagnosis?.code, said).toBe(diagnosis);
  if (exitCode === 1) expect.soft(tookMs, said).toBeLessThan(LIMIT_MS);
  console.log(`${compose.title}, ${name}: ${tookMs} ms`);
}

/** When the container ended, or else when it wrote its last line: by the clock of this machine, which is the daemon's. */
async function lastWord(it: DockerProject): Promise<number | null> {
  const [container] = await it.containers('bff');
  if (container === undefined) return null;
  const format = '{{.State.Status}} {{.State.FinishedAt}}';
  const { stdout } = await execa('docker', ['inspect', '--format', format, container.id]);
  const [status, finishedAt = ''] = stdout.split(' ');
  if (status === 'exited') return Date.parse(finishedAt);
  const { stdout: line } = await execa('docker', ['logs', '-t', '--tail', '1', container.id], { reject: false });
  const time = Date.parse(String(line).split(' ')[0] ?? '');
  return Number.isNaN(time) ? null : time;
}

function render({ does, service = [] }: Row): string {
  const script = `const said = (line) => fs.writeSync(1, line + '\\n'); const stay = () => setInterval(() => {}, 1_000); process.once('SIGTERM', () => process.exit(143)); ${does}`;
  const command = `    command: ${JSON.stringify(['node', '-e', script.replaceAll('$', '$$$$')])}\n`;
  const keys = service.map((key) => `    ${key}\n`).join('');
  return bffWith(`DCR_IAT: "${OLD}"`)
    .replace(/^version.*\n/, '')
    .replace(/ {4}command: .*\n/, command + keys);
}
