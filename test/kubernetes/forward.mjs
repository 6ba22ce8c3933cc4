// @ts-check
import { once } from 'node:events';
import { createServer, request as requestHttp } from 'node:http';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';

/*
 * `kubectl port-forward` without its protocol: forward.mjs SERVER port-forward … pod/NAME :PORT … --namespace NAMESPACE. What comes
 * to a port of this machine goes through the API server's proxy to the pod. It says what kubectl says.
 */
const [, , server = '', ...args] = process.argv;
const pod = args.find((arg) => arg.startsWith('pod/'))?.slice('pod/'.length) ?? '';
const port = args.find((arg) => /^:\d+$/.test(arg))?.slice(1) ?? '';
const namespace = args[args.indexOf('--namespace') + 1] ?? '';
const pods = `${server}/api/v1/namespaces/${namespace}/pods`;

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** @param {string} verb */
async function isAllowed(verb) {
  const resourceAttributes = { namespace, verb, resource: 'pods', subresource: 'portforward', name: pod };
  const url = `${server}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`;
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ spec: { resourceAttributes } }) });
  return answer.ok && (await answer.json()).status.allowed;
}

const found = await fetch(`${pods}/${pod}`).catch(() =>
  fail(`The connection to the server ${new URL(server).host} was refused - did you specify the right host or port?`),
);
if (found.status === 401) fail('error: You must be logged in to the server (Unauthorized)');
if (found.status === 404) fail(`Error from server (NotFound): pods "${pod}" not found`);
if (!found.ok || !((await isAllowed('create')) && (await isAllowed('get'))))
  fail(`Error from server (Forbidden): pods "${pod}" is forbidden`);
const { phase } = (await found.json()).status;
if (phase !== 'Running') fail(`error: unable to forward port because pod is not running. Current status=${phase}`);

/** The API server's own answer, and not the pod's. @param {string} text */
function isStatus(text) {
  try {
    return JSON.parse(text).kind === 'Status';
  } catch {
    return false;
  }
}

const relay = createServer((request, response) => {
  process.stdout.write(`Handling connection for ${own}\n`);
  const { method, headers } = request;
  const outgoing = requestHttp(`${pods}/http:${pod}:${port}/proxy${request.url}`, { method, headers, agent: false });
  outgoing.on('error', () => response.destroy());
  outgoing.on('response', async (incoming) => {
    const body = await buffer(incoming);
    if (!isStatus(body.toString())) {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers).end(body);
      return;
    }
    response.destroy();
    if (incoming.statusCode === 404) fail('error: lost connection to pod');
    process.stderr.write(`E1128 portforward.go] an error occurred forwarding ${own} -> ${port}: connection refused\n`);
  });
  request.pipe(outgoing);
});
relay.listen(0, '127.0.0.1');
await once(relay, 'listening');
const own = /** @type {import('node:net').AddressInfo} */ (relay.address()).port;
process.stdout.write(`Forwarding from 127.0.0.1:${own} -> ${port}\n`);
