import { describe, expect, it } from 'vitest';
import { diagnoseLog } from '../../scripts/bff/log-reader.ts';

const PROCESS = ['INFO:     Started server process [1]', 'INFO:     Waiting for application startup.'];
const UP = 'INFO:     Application startup complete.';
const REGISTERED = 'INFO dcr Client registered: bff-server';

function codeOf(...lines: (string | readonly string[])[]): string {
  return diagnoseLog(lines.flat()).code;
}

describe('within one start', () => {
  it('the root cause wins over what follows from it', () => {
    const unreachable = 'ERROR dcr Cannot reach IdP at http://idp-app:8002: Connection refused';
    const missing = 'ERROR dcr DCR_IAT is not set';
    expect(codeOf(unreachable, missing)).toBe('idp-unreachable');
    expect(codeOf(missing, unreachable)).toBe('idp-unreachable');
  });

  it('an answer of the IdP proves that it can be reached', () => {
    expect(
      codeOf(
        'WARNING dcr Cannot reach IdP: Connection refused',
        'ERROR dcr Client registration failed: 401 invalid_token',
      ),
    ).toBe('iat-invalid');
  });

  it('a registration that replaces the cached one is judged by its own failure', () => {
    const refused = 'WARNING dcr PATCH http://idp-app:8002/api/oidc/register/bff-server returned 401';
    const again = 'INFO dcr DCR_FORCE_REPLACE=true, force replacing the client';
    const failed = 'ERROR dcr POST http://idp-app:8002/api/oidc/register returned 401 invalid_token';
    expect(codeOf(refused, failed)).toBe('rat-invalid');
    expect(codeOf(refused, again, failed)).toBe('iat-invalid');
  });

  it('trouble with the IdP after the BFF is up and registered is no failed bootstrap', () => {
    expect(codeOf(REGISTERED, UP, 'ERROR auth Cannot connect to host idp-app:8002 ssl:default')).toBe('registered');
  });

  it('a remark about a missing IAT does not count once the BFF is up with cached credentials', () => {
    expect(
      codeOf('INFO dcr DCR bootstrap starting', 'INFO dcr DCR_IAT is not set', 'INFO dcr Using cached credentials', UP),
    ).toBe('credentials-cached');
  });

  it('the host where clients register is the IdP from then on', () => {
    const failed = 'ERROR http Cannot connect to host sts.example.test:443 ssl:default';
    expect(codeOf(failed)).toBe('unknown');
    expect(codeOf('INFO dcr POST https://sts.example.test/connect/register', failed)).toBe('idp-unreachable');
  });

  it('advice is no finding', () => {
    expect(codeOf('ERROR dcr DCR bootstrap failed. If the IAT is expired, mint another one.')).toBe('unknown');
  });
});

describe('a traceback', () => {
  const traceback = (...frames: string[]) => [
    'Traceback (most recent call last):',
    ...frames.flatMap((file) => [`  File "${file}", line 7, in call`, '    raise error']),
  ];

  it('does not belong to a line above that reports no failure', () => {
    expect(
      codeOf(
        'INFO dcr DCR bootstrap starting',
        'INFO session redis client ready',
        traceback('/app/main.py'),
        'httpx.ConnectError: All connection attempts failed',
      ),
    ).toBe('idp-unreachable');
  });

  it('belongs to the failure above', () => {
    expect(
      codeOf('ERROR session redis health check', traceback('/app/main.py'), 'ConnectionRefusedError: [Errno 111]'),
    ).toBe('redis-unavailable');
  });

  it('is about what it went through', () => {
    const refused = 'urllib.error.URLError: <urlopen error [Errno 111] Connection refused>';
    expect(codeOf(traceback('/app/bootstrap/dcr_bootstrap.py'), refused)).toBe('idp-unreachable');
    expect(codeOf(traceback('/app/bootstrap/dcr_bootstrap.py', '/lib/prometheus_client/exposition.py'), refused)).toBe(
      'unknown',
    );
  });

  it('may come as records of JSON', () => {
    const exception = (filename: string) =>
      JSON.stringify({
        event: 'startup error',
        exception: [{ exc_type: 'ConnectError', exc_value: '[Errno 111] Connection refused', frames: [{ filename }] }],
      });
    expect(codeOf(exception('/app/bootstrap/dcr_bootstrap.py'))).toBe('idp-unreachable');
    expect(codeOf(exception('/app/policy.py'))).toBe('unknown');
  });
});

describe('the newest start', () => {
  it('begins before the server says so, where the bootstrap comes first', () => {
    const second = ['INFO dcr Using cached credentials', 'INFO dcr JWKS rotated successfully'];
    expect(codeOf(PROCESS, REGISTERED, UP, second, PROCESS, UP)).toBe('credentials-cached');
  });

  it('is not begun by another worker', () => {
    const parent = 'INFO:     Started parent process [1]';
    expect(codeOf(parent, PROCESS, REGISTERED, UP, PROCESS)).toBe('registered');
    expect(codeOf(PROCESS, REGISTERED, UP, PROCESS)).toBe('unknown');
  });

  it('is begun by a container that exited', () => {
    expect(codeOf('bff-1  | INFO dcr Using cached credentials', 'bff-1 exited with code 1', REGISTERED)).toBe(
      'registered',
    );
  });
});
