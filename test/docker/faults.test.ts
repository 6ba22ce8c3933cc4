import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../scripts/core/errors.ts';
import { type Compose, describeWithEachCompose } from '../support/docker.ts';
import { bffWith, createDockerProject, type DockerProject, OLD } from '../support/docker-project.ts';

/** What goes wrong with a container, and what must be reported. */
interface Row {
  /** What its node does, as one line; `said` writes lines, `stay` keeps it alive. */
  readonly does: string;
  /** Further keys of the service. */
  readonly service?: readonly string[];
  readonly args?: readonly string[];
  /** Done to the container when it is being asked how it is. */
  readonly meanwhile?: (project: DockerProject, id: string) => Promise<unknown>;
  /** Parts of the result, and of what is printed as a warning. */
  readonly expected: object;
}

const unhealthy = (code: ErrorCode, message: RegExp, hint?: RegExp) => ({
  exitCode: 1,
  error: {
    code,
    message: expect.stringMatching(message),
    ...(hint === undefined ? {} : { hint: expect.stringMatching(hint) }),
  },
});
const healthy = { exitCode: 0, error: null };

const REGISTERED = "said('Client registered: bff-server');";
const HINT = "said('Get new RAT/IAT from /api/admin/dcr/initial-access-tokens and update DCR_IAT');";
/** One thing the first time, and another each time after. */
const firstAndThen = (first: string, then: string) =>
  `const file = '/tmp/started'; if (fs.existsSync(file)) { ${then} } else { fs.writeFileSync(file, ''); ${first} }`;
const exit = (code: number, after = 0) => `setTimeout(() => process.exit(${code}), ${after});`;
/** Long enough for whatever happens to it meanwhile. */
const STABLE = ['--stable-for', '100'];

const ROWS: Readonly<Record<string, Row>> = {
  'never starts': {
    does: '',
    service: ['entrypoint: ["no-such-program"]'],
    expected: unhealthy('container-not-started', /no-such-program/, /does not exist in the image/),
  },
  'exits at once': {
    does: exit(3),
    expected: { ...unhealthy('container-exited', /exited with code 3/), diagnosis: { code: 'unknown' } },
  },
  'crashes again and again': {
    does: `${REGISTERED} ${exit(1, 50)}`,
    service: ['restart: always'],
    args: STABLE,
    expected: unhealthy('container-crash-loop', /again and again/),
  },
  'writes why, and has ended before it is looked at': {
    does: `said('ERROR dcr httpx.ConnectError: [Errno -2] Name or service not known'); ${HINT} ${exit(3)}`,
    expected: { ...unhealthy('bootstrap-failed', /does not resolve/), diagnosis: { code: 'idp-unreachable' } },
  },
  'writes why to one stream, and right after it to the other that it ends': {
    does: `said('ERROR dcr httpx.ConnectError: [Errno -2] Name or service not known'); fs.writeSync(2, 'ERROR:    Application startup failed. Exiting.\\n'); ${exit(3)}`,
    expected: { ...unhealthy('bootstrap-failed', /does not resolve/), diagnosis: { code: 'idp-unreachable' } },
  },
  'runs twice, and the second is refused': {
    does: `try { fs.mkdirSync('/shared/used'); ${REGISTERED} } catch { said('ERROR dcr Client registration failed: 401 invalid_token'); process.exit(3); } stay();`,
    service: ['deploy: {replicas: 2}', 'volumes: ["./shared:/shared"]'],
    args: STABLE,
    expected: {
      ...unhealthy('bootstrap-failed', /1 of 2 containers .*refuses the token/),
      diagnosis: { code: 'iat-invalid' },
    },
  },
  'writes why in one line of many kilobytes': {
    does: `said(JSON.stringify({ event: 'dcr registration failed', stack: 'x'.repeat(50_000), error: 'invalid_token', status: 401 })); ${HINT} stay();`,
    service: ['logging: {driver: local}'],
    expected: {
      ...unhealthy('bootstrap-failed', /refuses the token that was minted/),
      diagnosis: { code: 'iat-invalid' },
    },
  },
  'fails once, and is fine after its restart': {
    does: firstAndThen(`said('ERROR dcr connection refused: idp-app:8002'); ${exit(1)}`, `${REGISTERED} stay();`),
    service: ['restart: on-failure'],
    expected: { ...healthy, diagnosis: { code: 'registered' } },
  },
  'is unhealthy by its own check': {
    does: `${REGISTERED} stay();`,
    service: [
      `healthcheck: {test: ["CMD", "node", "-e", "console.log('sessions are gone'); process.exit(1)"], interval: 1s, retries: 1}`,
    ],
    args: STABLE,
    expected: unhealthy('bff-unhealthy', /healthcheck fails: sessions are gone/),
  },
  'keeps no log': {
    does: `${REGISTERED} stay();`,
    service: ['logging: {driver: none}'],
    expected: { ...healthy, warnings: expect.stringMatching(/The log of .* cannot be read here/) },
  },
  'is paused': {
    does: `${REGISTERED} stay();`,
    args: STABLE,
    meanwhile: (_project, id) => execa('docker', ['pause', id]),
    expected: unhealthy('container-paused', /is paused/, /docker unpause/),
  },
  'is replaced by another one': {
    does: `${REGISTERED} stay();`,
    args: STABLE,
    meanwhile: (project) => project.compose('up', '-d', '--force-recreate', 'bff'),
    expected: unhealthy('container-replaced', /replaced/),
  },
  'is removed': {
    does: `${REGISTERED} stay();`,
    args: STABLE,
    meanwhile: (_project, id) => execa('docker', ['rm', '-f', id]),
    expected: unhealthy('container-replaced', /gone|being removed/),
  },
};

/** Compose v1 has its own words for it. The other rows are what the daemon does, and need one compose only. */
const WITH_BOTH = ['never starts'];

/** Projects side by side: they mostly wait. */
const AT_ONCE = 4;

describeWithEachCompose('what becomes of a container', (compose) => {
  test('is reported by its name', async () => {
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
  const running = it.iat(row.args ?? []);
  if (row.meanwhile !== undefined) {
    await Promise.race([it.asked, running]);
    const [container] = await it.containers('bff');
    await row.meanwhile(it, container?.id ?? '');
  }
  const { document, warnings, all } = await running;
  const { error, diagnosis } = document;
  expect.soft({ ...document, error, diagnosis, warnings }, `${name}: ${all}`).toMatchObject(row.expected);
}

function render({ does, service = [] }: Row): string {
  const script = `const said = (line) => fs.writeSync(1, line + '\\n'); const stay = () => setInterval(() => {}, 1_000); process.once('SIGTERM', () => process.exit(143)); ${does}`;
  const command = `    command: ${JSON.stringify(['node', '-e', script.replaceAll('$', '$$$$')])}\n`;
  const keys = service.map((key) => `    ${key}\n`).join('');
  return bffWith(`DCR_IAT: "${OLD}"`)
    .replace(/^version.*\n/, '')
    .replace(/ {4}command: .*\n/, command + keys);
}
