import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCaFile } from '../../scripts/idp/ca-file.ts';
import { createCertificate } from '../../scripts/sandbox/certificate.ts';
import { thrownBy } from '../support/builders.ts';

let pem = '';
let der = Buffer.alloc(0);
beforeAll(async () => {
  pem = (await createCertificate('ca.test')).cert.trim().concat('\n');
  der = new X509Certificate(pem).raw;
});

const read = (content: string | Buffer, now = new Date()) => readCaFile(Buffer.from(content), 'ca.pem', now);
const body = () => der.toString('base64');
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');

/** One value of DER. */
function asn1(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const OID = asn1(0x06, Buffer.from('2a864886f70d010702', 'hex'));
const INTEGER = (value: number) => asn1(0x02, Buffer.from([value]));
const pkcs7 = (...certificates: Buffer[]) =>
  asn1(0x30, OID, asn1(0xa0, asn1(0x30, INTEGER(1), asn1(0x31), asn1(0x30, OID), asn1(0xa0, ...certificates))));

describe('what is used as it is', () => {
  test.for([
    ['PEM', () => pem],
    ['CRLF', () => pem.replaceAll('\n', '\r\n')],
    ['a byte order mark', () => `\ufeff${pem}`],
    ['words around it', () => `Bag Attributes\n  friendlyName: ä\n${pem}`],
    ['OpenSSL’s trusted form', () => pem.replaceAll(' CERTIFICATE', ' TRUSTED CERTIFICATE')],
    ['several', () => pem + pem],
  ] as const)('%s', ([, content]) => {
    expect(read(content())).toEqual({ pem: null, warnings: [] });
  });
});

describe('what becomes PEM', () => {
  test.for([
    ['DER', () => der, 1],
    ['two of DER', () => Buffer.concat([der, der]), 2],
    ['UTF-16', () => utf16(pem), 1],
    ['UTF-16, big-endian', () => utf16(pem).swap16(), 1],
    ['UTF-16 without a mark', () => Buffer.from(pem, 'utf16le'), 1],
    ['one line', () => pem.replaceAll('\n', ''), 1],
    ['line breaks as \\n', () => pem.replaceAll('\n', '\\n'), 1],
    ['blanks for line breaks', () => pem.replaceAll('\n', ' '), 1],
    ['indented', () => pem.replace(/^/gm, '    '), 1],
    ['bare base64', body, 1],
    ['PKCS#7', () => pkcs7(der, der), 2],
    ['PKCS#7 in PEM', () => `-----BEGIN PKCS7-----\n${pkcs7(der).toString('base64')}\n-----END PKCS7-----\n`, 1],
    ['one in lines, one not', () => pem + pem.replaceAll('\n', ''), 2],
  ] as const)('%s', ([, content, count]) => {
    const { pem: made, warnings } = read(content());
    expect(warnings).toEqual([]);
    expect(made?.match(/-----BEGIN CERTIFICATE-----\n/g)).toHaveLength(count);
    expect(new X509Certificate(made ?? '').raw.equals(der)).toBe(true);
  });
});

describe('what is refused', () => {
  const key = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const labelled = (label: string) => `-----BEGIN ${label}-----\n${body()}\n-----END ${label}-----\n`;

  test.for([
    ['nothing', (): string => '', /is empty/],
    ['blanks', (): string => ' \r\n', /is empty/],
    ['a mark alone', () => utf16(''), /is empty/],
    ['a private key', () => key().privateKey.export({ type: 'pkcs8', format: 'pem' }), /a private key/],
    ['a private key in DER', () => key().privateKey.export({ type: 'pkcs8', format: 'der' }), /a private key/],
    ['a public key', () => key().publicKey.export({ type: 'spki', format: 'pem' }), /a public key/],
    ['a public key in DER', () => key().publicKey.export({ type: 'spki', format: 'der' }), /damaged/],
    ['a request', () => labelled('CERTIFICATE REQUEST'), /a certificate request/],
    ['a revocation list', () => labelled('X509 CRL'), /a revocation list/],
    ['PKCS#12', () => asn1(0x30, INTEGER(3), asn1(0x30, OID)), /PKCS#12.*openssl pkcs12 -in ca\.pem/],
    ['PKCS#7 without certificates', () => pkcs7(), /PKCS#7.*openssl pkcs7/],
    ['PKCS#7 in PEM, without any', () => labelled('PKCS7'), /PKCS#7.*openssl pkcs7/],
    ['something of PGP', () => labelled('PGP MESSAGE'), /something else, and no certificate/],
    ['a certificate that is cut off', () => pem.slice(0, 300), /damaged or cut off/],
    ['a body that is cut off', () => pem.replace(/\n[^\n]+\n-----END/, '\n-----END'), /damaged or cut off/],
    ['DER that is cut off', () => der.subarray(0, -1), /holds no certificate/],
    ['a page', (): string => '<html>-----</html>', /holds no certificate/],
    ['text', (): string => 'test-only-content-of-the-file', /holds no certificate/],
    ['something huge', () => Buffer.alloc(11 * 1024 * 1024), /larger than 10 MB/],
  ] as const)('%s', ([, content, words]) => {
    const error = thrownBy(() => read(content())) as { code: string; message: string; hint: { text: string } };
    expect(error.code).toBe('bad-value');
    expect(`${error.message} ${error.hint.text}`).toMatch(words);
    expect(error.message).toMatch(/^ca\.pem \(--ca-file\) /);
    expect(JSON.stringify(error) + error.message).not.toMatch(/test-only|MI[A-Za-z0-9+/]{20}/);
  });
});

describe('what is worth a warning', () => {
  const DAY = 24 * 3_600_000;
  test.for([
    ['one that has expired', 2 * DAY, /^The certificate "ca\.test" in ca\.pem \(--ca-file\) expired on /],
    ['one that is not valid yet', -2 * DAY, /is not valid before/],
  ] as const)('%s', ([, ms, words]) => {
    expect(read(pem, new Date(Date.now() + ms)).warnings).toEqual([expect.stringMatching(words)]);
  });

  test('a self-signed one that is no CA is fine, one that a CA signed is not', async () => {
    const extensions = [{ name: 'basicConstraints' as const, cA: false }];
    const options = { keyType: 'ec', algorithm: 'sha256', extensions } as const;
    const own = await generate([{ name: 'commonName', value: 'own' }], options);
    expect(read(own.cert)).toEqual({ pem: null, warnings: [] });
    const ca = await createCertificate('ca.test');
    const leaf = await generate([{ name: 'commonName', value: 'idp.test' }], { ...options, ca });
    expect(read(leaf.cert).warnings).toEqual([expect.stringMatching(/"idp\.test" .* was signed by "ca\.test"/)]);
  });
});

test('a file of many labels takes time in proportion', () => {
  const time = (count: number) => {
    const text = '-----BEGIN CERTIFICATE-----\nMI'.repeat(count);
    const start = performance.now();
    expect(thrownBy(() => read(text))).toMatchObject({ code: 'bad-value' });
    return performance.now() - start;
  };
  time(1_000);
  expect(time(80_000)).toBeLessThan(Math.max(50, time(10_000)) * 30);
});
