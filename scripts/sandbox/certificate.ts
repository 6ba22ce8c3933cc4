import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** PEM texts, as `https.createServer` takes them. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Tags of ASN.1 (X.690) that a certificate is made of. */
const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0c, time: 0x18 } as const;
const SEQUENCE = 0x30;
const SET = 0x31;

/** Object identifiers in their encoded form. */
const COMMON_NAME = Buffer.from('550403', 'hex');
const SUBJECT_ALT_NAME = Buffer.from('551d11', 'hex');
const BASIC_CONSTRAINTS = Buffer.from('551d13', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex');

const DAY_MS = 24 * 3600 * 1000;

export interface CertificateTimes {
  readonly from: Date;
  readonly to: Date;
}

/**
 * A fresh self-signed certificate (RFC 5280 §4.1) for one host name or IPv4 address, with its key. Node can read certificates
 * and not make them, and a key pair in the repository would be a secret in the repository.
 *
 * @param times default: yesterday to tomorrow
 */
export function createCertificate(host: string, times?: CertificateTimes): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const from = times?.from ?? new Date(Date.now() - DAY_MS);
  const to = times?.to ?? new Date(Date.now() + DAY_MS);
  const algorithm = encode(SEQUENCE, encode(TAG.oid, ECDSA_WITH_SHA256));
  const name = encode(
    SEQUENCE,
    encode(SET, encode(SEQUENCE, encode(TAG.oid, COMMON_NAME), encode(TAG.utf8, Buffer.from(host)))),
  );
  const content = encode(
    SEQUENCE,
    encode(0xa0, encode(TAG.integer, Buffer.from([2]))),
    encode(TAG.integer, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    encode(SEQUENCE, encodeTime(from), encodeTime(to)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    encode(0xa3, encode(SEQUENCE, altName(host), authority())),
  );
  const signature = sign('sha256', content, privateKey);
  const whole = encode(SEQUENCE, content, algorithm, encode(TAG.bits, Buffer.from([0]), signature));
  const base64 = whole.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}

function altName(host: string): Buffer {
  const entry = isIPv4(host) ? encode(0x87, Buffer.from(host.split('.').map(Number))) : encode(0x82, Buffer.from(host));
  return encode(SEQUENCE, encode(TAG.oid, SUBJECT_ALT_NAME), encode(TAG.octets, encode(SEQUENCE, entry)));
}

/** It is its own authority, so that `--ca-file` may name it. */
function authority(): Buffer {
  const isAuthority = encode(SEQUENCE, encode(TAG.boolean, Buffer.from([0xff])));
  return encode(
    SEQUENCE,
    encode(TAG.oid, BASIC_CONSTRAINTS),
    encode(TAG.boolean, Buffer.from([0xff])),
    encode(TAG.octets, isAuthority),
  );
}

/** GeneralizedTime: `20260101000000Z`. */
function encodeTime(date: Date): Buffer {
  return encode(TAG.time, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`));
}

/** One element: tag, length, content. */
function encode(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).replace(/^(.(..)*)$/, '0$1'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
}
