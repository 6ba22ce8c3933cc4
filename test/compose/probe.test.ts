import { describe, expect, test } from 'vitest';
import { probe } from '../../scripts/compose/probe.ts';
import type { Command } from '../../scripts/core/ports.ts';

const OK = { exitCode: 0, stdout: '', stderr: '', startError: null, timedOut: false };

/** What comes of a certificate that no tool trusts, asked inside the container or from one beside it. */
async function ask({ status = 'running', env = [] as string[], mounts = [] as string[] }) {
  const inspected = {
    Image: 'sha256:0',
    Path: 'python3',
    Config: { Env: env },
    HostConfig: { LogConfig: { Type: 'json-file' }, NetworkMode: 'p_default' },
    Mounts: mounts.map((Destination) => ({ Type: 'bind', Destination })),
    NetworkSettings: { Networks: { p_default: {} } },
    State: { Status: status },
  };
  const asked: string[] = [];
  const run = async ({ args }: Command) => {
    asked.push(args[0] ?? '');
    return { ...OK, stdout: args[0] === 'inspect' ? JSON.stringify([inspected]) : 'probe SELF_SIGNED_CERT_IN_CHAIN\n' };
  };
  const signal = new AbortController().signal;
  const { kind } = await probe('id', 'https://idp.test/', {
    program: 'docker',
    processes: { run, async *lines() {} },
    signal,
  });
  return `${asked.join(' ')}: ${kind}`;
}

describe('a certificate that is not trusted', () => {
  test.for<[string, Parameters<typeof ask>[0], string]>([
    ['is the fault where nothing says what the BFF trusts', {}, 'inspect exec: tls'],
    ['as for Python, which asks', { env: ['SSL_CERT_FILE=/ca.pem'] }, 'inspect exec: tls'],
    ['of others nobody knows', { env: ['REQUESTS_CA_BUNDLE=/ca.pem'] }, 'inspect exec: unknown'],
    ['nor where the BFF has a setting of its own', { env: ['IDP_CA_FILE=/ca.pem'] }, 'inspect exec: unknown'],
    ['nor where it does not verify', { env: ['IDP_VERIFY_SSL=false'] }, 'inspect exec: unknown'],
    ['from beside it as well', { status: 'exited' }, 'inspect run: tls'],
    ['but not where it has a variable', { status: 'exited', env: ['SSL_CERT_FILE=/ca.pem'] }, 'inspect run: unknown'],
    ['or certificates', { status: 'exited', mounts: ['/etc/ssl/certs'] }, 'inspect run: unknown'],
    ['or a file of some', { status: 'exited', mounts: ['/app/company.pem'] }, 'inspect run: unknown'],
    ['other things do not count', { status: 'exited', env: ['CACHE=1'], mounts: ['/data'] }, 'inspect run: tls'],
  ])('%s', async ([, given, expected]) => {
    expect(await ask(given)).toBe(expected);
  });
});
