import { resolve, sep } from 'node:path';
import { parseResolution } from '../core/resolve.ts';

/** How the text of an option becomes a setting. */
export interface OptionValue<T, Absent = null> {
  /** What a text has to be, as in "… is not a whole number from 1". */
  readonly wanted: string;
  /**
   * The setting that a text means; undefined where it is not what is wanted.
   *
   * @param base the absolute path that a relative path starts from
   */
  read(text: string, base: string): T | undefined;
  /** The setting where nothing was given and there is no default; without this, null. */
  readonly absent?: Absent;
  /** What an error shows instead of a bad text; without this, the text itself. */
  conceal?(text: string): string;
  /** What completion offers, where only a few texts are wanted. */
  readonly choices?: readonly string[];
  /** Several of the choices may stand in one text, with commas between them. */
  readonly isList?: true;
}

/** The long flag of an option, by its flags as in `--help`: `--compose-file` of `-f, --compose-file <file>`. */
export function flagOf({ flags }: { readonly flags: string }): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

export const TEXT: OptionValue<string> = { wanted: 'a text', read: (text) => text };

/** An absolute path, or `-` for standard input. What Newman would download is no path here. */
export const PATH: OptionValue<string> = {
  wanted: 'a path: download it first, and name the file',
  read: (text, base) => (text === '-' ? text : isUrl(text) ? undefined : resolve(base, text)),
  // A key for an API may be in it.
  conceal: (text) => text.replace(/^(https?:\/\/)[^/@]*@/i, '$1***@').replace(/\?.*$/s, '?…'),
};

/** Where a file is to be written: a separator at the end says that it is a folder. */
export const OUTPUT_PATH: OptionValue<string> = {
  wanted: 'a path',
  read: (text, base) => resolve(base, text) + (/[\\/]$/.test(text) ? sep : ''),
};

/** Where a file is named, and a URL was given. */
export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

export const SERVICE_NAME = matching(/^[A-Za-z0-9_][\w.-]*$/, 'a name of letters, digits, _, . and -');
export const VARIABLE_NAME = matching(/^[A-Za-z_]\w*$/, 'the name of a variable');

/** RFC 6901, and not the whole document, which no token is. */
export const JSON_POINTER = matching(/^(?:\/(?:[^~/]|~[01])*)+$/, 'a JSON Pointer such as /token');

/** NAME, or KIND/NAME. Which kinds there are is the cluster's to say. */
export const WORKLOAD: OptionValue<string> = matching(
  /^(?:[A-Za-z][A-Za-z0-9.]*\/)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/,
  'NAME or KIND/NAME, such as deployment/bff',
);

const WRITE_TARGETS = ['auto', 'compose', 'env-file', 'secret', 'own-secret'] as const;

export const WRITE_TARGET: OptionValue<(typeof WRITE_TARGETS)[number]> = {
  wanted: 'auto, compose or env-file, or on a cluster auto, secret or own-secret',
  choices: WRITE_TARGETS,
  read: (text) => WRITE_TARGETS.find((each) => each === text),
};

const ENGINES = ['docker', 'podman'] as const;

export const ENGINE: OptionValue<(typeof ENGINES)[number]> = {
  wanted: 'docker or podman',
  choices: ENGINES,
  read: (text) => ENGINES.find((each) => each === text),
};

