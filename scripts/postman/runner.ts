import { type ProxyVariables, proxyOf } from '../core/proxy.ts';
import type { FileResolver } from './body-files.ts';
import type { NewmanModule, NewmanRun, NewmanSummary } from './newman-types.ts';

/** What Newman does not hand on to its runtime. */
interface Additions {
  readonly files: FileResolver;
  readonly proxies: ProxyVariables;
  /** Whether options of a `.newmanrc` count that are not given. */
  readonly readsRc: boolean;
}

/** Newman, with the part of it that reads `.newmanrc`. */
export type Newman = Awaited<ReturnType<typeof loadNewman>>;

/** Takes half a second. */
export async function loadNewman() {
  const [module, { default: rcFile }] = await Promise.all([
    import('newman') as unknown as Promise<NewmanModule>,
    // @ts-expect-error It has no types.
    import('newman/lib/config/rc-file.js') as Promise<{ default: RcFile }>,
  ]);
  return { run: (module.default ?? module).run, rcFile };
}

/** Starts a run. Its files, its proxies and the options of its user's `.newmanrc` are decided here and nowhere else. */
export function startNewman(
  { run: start, rcFile }: Newman,
  options: object,
  { files, proxies, readsRc }: Additions,
  done: (error: unknown, summary: NewmanSummary | undefined) => void,
): NewmanRun {
  const additions = {
    fileResolver: files,
    // Newman's runtime would ask the environment, and for this machine, too.
    ignoreProxyEnvironmentVariables: true,
    proxies: { resolve: (url: string) => toProxyConfig(url, proxies) },
  };
  const { load } = rcFile;
  // Of the working directory, of the home folder and of /etc: Newman reads them for a library, too.
  if (!readsRc) rcFile.load = (ready) => setImmediate(ready, null, {});
  const run = start(options, done);
  rcFile.load = load;
  // The runner is set when the options are read, right before it is started.
  Object.defineProperty(run, 'runner', {
    set(runner: Runner) {
      const begin = runner.run.bind(runner);
      runner.run = (collection, given, callback) => begin(collection, { ...given, ...additions }, callback);
    },
  });
  return run;
}

interface RcFile {
  load(done: (error: null, options: object) => void): void;
}

interface Runner {
  run(collection: unknown, options: object, callback: unknown): void;
}

function toProxyConfig(target: string, proxies: ProxyVariables): PersonalProxy | undefined {
  const proxy = URL.canParse(target) ? proxyOf(new URL(target), proxies) : null;
  return proxy === null ? undefined : new PersonalProxy(proxy.url);
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
