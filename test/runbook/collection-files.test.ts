import { expect, test } from 'vitest';
import { filesRead } from '../../scripts/runbook/collection-files.ts';
import type { CollectionJob } from '../../scripts/runbook/collection-job.ts';
import { collectionBytes } from '../support/builders.ts';

const NONE = {
  environment: null,
  globals: null,
  iterationData: null,
  caFile: null,
  sslClientCert: null,
  sslClientKey: null,
  sslClientCertList: null,
  cookieJar: null,
  exportEnvironment: null,
  exportGlobals: null,
  exportCollection: null,
  exportCookieJar: null,
  workingDir: null,
  composeFiles: null,
  insecureFileRead: true,
};

const job = (more: object) =>
  ({ ...NONE, collection: '/c/api.json', typedFrom: '/here', reports: '/here/reports', ...more }) as CollectionJob;

const withBody = (body: object) => ({ name: 'A', request: { method: 'POST', url: 'http://localhost', body } });

const BYTES = collectionBytes([
  withBody({ mode: 'file', file: { src: 'body.bin' } }),
  withBody({
    mode: 'formdata',
    formdata: [
      { key: 'a', src: ['one.png', '/abs/two.png', '{{chosen}}'] },
      { key: 'b', value: 'x' },
    ],
  }),
]);

test.each<readonly [what: string, job: CollectionJob, bytes: Uint8Array | null, files: readonly string[]]>([
  [
    'what it is told, and what is sent, wherever that may be',
    job({ environment: '/c/e.json', iterationData: '/c/d.csv', caFile: '/ca.pem' }),
    BYTES,
    [
      '/c/api.json',
      '/c/e.json',
      '/c/d.csv',
      '/ca.pem',
      '/here/body.bin',
      '/c/body.bin',
      '/here/one.png',
      '/c/one.png',
      '/abs/two.png',
    ],
  ],
  [
    'not what the run itself writes, or it would never end',
    job({
      environment: '/c/e.json',
      exportEnvironment: '/c/e.json',
      cookieJar: '/jar',
      exportCookieJar: '/jar',
      workingDir: '/w',
    }),
    BYTES,
    ['/c/api.json', '/w/body.bin', '/w/one.png', '/abs/two.png'],
  ],
  ['of a broken collection what is known', job({ globals: '/g.json' }), Buffer.from('{'), ['/c/api.json', '/g.json']],
  ['of a missing one as well', job({}), null, ['/c/api.json']],
])('files of a run: %s', async (_, given, bytes, files) => {
  expect(await filesRead(given, { read: async () => bytes })).toEqual(files);
});
