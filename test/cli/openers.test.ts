import { describe, expect, test } from 'vitest';
import { openersFor } from '../../scripts/cli/openers.ts';

const LINUX = '/srv/qa/my reports/a&b #1/index.html';
const X11 = { DISPLAY: ':0' };

describe('a page is opened', () => {
  test.for([
    ['linux', LINUX, X11, [['xdg-open', LINUX]]],
    ['linux', LINUX, { WAYLAND_DISPLAY: 'wayland-0' }, [['xdg-open', LINUX]]],
    ['freebsd', LINUX, X11, [['xdg-open', LINUX]]],
    ['darwin', '/Volumes/qa/r/index.html', {}, [['/usr/bin/open', '/Volumes/qa/r/index.html']]],
    [
      'win32',
      'C:\\work q\\a\\100%&(x)^\\index.html',
      { SYSTEMROOT: 'D:\\Win' },
      [
        [
          'D:\\Win\\System32\\rundll32.exe',
          'url.dll,FileProtocolHandler',
          'file:///C:/work%20q/a/100%25&(x)%5E/index.html',
        ],
      ],
    ],
    [
      'win32',
      '\\\\server\\share\\index.html',
      {},
      [['C:\\Windows\\System32\\rundll32.exe', 'url.dll,FileProtocolHandler', 'file://server/share/index.html']],
    ],
    [
      'linux',
      '/srv/q a/index.html',
      { WSL_DISTRO_NAME: 'Ubuntu-22.04' },
      [
        ['wslview', '/srv/q a/index.html'],
        ['rundll32.exe', 'url.dll,FileProtocolHandler', 'file://wsl.localhost/Ubuntu-22.04/srv/q%20a/index.html'],
      ],
    ],
    [
      'linux',
      '/mnt/c/src/index.html',
      { WSL_DISTRO_NAME: 'Debian', ...X11 },
      [
        ['wslview', '/mnt/c/src/index.html'],
        ['rundll32.exe', 'url.dll,FileProtocolHandler', 'file:///C:/src/index.html'],
      ],
    ],
  ] as [NodeJS.Platform, string, Record<string, string>, string[][]][])(
    '%s: %s with %j',
    ([platform, path, env, wanted]) => {
      const openers = openersFor(path, { platform, env });
      if (typeof openers === 'string') throw new Error(openers);
      expect(openers.map(({ file, args }) => [file, ...args])).toEqual(wanted);
    },
  );
});

describe('a page is not opened', () => {
  test.for([
    ['linux', {}, 'There is no display here.'],
    ['linux', { DISPLAY: '', WAYLAND_DISPLAY: '' }, 'There is no display here.'],
    ['linux', { ...X11, CI: 'true' }, 'Nobody looks at a browser in a CI (CI is set).'],
    ['win32', { TF_BUILD: 'True' }, 'Nobody looks at a browser in a CI (TF_BUILD is set).'],
    ['darwin', { JENKINS_URL: 'https://ci.test' }, 'Nobody looks at a browser in a CI (JENKINS_URL is set).'],
    ['darwin', { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, 'This is a session over SSH.'],
    ['win32', { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, 'This is a session over SSH.'],
  ] as [NodeJS.Platform, Record<string, string>, string][])('%s with %j', ([platform, env, why]) => {
    expect(openersFor(platform === 'win32' ? 'C:\\r\\index.html' : LINUX, { platform, env })).toBe(why);
  });
});
