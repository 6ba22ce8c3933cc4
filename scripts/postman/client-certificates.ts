import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { decodeText } from '../core/encoding.ts';
import { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { ClientCertificate, Files } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { childrenOf, sequenceAt } from '../idp/der.ts';

/** What a command line says about client certificates, in Newman's words. Paths are absolute. */
interface Named {
  readonly sslClientCert: string | null;
  readonly sslClientKey: string | null;
  readonly sslClientPassphrase: string | null;
  readonly sslClientCertList: string | null;
  /** Where paths in the list start; null: where the person stands. */
  readonly workingDir: string | null;
  readonly typedFrom: string;
}

/** Postman's pattern for every URL, and the name that Newman gives to such a certificate (newman, lib/run/index.js). */
const EVERY_URL = '<all_urls>';
const NAME = 'client-cert';

/**
 * The client certificates of `--ssl-client-cert` and `--ssl-client-cert-list`, in the order in which they are tried: those of
 * the list first, as in Newman. Newman sends a request without its certificate where it cannot read one, so all are read here.
 *
 * @returns the passphrases in them are new secrets: the caller has them masked
 * @throws AppError `bad-value` with what a file is instead; its content is never quoted
 */
export async function readClientCertificates(named: Named, files: Pick<Files, 'read'>): Promise<ClientCertificate[]> {
  const { sslClientCert: cert, sslClientKey, sslClientPassphrase, sslClientCertList } = named;
  const listed = sslClientCertList === null ? [] : await readList(sslClientCertList, named, files);
  if (cert === null) {
    const option = sslClientKey === null ? '--ssl-client-passphrase' : '--ssl-client-key';
    if (sslClientKey === null && sslClientPassphrase === null) return listed;
    throw fail(`${option} is given without a certificate.`, 'Name the certificate, too: --ssl-client-cert FILE.');
  }
  const certificate = {
    name: NAME,
    matches: [EVERY_URL],
    cert: { src: cert },
    // One file may hold both.
    key: { src: sslClientKey ?? cert },
    passphrase: toPassphrase(sslClientPassphrase),
  };
  await verify(certificate, files, { cert: '--ssl-client-cert', key: '--ssl-client-key' });
  return [...listed, certificate];
}

async function readList(file: string, { workingDir, typedFrom }: Named, files: Pick<Files, 'read'>) {
  const option = '--ssl-client-cert-list';
  const list = jsonOrNull(decodeText(await readBytes(file, option, files)));
  const shape =
    'It has to be a list, as in [{"name": "idp", "matches": ["https://idp.example.com/*"], "cert": {"src": "client.pem"}, "key": {"src": "client.key"}}].';
  if (!Array.isArray(list)) throw fail(`${file} (${option}) is no JSON list.`, shape);
  const found: ClientCertificate[] = [];
  for (const [index, entry] of (list as unknown[]).entries()) {
    const where = `Entry ${index + 1} of ${file} (${option})`;
    const { name, matches, cert, key, pfx, passphrase } = isRecord(entry) ? entry : {};
    const path = (value: unknown) =>
      isRecord(value) && typeof value['src'] === 'string' ? resolve(workingDir ?? typedFrom, value['src']) : null;
    const src = path(cert);
    if (path(pfx) !== null && src === null)
      throw fail(`${where} names a PKCS#12 store (pfx).`, fromPkcs12(path(pfx) ?? ''));
    if (src === null) throw fail(`${where} names no certificate.`, shape);
    if (!Array.isArray(matches) || !matches.every((each) => typeof each === 'string')) {
      throw fail(`${where} does not say for which URLs it is.`, shape);
    }
    const certificate = {
      name: typeof name === 'string' ? name : `${NAME}-${index + 1}`,
      matches: matches as string[],
      cert: { src },
      key: { src: path(key) ?? src },
      passphrase: toPassphrase(passphrase),
    };
    await verify(certificate, files, { cert: option, key: option });
    found.push(certificate);
  }
  return found;
}

function toPassphrase(value: unknown): Secret | null {
  return typeof value === 'string' && value !== '' ? new Secret(value, 'passphrase of the client key') : null;
}

/** That both files are what they have to be, and belong together. */
async function verify(
  { cert, key, passphrase }: ClientCertificate,
  files: Pick<Files, 'read'>,
  options: { readonly cert: string; readonly key: string },
): Promise<void> {
  const certificate = readCertificate(await readText(cert.src, options.cert, files), cert.src, options.cert);
  const text = await readText(key.src, options.key, files);
  if (key.src === cert.src && !KEY.test(text)) {
    throw fail(
      `${cert.src} (${options.cert}) holds a certificate and no key.`,
      'Name its key, too: --ssl-client-key FILE.',
    );
  }
  const privateKey = readKey(text, passphrase, key.src, options.key);
  if (certificate.checkPrivateKey(privateKey)) return;
  throw fail(
    `The key in ${key.src} does not belong to the certificate in ${cert.src}.`,
    'The first certificate in the file has to be that of the key; those of CAs follow it.',
  );
}

function readCertificate(text: string, file: string, option: string): X509Certificate {
  const pem = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END /.exec(text)?.[0];
  const what = `${file} (${option})`;
  if (pem === undefined) throw notPem(text, what, file, 'certificate');
  try {
    return new X509Certificate(`${pem}CERTIFICATE-----\n`);
  } catch {
    throw fail(`${what} holds a certificate that is damaged or cut off.`, 'Export it once more.');
  }
}

/** The first line of a key, and its kind. */
const KEY = /-----BEGIN ([A-Z ]{0,20})PRIVATE KEY-----/;

function readKey(text: string, passphrase: Secret | null, file: string, option: string): KeyObject {
  const begin = KEY.exec(text);
  const what = `The key in ${file} (${option})`;
  if (begin === null) throw notPem(text, `${file} (${option})`, file, 'key');
  const pem = text.slice(begin.index);
  const isEncrypted =
    begin[1] === 'ENCRYPTED ' || pem.split('-----END')[0]?.includes('Proc-Type: 4,ENCRYPTED') === true;
  if (isEncrypted && passphrase === null) {
    throw fail(
      `${what} is encrypted, and there is no passphrase.`,
      'Give it with --ssl-client-passphrase, or in the list.',
    );
  }
  try {
    return createPrivateKey({ key: pem, ...(passphrase === null ? {} : { passphrase: passphrase.reveal() }) });
  } catch {
    if (isEncrypted) throw fail(`${what} does not open with its passphrase.`, 'Is it the passphrase of that key?');
    throw fail(`${what} is damaged, cut off, or of a kind that Node.js does not read.`, 'Export it once more, as PEM.');
  }
}

/** What a file is that is not in PEM, or in PEM and something else. */
function notPem(text: string, what: string, file: string, wanted: 'certificate' | 'key'): AppError {
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map(([, label = '']) => label);
  const article = wanted === 'key' ? 'a private key' : 'a certificate';
  if (labels.length > 0) {
    const other = labels.some((label) => label.includes('PRIVATE KEY'))
      ? 'a private key'
      : `a ${labels[0]?.toLowerCase()}`;
    return fail(`${what} holds ${other}, and not ${article}.`, `It has to be ${article} in PEM.`);
  }
  const [head] = childrenOf(sequenceAt(Buffer.from(text, 'latin1')) ?? Buffer.alloc(0));
  const [opensslName, form] = wanted === 'key' ? ['pkey', 'client.key'] : ['x509', 'client.pem'];
  if (head?.tag === 0x02 && head.content[0] === 3)
    return fail(`${what} is a PKCS#12 store (.pfx, .p12).`, fromPkcs12(file));
  if (head !== undefined) {
    return fail(
      `${what} is in DER, and Newman reads PEM.`,
      `openssl ${opensslName} -inform DER -in ${file} -out ${form} writes it as PEM.`,
    );
  }
  return fail(
    `${what} is not ${article} in PEM.`,
    `It begins with -----BEGIN ${wanted === 'key' ? 'PRIVATE KEY' : 'CERTIFICATE'}-----.`,
  );
}

function fromPkcs12(file: string): string {
  return `openssl pkcs12 -in ${file} -clcerts -out client.pem writes both as PEM; name it as the certificate.`;
}

/** PEM is ASCII, and what is not PEM keeps its bytes so. */
async function readText(file: string, option: string, files: Pick<Files, 'read'>): Promise<string> {
  return (await readBytes(file, option, files)).toString('latin1');
}

async function readBytes(file: string, option: string, files: Pick<Files, 'read'>): Promise<Buffer> {
  const bytes = await files.read(file);
  if (bytes === null) throw fail(`There is no file ${file} (${option}).`, 'Correct the path.');
  return Buffer.from(bytes);
}

function fail(message: string, hint: string): AppError {
  return new AppError('bad-value', message, { hint });
}
