import { pathToFileURL } from 'node:url';

/** A program that shows a file in the browser, with its arguments. */
export interface Opener {
  readonly file: string;
  readonly args: readonly string[];
}

/** What the choice depends on. */
export interface Desktop {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * How a page is opened in the browser here.
 *
 * @param path absolute
 * @returns the programs, of which the first that can be started does it; or why there is nobody to look at it, as a sentence
 */
export function openersFor(path: string, { platform, env }: Desktop): readonly Opener[] | string {
  // Azure Pipelines, Jenkins and TeamCity do not set CI.
  const ci = ['CI', 'TF_BUILD', 'JENKINS_URL', 'TEAMCITY_VERSION'].find((name) => env[name]);
  if (ci !== undefined) return `Nobody looks at a browser in a CI (${ci} is set).`;
  const url = (file: string) => pathToFileURL(file, { windows: platform === 'win32' }).href;
  if (platform === 'linux' && (env['WSL_DISTRO_NAME'] ?? '') !== '') {
    return [
      { file: 'wslview', args: [path] },
      fileHandler('rundll32.exe', windowsUrl(path, env['WSL_DISTRO_NAME'] ?? '')),
    ];
  }
  if (platform === 'win32' || platform === 'darwin') {
    // It would open on the screen of that machine, in front of somebody else.
    if (env['SSH_CONNECTION']) return 'This is a session over SSH.';
    if (platform === 'darwin') return [{ file: '/usr/bin/open', args: [path] }];
    const [, root = 'C:\\Windows'] = Object.entries(env).find(([name]) => /^systemroot$/i.test(name)) ?? [];
    return [fileHandler(`${root}\\System32\\rundll32.exe`, url(path))];
  }
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return 'There is no display here.';
  return [{ file: 'xdg-open', args: [path] }];
}

/**
 * No command interpreter reads the URL on this way, and none of its signs means anything; Explorer takes a URL that it does not
 * understand for a folder.
 */
function fileHandler(rundll32: string, url: string): Opener {
  return { file: rundll32, args: ['url.dll,FileProtocolHandler', url] };
}

/** Under which URL Windows reaches a file of its Linux (Microsoft, "Working across Windows and Linux file systems"). */
function windowsUrl(path: string, distribution: string): string {
  const [, drive, rest = ''] = /^\/mnt\/([a-z])\/(.*)$/.exec(path) ?? [];
  const where = drive === undefined ? `/wsl.localhost/${distribution}${path}` : `/${drive.toUpperCase()}:/${rest}`;
  return `file:${drive === undefined ? '/' : '//'}${pathToFileURL(where, { windows: false }).pathname}`;
}
