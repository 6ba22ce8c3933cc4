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
        // Else the runtime asks the environment, and sends what is for this machine to a proxy, too.
        const way = { ignoreProxyEnvironmentVariables: true, proxies: { resolve: toProxyConfig(proxies) } };
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

function toProxyConfig(proxies: ProxyVariables) {
  return (target: string): PersonalProxy | undefined => {
    const url = targetIn(target);
    const proxy = url && proxyOf(url, proxies);
    return proxy === null ? undefined : new PersonalProxy(proxy.url);
  };
}

/** Postman's own class knows no https, and shows its password to scripts as a part of their request. */
class PersonalProxy {
  /** By this the runtime knows it (postman-collection, `ProxyConfig.isProxyConfig`). */
  static readonly _postman_propertyName = 'ProxyConfig';
  readonly host: string;
  readonly port: number;
  readonly tunnel = false;
  readonly #url: URL;

  constructor(url: URL) {
    this.#url = url;
    this.host = url.hostname;
    this.port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  }

  getProxyUrl(): string {
    return this.#url.href;
  }
}
