import { expect, test } from 'vitest';
import { addressesOf, parseResolution } from '../../scripts/core/resolve.ts';

test.for([
  ['idp.test:443:10.0.0.7', { host: 'idp.test', port: '443', addresses: ['10.0.0.7'] }],
  ['+IDP.test:0443:10.0.0.7', { host: 'idp.test', port: '443', addresses: ['10.0.0.7'] }],
  ['*:80:[::1]', { host: '*', port: '80', addresses: ['::1'] }],
  ['idp.test:80:::1', { host: 'idp.test', port: '80', addresses: ['::1'] }],
  [
    'idp.test:80:10.0.0.7, [FD00::0:1],10.0.0.8',
    { host: 'idp.test', port: '80', addresses: ['10.0.0.7', 'fd00::1', '10.0.0.8'] },
  ],
  ['[fd00::2]:80:10.0.0.7', { host: '[fd00::2]', port: '80', addresses: ['10.0.0.7'] }],
  ['-idp.test:80', null],
  ['idp.test:80', null],
  ['idp.test:80:', null],
  ['idp.test:80:10.0.0.7,', null],
  ['idp.test:80:elsewhere.test', null],
  ['idp.test:70000:10.0.0.7', null],
  ['idp.test:0:10.0.0.7', null],
  ['https://idp.test:443:10.0.0.7', null],
  ['idp.test/a:443:10.0.0.7', null],
  ['', null],
] as const)('%s', ([text, wanted]) => {
  expect(parseResolution(text)).toEqual(wanted);
});

test('what was said last counts, and of a host rather than of all', () => {
  const said = ['a.test:80:10.0.0.1', 'a.test:80:10.0.0.2', '*:80:10.0.0.3'].flatMap(
    (each) => parseResolution(each) ?? [],
  );
  expect(addressesOf(said, 'A.test.', '80')).toEqual(['10.0.0.2']);
  expect(addressesOf(said, 'b.test', '80')).toEqual(['10.0.0.3']);
  expect(addressesOf(said, 'a.test', '443')).toBeNull();
});
