import type { CommandResult } from '../core/ports.ts';
import { REACH_SECONDS, type Reach } from '../core/reach.ts';
import { kindOfCurlExit, kindOfWords, reachOfCode } from './network-errors.ts';

/** A program that an image may have, and how it asks a URL once. None of them reads a file of settings or sends a secret. */
export interface ProbeTool {
  readonly program: string;
  args(url: string): readonly string[];
  /** null: it said nothing, because it is missing for example. */
  read(result: CommandResult): Reach | null;
}

/** Python first: the BFF is written in it, and trusts the same certificates. */
export const PROBE_TOOLS: readonly ProbeTool[] = [
  // Isolated (-I): the application's modules must not replace Python's own.
  { program: 'python3', args: (url) => ['-I', '-c', PYTHON, url, SECONDS], read: readProbe },
  { program: 'python', args: (url) => ['-I', '-c', PYTHON, url, SECONDS], read: readProbe },
  { program: 'node', args: (url) => ['-e', NODE, url, SECONDS], read: readProbe },
  {
    program: 'curl',
    args: (url) => ['-q', '-sS', '-o', '/dev/null', '-m', SECONDS, '-w', 'probe %{http_code}\\n', url],
    read: (result) => (result.exitCode === 0 ? readProbe(result) : reachOfCurl(result.exitCode)),
  },
  // The long options of GNU's wget are not busybox's; both show the first line of the answer with -S.
  { program: 'wget', args: (url) => ['-S', '-O', '/dev/null', '-T', SECONDS, '-t', '1', url], read: readWget },
];

/** First what a container itself is run by, if it is one of them. @param command what it runs, with its arguments */
export function inLikelyOrder(command: string): readonly ProbeTool[] {
  const isRun = ({ program }: ProbeTool) => command.includes(program);
  return [...PROBE_TOOLS.filter(isRun), ...PROBE_TOOLS.filter((tool) => !isRun(tool))];
}

/** A variable that says what an application trusts, besides those that Python reads by itself. */
const OWN_TRUST = /CERT|VERIFY|(?:^|_)CA(?:_|$)/;
const OF_PYTHON = /^SSL_CERT_(?:FILE|DIR)$/;
/** A place of certificates that the system trusts, or a file of some. */
const TRUST_PLACE = /^\/(?:etc|usr\/share|usr\/local\/share)\/(?:ssl|pki|ca-certificates)(?:\/|$)|\.(?:pem|crt|cer)$/;

/** Whether a container may trust more than another one of its image does. */
export function hasOwnTrust(variables: readonly string[], mounts: readonly string[]): boolean {
  return variables.some((name) => OWN_TRUST.test(name)) || mounts.some((path) => TRUST_PLACE.test(path));
}

/** What a certificate that was not trusted comes to where the BFF is: the BFF may trust more than a tool that is run beside it. */
export function insideReach(reach: Reach, variables: readonly string[]): Reach {
  const isSure = !variables.some((name) => OWN_TRUST.test(name) && !OF_PYTHON.test(name));
  if (reach.kind !== 'tls' || isSure) return reach;
  return {
    kind: 'unknown',
    why: 'its image does not trust the certificate, and what the BFF trusts by its own settings cannot be checked',
  };
}

export const NO_TOOL: Reach = { kind: 'unknown', why: 'its image has neither python nor node, curl or wget' };

type Asked =
  | { readonly kind: 'said'; readonly reach: Reach; readonly tool: ProbeTool }
  | { readonly kind: 'no-tool' }
  /** Nothing was run at all. */
  | { readonly kind: 'refused' };

/**
 * Runs one tool after the other until one says something.
 *
 * @param isRefused the tool is not what failed, so that no other one would be run either
 */
export async function askWith(
  tools: readonly ProbeTool[],
  run: (tool: ProbeTool) => Promise<CommandResult>,
  isRefused: (result: CommandResult) => boolean,
): Promise<Asked> {
  for (const tool of tools) {
    const result = await run(tool);
    if (result.timedOut || result.startError !== null || isRefused(result)) return { kind: 'refused' };
    const reach = tool.read(result);
    if (reach !== null) return { kind: 'said', reach, tool };
  }
  return { kind: 'no-tool' };
}

const SECONDS = String(REACH_SECONDS);

/** `probe 404` or `probe ECONNREFUSED`, as the scripts below print it. */
function readProbe({ stdout }: CommandResult): Reach | null {
  const said = /^probe (\w+)\s*$/m.exec(stdout)?.[1];
  if (said === undefined) return null;
  return /^[1-9]\d\d$/.test(said) ? { kind: 'answered', status: Number(said) } : reachOfCode(said);
}

function reachOfCurl(exitCode: number | null): Reach | null {
  const kind = kindOfCurlExit(exitCode ?? -1);
  return kind === 'failed' ? { kind, reason: 'ECONNRESET' } : kind && { kind };
}

/** Both wgets say it in words. */
function readWget({ exitCode, stderr }: CommandResult): Reach | null {
  if (exitCode === null || exitCode === 126 || exitCode === 127) return null;
  const status = /\bHTTP\/[\d.]+ ([1-5]\d\d)\b/.exec(stderr)?.[1];
  if (status !== undefined) return { kind: 'answered', status: Number(status) };
  const kind = kindOfWords(stderr) ?? (/wget: |failed/i.test(stderr) ? 'failed' : null);
  return kind === 'failed' ? { kind, reason: 'wget' } : kind && { kind };
}

/** The library's own limits do not include the look-up of a name, so a timer has the last word. */
const PYTHON = `
import os, socket, ssl, sys, threading
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

def say(word):
    sys.stdout.write('probe %s\\n' % word)
    sys.stdout.flush()
    os._exit(0)

def trusted():
    for name in ('SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'):
        path = os.environ.get(name)
        if path:
            return ssl.create_default_context(**{'capath' if os.path.isdir(path) else 'cafile': path})
    try:
        import certifi
        return ssl.create_default_context(cafile=certifi.where())
    except ImportError:
        return ssl.create_default_context()

url, seconds = urlsplit(sys.argv[1]), float(sys.argv[2])
timer = threading.Timer(seconds, say, ['ETIMEDOUT'])
timer.daemon = True
timer.start()
try:
    if url.scheme == 'https':
        try:
            context = trusted()
        except (OSError, ValueError):
            say('CERT_FILE')
        connection = HTTPSConnection(url.hostname, url.port, timeout=seconds, context=context)
    else:
        connection = HTTPConnection(url.hostname, url.port, timeout=seconds)
    connection.request('GET', url.path or '/')
    say(connection.getresponse().status)
except socket.timeout:
    say('ETIMEDOUT')
except socket.gaierror:
    say('ENOTFOUND')
except ssl.SSLError:
    say('SSL')
except ConnectionRefusedError:
    say('ECONNREFUSED')
except Exception as error:
    say(type(error).__name__)
`;

const NODE = `
const [url, seconds] = process.argv.slice(1);
const say = (word) => process.stdout.write('probe ' + word + '\\n', () => process.exit(0));
setTimeout(() => say('ETIMEDOUT'), seconds * 1000);
require(url.startsWith('https:') ? 'https' : 'http')
  .get(url, { agent: false }, (response) => say(response.statusCode))
  .on('error', (error) => say(error.code || error.name));
`;
