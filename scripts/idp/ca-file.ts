import { X509Certificate } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { childrenOf, sequenceAt } from './der.ts';

/** What the file of `--ca-file` holds. */
interface CaFile {
  /** The certificates as Newman and Node read them (RFC 7468); null: the file is like that itself. */
  readonly pem: string | null;
  /** What a reader has to know of them, each a sentence. */
  readonly warnings: readonly string[];
}

/**
 * Reads the certificates of a CA file: PEM, also in UTF-16 or on one line, DER, and PKCS#7. Newman passes over a file in which
 * it finds none.
 *
 * @param file its path, for messages
 * @throws AppError `bad-value` with what the file is instead; its content is never quoted
 */
export function readCaFile(bytes: Uint8Array, file: string, now: Date): CaFile {
  const fail = (what: string, hint = 'It has to hold the certificate of the CA, in PEM or DER.') =>
    new AppError('bad-value', `${file} (--ca-file) ${what}.`, { hint });
  if (bytes.length > MAX_BYTES) throw fail('is larger than 10 MB, too large for certificates');
  const text = textOf(bytes);
  if (text.trim() === '') throw fail('is empty');
  const ders = text.includes('-----BEGIN ') ? inPem(text, file, fail) : inDer(bytes, text, file, fail);
  const certificates = ders.map((der) => {
    try {
      return new X509Certificate(der);
    } catch {
      throw fail('holds a certificate that is damaged or cut off', 'Export it once more.');
    }
  });
  const isPlain = Buffer.from(bytes).toString('latin1').match(PLAIN)?.length === certificates.length;
  return {
    pem: isPlain ? null : certificates.map(String).join(''),
    warnings: certificates.flatMap((each) => warningsOf(each, file, now)),
  };
}

type Fail = (what: string, hint?: string) => AppError;

/** Beyond it something else was named by mistake; the bundles of browsers have 300 kB. */
const MAX_BYTES = 10 * 1024 * 1024;

/** A certificate in lines, as OpenSSL reads it. */
const PLAIN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----\r?\n(?:[A-Za-z0-9+/=]{1,76}\r?\n){1,500}-----END /g;

/** UTF-16 by its mark, or by the zero after its first letter; anything else byte by byte: what matters in PEM is ASCII. */
function textOf(bytes: Uint8Array): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0x2d && bytes[1] === 0))
    return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return Buffer.from(bytes).toString('latin1');
}

function inPem(text: string, file: string, fail: Fail): Buffer[] {
  const blocks = text
    .split('-----BEGIN ')
    .slice(1)
    .map((block) => {
      const [label = '', body] = block.split('-----', 2);
      return { label, isWhole: block.includes('-----END '), der: fromBase64(body ?? '') };
    });
  const found = blocks.flatMap(({ label, isWhole, der }) => {
    if (/^PKCS ?#?7|^CMS/.test(label)) return certificatesInPkcs7(der);
    if (!/^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label)) return [];
    const certificate = isWhole ? sequenceAt(der) : null;
    if (certificate === null) throw fail('holds a certificate that is damaged or cut off', 'Export it once more.');
    return [certificate];
  });
  if (found.length > 0) return found;
  const labels = blocks.map(({ label }) => label);
  const [, what = 'something else', hint] =
    OTHERS.find(([pattern]) => labels.some((label) => pattern.test(label))) ?? [];
  throw fail(
    `holds ${what}, and no certificate`,
    hint?.replaceAll('FILE', () => file),
  );
}

const OTHERS: readonly (readonly [label: RegExp, what: string, hint?: string])[] = [
  [/PRIVATE KEY/, 'a private key', 'Name the certificate of the CA instead, and keep the key to yourself.'],
  [/REQUEST/, 'a certificate request (CSR)', 'Name the certificate of the CA that signs it.'],
  [/PUBLIC KEY/, 'a public key'],
  [/CRL/, 'a revocation list (CRL)'],
  [/^PKCS ?#?7|^CMS/, 'PKCS#7', 'openssl pkcs7 -print_certs -in FILE -out ca.pem writes what is in it as PEM.'],
];

function inDer(bytes: Uint8Array, text: string, file: string, fail: Fail): Buffer[] {
  // Without its first and last line PEM is bare base64.
  const isBase64 = /^[A-Za-z0-9+/=\s]+$/.test(text) && text.trim().startsWith('MI');
  let rest = isBase64 ? fromBase64(text) : Buffer.from(bytes);
  const found: Buffer[] = [];
  for (let der = sequenceAt(rest); der !== null; der = sequenceAt(rest)) {
    found.push(der);
    rest = rest.subarray(der.length);
  }
  const [first] = found;
  const [head] = first === undefined ? [] : childrenOf(first);
  if (first === undefined || head === undefined) throw fail('holds no certificate');
  if (head.tag === INTEGER && head.content[0] === 3) {
    throw fail(
      'is a PKCS#12 store (.pfx, .p12)',
      `openssl pkcs12 -in ${file} -cacerts -nokeys -out ca.pem writes the CA in it as PEM.`,
    );
  }
  if (head.tag === INTEGER) throw fail('holds a private key, and no certificate', OTHERS[0]?.[2]);
  if (head.tag !== OBJECT_ID) return found;
  const inside = certificatesInPkcs7(first);
  if (inside.length > 0) return inside;
  throw fail(
    'is PKCS#7 without certificates that can be read',
    `openssl pkcs7 -inform DER -print_certs -in ${file} -out ca.pem writes what is in it as PEM.`,
  );
}

const INTEGER = 0x02;
const OBJECT_ID = 0x06;
const CONTEXT_0 = 0xa0;
const SEQUENCE = 0x30;

/** The certificates in `SignedData` (RFC 2315 §9.1), which is what Windows exports as .p7b. */
function certificatesInPkcs7(der: Buffer): Buffer[] {
  const [, explicit] = childrenOf(der);
  const [signedData] = explicit === undefined ? [] : childrenOf(explicit.whole);
  const set = signedData === undefined ? [] : childrenOf(signedData.whole).filter(({ tag }) => tag === CONTEXT_0);
  return set.flatMap(({ whole }) => childrenOf(whole)).flatMap(({ tag, whole }) => (tag === SEQUENCE ? [whole] : []));
}

/** Also with the line breaks as `\n`, as they stand in JSON and in variables. */
function fromBase64(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\n', ''), 'base64');
}

function warningsOf(certificate: X509Certificate, file: string, now: Date): string[] {
  const name = `The certificate "${nameOf(certificate.subject)}" in ${file} (--ca-file)`;
  const isOwn = certificate.checkIssued(certificate);
  return [
    ...(Date.parse(certificate.validTo) < now.getTime() ? [`${name} expired on ${certificate.validTo}.`] : []),
    ...(Date.parse(certificate.validFrom) > now.getTime()
      ? [`${name} is not valid before ${certificate.validFrom}.`]
      : []),
    ...(certificate.ca || isOwn
      ? []
      : [`${name} is none of a CA: it was signed by "${nameOf(certificate.issuer)}", which is the one to name.`]),
  ];
}

/** The common name, else the last part of the name. */
function nameOf(distinguished: string): string {
  const parts = (distinguished ?? '').split('\n');
  const own = parts.find((part) => part.startsWith('CN='))?.slice(3) ?? parts.at(-1) ?? '';
  return own.slice(0, 100);
}
