import { isIPv4 } from 'node:net';
import { generate } from 'selfsigned';

/** PEM texts, as `https.createServer` takes them. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * A fresh self-signed certificate for one host name or IPv4 address, with its key, valid from yesterday to tomorrow. It is its
 * own authority, so that `--ca-file` can name it. It is made at every start because a key in the repository would be a secret
 * in the repository.
 */
export async function createCertificate(host: string): Promise<Certificate> {
  const pems = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - DAY_MS),
    notAfterDate: new Date(Date.now() + DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [isIPv4(host) ? { type: 7, ip: host } : { type: 2, value: host }] },
    ],
  });
  return { key: pems.private, cert: pems.cert };
}
