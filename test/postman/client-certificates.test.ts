import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AppError } from '../../scripts/core/errors.ts';
import { readClientCertificates } from '../../scripts/postman/client-certificates.ts';
import { type Certificate, createCertificate } from '../../scripts/sandbox/certificate.ts';

const PASSPHRASE = 'test-only-passphrase';
const NAMED = {
  sslClientCert: null,
  sslClientKey: null,
  sslClientPassphrase: null,
  sslClientCertList: null,
  workingDir: null,
  typedFrom: '/here',
};

let client: Certificate;
let encrypted = '';
let held: Readonly<Record<string, string | Uint8Array>> = {};
const files = {
  read: async (path: string) => (held[path] === undefined ? null : Buffer.from(held[path])),
};

beforeAll(async () => {
  client = await createCertificate('client.test');
  const key = createPrivateKey(client.key);
  encrypted = String(key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE }));
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  held = {
    '/c.pem': client.cert,
    '/k.pem': client.key,
    '/both.pem': `${client.key}${client.cert}`,
    '/encrypted.pem': encrypted,
    '/other.pem': String(other.export({ type: 'pkcs8', format: 'pem' })),
    '/c.der': new X509Certificate(client.cert).raw,
    '/k.der': key.export({ type: 'pkcs8', format: 'der' }),
    '/store.p12': Buffer.from([0x30, 0x05, 0x02, 0x01, 0x03, 0x30, 0x00]),
    '/text.txt': 'test-only-text',
    '/cut.pem': `${client.cert.slice(0, 200)}\n-----END CERTIFICATE-----\n`,
    '/cut-key.pem': `${client.key.slice(0, 80)}\n-----END PRIVATE KEY-----\n`,
    '/list.json': JSON.stringify([
      {
        name: 'idp',
        matches: ['https://idp.test/*'],
        cert: { src: 'c.pem' },
        key: { src: 'encrypted.pem' },
        passphrase: PASSPHRASE,
      },
      { matches: ['https://*.test/*'], cert: { src: '/both.pem' } },
    ]),
    '/object.json': '{}',
    '/pfx.json': '[{"matches": [], "pfx": {"src": "a.p12"}}]',
    '/nothing.json': '[{"name": "x"}]',
    '/everywhere.json': '[{"cert": {"src": "/c.pem"}, "key": {"src": "/k.pem"}}]',
    '/in/c.pem': client.cert,
    '/in/encrypted.pem': encrypted,
  };
});

describe('read', () => {
  test('nothing where nothing is named', async () => {
    expect(await readClientCertificates(NAMED, files)).toEqual([]);
  });

  test('a certificate with its key, for every URL', async () => {
    const named = { ...NAMED, sslClientCert: '/c.pem', sslClientKey: '/k.pem' };
    expect(await readClientCertificates(named, files)).toEqual([
      {
        name: 'client-cert',
        matches: ['<all_urls>'],
        cert: { src: '/c.pem' },
        key: { src: '/k.pem' },
        passphrase: null,
      },
    ]);
  });

  test('both in one file', async () => {
    const [found] = await readClientCertificates({ ...NAMED, sslClientCert: '/both.pem' }, files);
    expect([found?.cert.src, found?.key.src]).toEqual(['/both.pem', '/both.pem']);
  });

  test('a list before it, with paths from the working directory', async () => {
    const named = { ...NAMED, sslClientCert: '/both.pem', sslClientCertList: '/list.json', workingDir: '/in' };
    const found = await readClientCertificates(named, files);
    expect(found.map(({ name, matches, cert, key }) => [name, matches, cert.src, key.src])).toEqual([
      ['idp', ['https://idp.test/*'], '/in/c.pem', '/in/encrypted.pem'],
      ['client-cert-2', ['https://*.test/*'], '/both.pem', '/both.pem'],
      ['client-cert', ['<all_urls>'], '/both.pem', '/both.pem'],
    ]);
    expect(found[0]?.passphrase?.reveal()).toBe(PASSPHRASE);
    expect(JSON.stringify(found)).not.toContain(PASSPHRASE);
  });
});

