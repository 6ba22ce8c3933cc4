import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { DiagnosisCode } from '../../scripts/core/diagnosis.ts';
import type { ErrorCode } from '../../scripts/core/errors.ts';
import type { BffFaultName } from '../../scripts/sandbox/faults.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { runSandboxed } from '../support/sandboxed.ts';

/** What the BFF does, what the run ends with, and why; what test/e2e/sandbox.test.ts has is not repeated. */
const FAULTS: readonly (readonly [BffFaultName | `${BffFaultName}:${number}`, ErrorCode, DiagnosisCode, RegExp])[] = [
  ['never-starts', 'container-not-started', 'unknown', /bff-entrypoint/],
  ['out-of-memory', 'container-exited', 'registered', /too much memory/],
  ['dies-in-bootstrap', 'container-exited', 'unknown', /exited with code 1/],
  ['port-in-use', 'container-exited', 'registered', /exited with code 1/],
  ['silent-hang', 'bff-unhealthy', 'unknown', /ECONNREFUSED/],
  ['unhealthy', 'bff-unhealthy', 'unknown', /sessions/],
  ['flapping', 'bff-unhealthy', 'unknown', /not healthy/],
  ['health-html', 'bff-unhealthy', 'registered', /200 with a web page/],
  ['health-redirect', 'bff-unhealthy', 'registered', /302, a redirect/],
  ['idp-silent', 'bootstrap-failed', 'idp-unreachable', /in time/],
  ['dns', 'bootstrap-failed', 'idp-unreachable', /IdP/],
  ['tls', 'bootstrap-failed', 'idp-unreachable', /certificate/],
  ['invalid-client', 'bootstrap-failed', 'invalid-client', /client authentication/],
  ['rat-invalid', 'bootstrap-failed', 'rat-invalid', /RAT/],
  ['iat-ignored', 'bootstrap-failed', 'iat-missing', /no IAT/],
  ['iat-mangled', 'bootstrap-failed', 'iat-invalid', /mis-pasted/],
  ['bootstrap-skipped', 'bootstrap-failed', 'bootstrap-skipped', /switches the DCR bootstrap off/],
  ['bootstrap-swallowed', 'bootstrap-failed', 'iat-invalid', /does not accept the IAT/],
];

test.for(FAULTS)('%s: %s, %s', async ([fault, code, diagnosis, message]) => {
  // What never gets healthy need not be waited for.
  const limit = code === 'bff-unhealthy' ? '3' : '20';
  const { run, stdout } = await runSandboxed(['--health-timeout', limit, '--stable-for', '1'], { fault });
  expect(run.error?.code ?? null, stdout).toBe(code);
  expect(run.error?.message, stdout).toMatch(message);
  expect(run).toMatchObject({ exitCode: 1, diagnosis: { code: diagnosis } });
});

test.for(['log-line', 'log-garbage'] as const)('%s: healthy', async (fault) => {
  const { run, stdout } = await runSandboxed(['--health-timeout', '20', '--stable-for', '1'], { fault });
  expect(run, stdout).toMatchObject({ exitCode: 0, error: null, diagnosis: { code: 'registered' } });
});

test('a log of which nothing is written goes on by HTTP', async () => {
  const { run, stdout } = await runSandboxed(['--health-timeout', '20'], { fault: 'never-logs' });
  expect(run.exitCode, stdout).toBe(0);
  expect(run.steps.find(({ name }) => name === 'bootstrap')?.summary).toContain('does not say');
});

test('demo --fault tells the story, with the exit code of the real thing', async () => {
  const story = await runCommand(['--fault', 'register-invalid-scope'], { command: 'demo', cwd: process.cwd() });
  expect(story.all).toMatch(
    /The fault register-invalid-scope: the DCR policy lacks a scope[\s\S]*bff \| [\s\S]*invalid_scope/,
  );
  expect(story.all).toContain('npm run iat ends with exit code 1 here');
  expect(story.exitCode).toBe(0);
});

test('a flood of 300 MB is read to the line that decides, in memory that stays flat', async () => {
  const running = startCommand(['--fault', 'log-flood:300'], { command: 'demo', cwd: process.cwd() });
  const peak = await peakMemory(running.pid);
  const { all } = await running.ended;
  expect(all.replace(/\s+/g, ' ')).toContain('The BFF has no cached credentials and no IAT in DCR_IAT.');
  expect(peak).toBeGreaterThan(50);
  expect(peak).toBeLessThan(220);
});

test('demo --fault without a name, or with a wrong one, lists them', async () => {
  const [list, wrong] = await Promise.all([
    runCommand(['--fault'], { command: 'demo', cwd: process.cwd() }),
    runCommand(['--fault', 'redis-dwn'], { command: 'demo', cwd: process.cwd() }),
  ]);
  expect([list.exitCode, wrong.exitCode]).toEqual([0, 2]);
  expect(wrong.all).toContain('Did you mean redis-down?');
  expect(wrong.all).toContain(list.stdout);
  expect(list.stdout).toContain('\n  redis-down ');
  for (const line of list.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

/** The largest resident set of a process until it ends, in megabytes: the kernel keeps it as the high-water mark. */
async function peakMemory(pid: number): Promise<number> {
  for (let peak = 0; ; await sleep(100)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    if (kilobytes === undefined) return peak;
    peak = Number(kilobytes) / 1024;
  }
}
