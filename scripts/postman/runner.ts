import process from 'node:process';
import { type ProxyVariables, proxyOf } from '../core/proxy.ts';
import type { FileResolver } from './body-files.ts';
import type { Newman, NewmanRun, Runner } from './newman-types.ts';
import { targetIn } from './url.ts';

/** What Newman does not hand on to its runtime. */
interface Additions {
  readonly fileResolver: FileResolver;
  readonly proxies: ProxyVariables;
  /** Bytes of an answer that are read. */
  readonly largestAnswer: number;
  /** From 0. */
  readonly firstIteration: number;
}

/** Starts a run. Its files and its proxies are decided here and nowhere else; a `.newmanrc` was read before, or does not count. */
export function startNewman(
  { run: start, rcFile }: Newman,
  options: object,
  { fileResolver, proxies, largestAnswer, firstIteration }: Additions,
  done: Parameters<Newman['run']>[1],
): NewmanRun {
  const { load } = rcFile;
  // Newman looks into the working directory, the home folder and /etc for a library, too.
  rcFile.load = (ready) => setImmediate(ready, null, {});
  const run = start(options, done);
  rcFile.load = load;
  let runner: Runner;
  Object.defineProperty(run, 'runner', {
    get: () => runner,
    set(value: Runner) {
      runner = value;
      const begin = runner.run.bind(runner);
      runner.run = (collection, given, callback) => {
        runner.cookieJar = (given.requester as { readonly cookieJar?: Runner['cookieJar'] }).cookieJar;
        const requester = { ...given.requester, maxResponseSize: largestAnswer };
        useProxies(proxies);
        const way = { proxies: { resolve: exemptionsOf(proxies) } };
        begin(collection, { ...given, ...way, requester, fileResolver }, (error, run) => {
          // Where the runtime begins (postman-runtime, waterfall.command.js).
          if (run !== undefined) run.state.cursor = { iteration: firstIteration };
          callback(error, run);
        });
      };
    },
  });
  return run;
}

/**
 * The runtime's own way with the environment chooses again at a redirect whether the proxy carries the request or a tunnel; for a
 * proxy that it is given, it never does, and what is for https would go to the proxy unencrypted (its request-wrapper.js).
 */
function useProxies(proxies: ProxyVariables): void {
  const free = Object.fromEntries(Object.entries(proxies).filter(([name]) => !/^no_proxy$/i.test(name)));
  for (const scheme of ['http', 'https']) {
    const proxy = proxyOf(new URL(`${scheme}://any.test`), free);
    const variable = `${scheme.toUpperCase()}_PROXY`;
    if (proxy === null) delete process.env[variable];
    else process.env[variable] = proxy.url.href;
  }
}

/** What is for this machine, or exempt, is asked directly; undefined: as the environment says. */
function exemptionsOf(proxies: ProxyVariables) {
  const isAny = Object.values(proxies).some(Boolean);
  return (target: string): Direct | undefined => {
    const url = isAny ? targetIn(target) : null;
    return url !== null && proxyOf(url, proxies) === null ? new Direct(url) : undefined;
  };
}

/** In the place of a proxy: none. */
class Direct {
  /** By this the runtime takes it for one (postman-collection, `ProxyConfig.isProxyConfig`). */
  static readonly _postman_propertyName = 'ProxyConfig';
  readonly host = '';
  /** The port of which the runtime asks what `localhost` is (postman-runtime, lib/requester/core.js). */
  readonly port: number;
  readonly tunnel = false;

  constructor({ port, protocol }: URL) {
    this.port = Number(port) || (protocol === 'https:' ? 443 : 80);
  }

  getProxyUrl(): false {
    return false;
  }
}
