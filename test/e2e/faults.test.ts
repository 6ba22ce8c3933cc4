import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiagnosisCode } from '../../scripts/core/diagnosis.ts';
import { type ErrorCode, exitCodeOf } from '../../scripts/core/errors.ts';
import { type BffFaultName, FAULTS, type FaultName, type IdpFaultName } from '../../scripts/sandbox/faults.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';
import { openStory, type Story } from '../support/story.ts';

/** What `iat` ends with when the IdP has this fault; null: healthy. */
const IDP: Readonly<Record<IdpFaultName, ErrorCode | null>> = {
  'mint-400': 'idp-bad-request',
  'mint-401': 'idp-unauthorized',
  'mint-403': 'idp-forbidden',
  'mint-404': 'idp-not-found',
  'mint-409': 'idp-conflict',
  'mint-429': null,
  'mint-500': null,
  'mint-html': 'idp-not-json',
  'mint-redirect': 'idp-redirect',
  'mint-no-token': 'token-missing',
  'mint-two-tokens': 'token-ambiguous',
  'mint-bad-json': 'idp-not-json',
  'mint-hang': 'idp-timeout',
  'mint-reset': 'idp-unreachable',
  'mint-expired-token': 'token-expired',
  'keycloak-shape': null,
  'register-invalid-scope': 'bootstrap-failed',
  'register-invalid-redirect-uri': 'bootstrap-failed',
  'register-invalid-client-metadata': 'bootstrap-failed',
  'register-401': 'bootstrap-failed',
  'register-500': 'bootstrap-failed',
};

/** The same for the BFF, and why. */
const BFF: Readonly<Record<BffFaultName, readonly [ErrorCode | null, DiagnosisCode]>> = {
  'never-starts': ['container-not-started', 'unknown'],
  'exits-at-once': ['container-exited', 'unknown'],
  'out-of-memory': ['container-exited', 'registered'],
  'crash-loop': ['container-crash-loop', 'credentials-cached'],
  'dies-in-bootstrap': ['container-exited', 'unknown'],
  'dies-later': ['container-exited', 'registered'],
  'port-in-use': ['container-exited', 'registered'],
  'slow-start': [null, 'registered'],
  'silent-hang': ['bff-unhealthy', 'unknown'],
  'never-logs': [null, 'unknown'],
  unhealthy: ['bff-unhealthy', 'unknown'],
  flapping: ['bff-unhealthy', 'unknown'],
  'health-404': ['bff-unhealthy', 'unknown'],
  'health-html': ['bff-unhealthy', 'registered'],
  'health-redirect': ['bff-unhealthy', 'registered'],
  'health-hang': ['bff-unhealthy', 'registered'],
  'redis-down': ['bff-unhealthy', 'redis-unavailable'],
  'kafka-unconfigured': [null, 'registered'],
  'idp-unreachable': ['bootstrap-failed', 'idp-unreachable'],
  'idp-silent': ['bootstrap-failed', 'idp-unreachable'],
  dns: ['bootstrap-failed', 'idp-unreachable'],
  tls: ['bootstrap-failed', 'idp-unreachable'],
  'jwks-missing-kid': ['bff-unhealthy', 'registered'],
  'invalid-client': ['bootstrap-failed', 'invalid-client'],
  'rat-invalid': ['bootstrap-failed', 'rat-invalid'],
  'iat-ignored': ['bootstrap-failed', 'iat-missing'],
  'iat-mangled': ['bootstrap-failed', 'iat-invalid'],
  'bootstrap-skipped': ['bootstrap-failed', 'bootstrap-skipped'],
  'bootstrap-swallowed': ['bootstrap-failed', 'iat-invalid'],
  'log-flood': [null, 'registered'],
  'log-line': [null, 'registered'],
  'log-garbage': [null, 'registered'],
  'leaks-token': [null, 'registered'],
};

/** They end by no event: the BFF does not get healthy, and the time is up. */
const BY_TIME: readonly FaultName[] = [
  'silent-hang',
  'flapping',
  'health-404',
  'health-html',
  'health-redirect',
  'health-hang',
  'jwks-missing-kid',
];

/** The other commands must show nothing either, however they end: after `iat` the doctor, and one of these in turn. */
const DOCTOR = ['doctor', '--timeout', '6'] as const;
const OTHERS = [
  ['health', '--timeout', '3'],
  ['collection', 'BFF Health', '--timeout', '3'],
  ['clear', '--health-timeout', '2', '--timeout', '6'],
] as const;

/** How many sandboxes there are at a time: a small machine has two cores, and most of a fault is waiting. */
const AT_ONCE = 6;

// One test for all: they mostly wait, and side by side they do not wait for each other.
test('every fault has its name, and no command shows a secret', { timeout: 600_000 }, async () => {
  const waiting = [...(Object.keys(FAULTS) as FaultName[]).entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await verify(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
});

async function verify(fault: FaultName, turn: number): Promise<void> {
  const restart = fault === 'crash-loop' ? 'always' : 'no';
  const story = await openStory({ fault, staleIat: fault === 'leaks-token', restart, startBff: false });
  const before = await story.compose();
  const shown: Record<string, string> = {};
  const limits = ['--timeout', '300', '--health-timeout', BY_TIME.includes(fault) ? '3' : '240'];
  const stable = fault === 'dies-later' ? '240' : '1';
  const { run, all } = await story.run('iat', '--reports', 'iat', '--verbose', ...limits, '--stable-for', stable);
  shown['iat'] = all;

  const [code, diagnosis] = isOfIdp(fault) ? [IDP[fault], null] : BFF[fault];
  const isDiagnosed = diagnosis !== null && !BY_TIME.includes(fault);
  expect.soft(run, `${fault}: ${all}`).toMatchObject({
    exitCode: code === null ? 0 : exitCodeOf(code),
    error: code === null ? null : { code },
    ...(isDiagnosed ? { diagnosis: { code: diagnosis } } : {}),
  });
  const iat = await story.written();
  // What goes wrong at the mint changes nothing; a token that was minted stays written, whatever comes after it.
  const isMinted = code === null || exitCodeOf(code) === 1;
  expect.soft([iat !== null, (await story.compose()) === before], fault).toEqual([isMinted, !isMinted]);

  // Only `iat` mints.
  const others = fault.startsWith('mint-') ? [] : [DOCTOR, ...OTHERS.slice(turn % 3, (turn % 3) + 1)];
  for (const [command, ...args] of others) {
    shown[command] = (await story.run(command, '--reports', command, '--verbose', ...args)).all;
    expect.soft(shown[command], `${fault}, ${command}`).not.toBe('');
  }
  await verifyHidden(story, fault, iat, shown);
  await story.sandbox.close();
}

async function verifyHidden(story: Story, fault: FaultName, iat: string | null, shown: Record<string, string>) {
  const reports = await Promise.all(Object.keys(shown).map((command) => readAllFiles(join(story.home, command))));
  const compose = (await story.compose()).replace(`DCR_IAT: "${iat}"`, '');
  const texts = Object.assign({ ...shown, 'compose file': compose }, ...reports);
  for (const secret of [story.sandbox.adminToken.reveal(), ...(iat === null ? [] : [iat])]) {
    expect.soft(findLeaks(secret, texts), fault).toEqual([]);
  }
}

function isOfIdp(fault: FaultName): fault is IdpFaultName {
  return Object.hasOwn(IDP, fault);
}