/** Paths are appended to it. A query or a fragment would swallow them, and a password would be shown everywhere. */
export const BASE_URL: OptionValue<string> = {
  wanted: 'an http:// or https:// URL without user, password, query and fragment',
  read(text) {
    if (!URL.canParse(text) || /[?#]/.test(text)) return undefined;
    const { protocol, username, password } = new URL(text);
    return /^https?:$/.test(protocol) && username === '' && password === '' ? text : undefined;
  },
  conceal: (text) => text.replace(/\/\/[^/@]*@/, '//***@'),
};

/** HOST or HOST:PORT, without the port where it is https's own. */
export const HOST: OptionValue<string, readonly []> = {
  wanted: 'HOST or HOST:PORT, such as login.example.com',
  read(text) {
    const host = /^[\da-f]*:[\da-f]*:[\da-f:.]*$/i.test(text) ? `[${text}]` : text;
    const url = /^[^\s/?#@\\%]+$/.test(host) && URL.canParse(`https://${host}`) ? new URL(`https://${host}`) : null;
    return url === null || url.hostname === '' ? undefined : url.host;
  },
  absent: [],
};

/** As curl's `--resolve` has it; what it takes back with a leading `-`, nobody has said here. */
export const RESOLUTION: OptionValue<string> = {
  wanted: 'HOST:PORT:ADDRESS, such as idp.example.com:443:10.0.0.7 or *:443:[fd00::7]',
  read: (text) => (parseResolution(text) === null ? undefined : text),
};

/** Milliseconds, from seconds or from a number with its unit, up to a day. */
export const SECONDS: OptionValue<number> = {
  wanted: 'a number of seconds up to 86400, or one with its unit: 60000ms, 60s, 5m',
  read(text) {
    const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
    const ms = Number(number) * UNITS[unit as keyof typeof UNITS];
    return ms <= 86_400_000 ? ms : undefined;
  },
};

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

export const COUNT: OptionValue<number> = {
  wanted: 'a whole number from 1',
  read: (text) => (/^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined),
};

/** `--bail`, with or without Newman's modifiers. */
export const BAIL: OptionValue<readonly ('failure' | 'folder')[]> = {
  wanted: 'failure or folder',
  choices: ['failure', 'folder'],
  isList: true,
  read(text) {
    const parts = text === '' ? ['failure'] : text.split(',').map((part) => part.trim());
    return parts.every((part) => part === 'failure' || part === 'folder')
      ? (parts as ('failure' | 'folder')[])
      : undefined;
  },
};

/** Newman's `--color`. */
export const COLOR: OptionValue<'auto' | 'on' | 'off'> = {
  wanted: 'auto, on or off',
  choices: ['auto', 'on', 'off'],
  read: (text) => (text === 'auto' || text === 'on' || text === 'off' ? text : undefined),
};

/** Names of reporters with commas between them; Newman's default is `cli`. */
export const REPORTERS: OptionValue<readonly string[]> = {
  wanted: 'names of reporters with commas between them',
  choices: ['cli', 'json', 'junit', 'html', 'htmlextra'],
  isList: true,
  read(text) {
    const names = text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const isName = (name: string) => /^(?:@[\w.-]+\/)?[\w.-]+$/.test(name);
    return names.every(isName) ? (names.length === 0 ? ['cli'] : names) : undefined;
  },
};

export const SWITCH: OptionValue<boolean, false> = { wanted: 'true or false', read: readSwitch, absent: false };

/** A flag that switches off what is on by default. */
export const OFF_SWITCH: OptionValue<boolean, true> = {
  wanted: 'true or false',
  read(text) {
    const isGiven = readSwitch(text);
    return isGiven === undefined ? undefined : !isGiven;
  },
  absent: true,
};

/** A Postman variable. What was typed may be a secret after all, so an error does not repeat it. */
export const KEY_VALUE: OptionValue<{ readonly name: string; readonly value: string }, readonly []> = {
  wanted: 'KEY=VALUE, such as bff_kid=bff-sig-001',
  read(text) {
    const at = text.indexOf('=');
    return at > 0 ? { name: text.slice(0, at), value: text.slice(at + 1) } : undefined;
  },
  absent: [],
  conceal: () => '***',
};

function matching(pattern: RegExp, wanted: string): OptionValue<string> {
  return { wanted, read: (text) => (pattern.test(text) ? text : undefined) };
}

function readSwitch(text: string): boolean | undefined {
  if (/^(?:true|1|yes|on)$/i.test(text)) return true;
  return /^(?:false|0|no|off|)$/i.test(text) ? false : undefined;
}
