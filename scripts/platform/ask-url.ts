import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { rootCertificates } from 'node:tls';
import { portOf } from '../core/proxy.ts';
import { REACH_SECONDS, type Reach } from '../core/reach.ts';
import { addressesOf, lookupOf, parseResolution } from '../core/resolve.ts';
import { reachOfCode } from '../idp/network-errors.ts';

/** Asks a URL from this machine. A CA file that cannot be read counts as none: the step that needs it checks it. */
export async function reachFromHere(
  url: string,
  way: { readonly caFile: string | null; readonly insecure: boolean; readonly resolve?: readonly string[] | null },
  signal: AbortSignal,
): Promise<Reach> {
  signal.throwIfAborted();
  const ca = way.caFile === null ? null : await readFile(way.caFile).catch(() => null);
  const resolutions = (way.resolve ?? []).flatMap((each) => parseResolution(each) ?? []);
  const addresses = addressesOf(resolutions, new URL(url).hostname, portOf(new URL(url)));
  const options = {
    agent: false,
    signal,
    rejectUnauthorized: !way.insecure,
    ...(addresses === null ? {} : { lookup: lookupOf(addresses) }),
    ...(ca === null ? {} : { ca: [...rootCertificates, ca.toString()] }),
  };
  const reach = await new Promise<Reach>((resolve) => {
    const { get } = url.startsWith('https:') ? https : http;
    const request = get(url, options, (response) => {
      settle({ kind: 'answered', status: response.statusCode ?? 0 });
    });
    // From the look-up of the name to the first line of the answer.
    const timer = setTimeout(() => settle({ kind: 'timeout' }), REACH_SECONDS * 1_000);
    const settle = (result: Reach) => {
      clearTimeout(timer);
      resolve(result);
      request.destroy();
    };
    request.on('error', (error: NodeJS.ErrnoException) => settle(reachOfCode(error.code ?? '')));
  });
  signal.throwIfAborted();
  return reach;
}