test.for([
  ['no certificate', { sslClientKey: '/k.pem' }, /--ssl-client-key is given without a certificate/],
  ['a passphrase alone', { sslClientPassphrase: 'x' }, /--ssl-client-passphrase is given without/],
  ['no such file', { sslClientCert: '/no.pem' }, /no file \/no\.pem \(--ssl-client-cert\)/],
  ['no such key', { sslClientCert: '/c.pem', sslClientKey: '/no.pem' }, /no file \/no\.pem \(--ssl-client-key\)/],
  ['no key', { sslClientCert: '/c.pem' }, /a certificate and no key.*--ssl-client-key FILE/],
  ['a text', { sslClientCert: '/text.txt' }, /\/text\.txt .* is not a certificate in PEM/],
  ['a key for it', { sslClientCert: '/k.pem' }, /holds a private key, and not a certificate/],
  [
    'it for the key',
    { sslClientCert: '/both.pem', sslClientKey: '/c.pem' },
    /holds a certificate, and not a private key/,
  ],
  ['DER', { sslClientCert: '/c.der' }, /is in DER.*openssl x509 -inform DER/],
  ['a key in DER', { sslClientCert: '/c.pem', sslClientKey: '/k.der' }, /is in DER.*openssl pkey -inform DER/],
  ['PKCS#12', { sslClientCert: '/store.p12' }, /PKCS#12 store.*openssl pkcs12 -in \/store\.p12/],
  ['PKCS#12 for the key', { sslClientCert: '/c.pem', sslClientKey: '/store.p12' }, /PKCS#12 store/],
  ['one that was cut off', { sslClientCert: '/cut.pem' }, /damaged or cut off/],
  ['a key that was cut off', { sslClientCert: '/c.pem', sslClientKey: '/cut-key.pem' }, /damaged, cut off/],
  [
    'a key of another',
    { sslClientCert: '/c.pem', sslClientKey: '/other.pem' },
    /does not belong to the certificate in \/c\.pem/,
  ],
  [
    'an encrypted key',
    { sslClientCert: '/c.pem', sslClientKey: '/encrypted.pem' },
    /encrypted, and there is no passphrase/,
  ],
  [
    'another passphrase',
    { sslClientCert: '/c.pem', sslClientKey: '/encrypted.pem', sslClientPassphrase: 'test-only-wrong' },
    /does not open with its passphrase/,
  ],
  ['a list that is none', { sslClientCertList: '/object.json' }, /is no JSON list.*"matches"/],
  ['a list of nothing', { sslClientCertList: '/nothing.json' }, /Entry 1 of \/nothing\.json .* names no certificate/],
  ['a list without URLs', { sslClientCertList: '/everywhere.json' }, /Entry 1 .* does not say for which URLs/],
  ['PKCS#12 in a list', { sslClientCertList: '/pfx.json' }, /PKCS#12 store \(pfx\).*openssl pkcs12 -in \/here\/a\.p12/],
] as const)('%s is said', async ([, named, words]) => {
  const error = (await readClientCertificates({ ...NAMED, ...named }, files).catch(
    (thrown: unknown) => thrown,
  )) as AppError;
  expect(error).toMatchObject({ code: 'bad-value' });
  const said = `${error.message} ${error.hint?.text}`;
  expect(said).toMatch(words);
  expect(said).not.toMatch(/test-only|MI[A-Za-z0-9+/]{10}/);
});

test('a server that asks for one takes what was read', async () => {
  const own = await createCertificate('127.0.0.1');
  const server = createServer(
    { ...own, requestCert: true, rejectUnauthorized: true, ca: client.cert },
    (_, response) => {
      response.end('welcome');
    },
  ).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (more: object) => {
    const asked = request({ host: '127.0.0.1', port, ca: own.cert, agent: false, ...more }).end();
    const [response] = await once(asked, 'response');
    return String((await response.toArray()).join(''));
  };
  const named = { ...NAMED, sslClientCert: '/c.pem', sslClientKey: '/encrypted.pem', sslClientPassphrase: PASSPHRASE };
  const [read] = await readClientCertificates(named, files);
  const [cert, key] = [held[read?.cert.src ?? ''], held[read?.key.src ?? '']];
  expect(await ask({ cert, key, passphrase: read?.passphrase?.reveal() })).toBe('welcome');
  await expect(ask({})).rejects.toThrow(/certificate required|ECONNRESET/);
});
