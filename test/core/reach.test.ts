import { expect, test } from 'vitest';
import { describeReach, toAskable } from '../../scripts/core/reach.ts';

test.for([
  ['http://idp-app:8002', 'http://idp-app:8002/'],
  [' https://idp.test/api/oidc ', 'https://idp.test/api/oidc'],
  ['https://user:test-only-password@idp.test/a?key=test-only#b', 'https://idp.test/a'],
  ['idp-app:8002', null],
  ['ftp://idp.test', null],
  ['', null],
] as const)('of %j is asked %j', ([base, asked]) => {
  expect(toAskable(base)).toBe(asked);
});

test.for([
  [{ kind: 'answered', status: 404 }, 'answers (HTTP 404)'],
  [{ kind: 'answered', status: 502 }, 'answers with a server error (HTTP 502)'],
  [{ kind: 'refused' }, 'cannot be reached: the connection is refused'],
  [{ kind: 'failed', reason: 'ECONNRESET' }, 'cannot be reached (ECONNRESET)'],
  [{ kind: 'unknown', why: 'there is no container' }, 'could not be checked (there is no container)'],
] as const)('%j is said as: %s', ([reach, said]) => {
  expect(describeReach(reach)).toBe(said);
});
