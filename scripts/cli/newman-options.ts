import {
  BAIL,
  COLOR,
  COUNT,
  KEY_VALUE,
  OFF_SWITCH,
  OUTPUT_PATH,
  PATH,
  REPORTERS,
  SWITCH,
  TEXT,
} from './option-values.ts';

/** The options of `newman run` that only `collection` has, in its spelling and meaning (Newman 6, bin/newman.js). */
export const NEWMAN_OPTIONS = {
  folders: eachOfNewmans('--folder <path>', TEXT, 'folder or request to run, repeatable'),
  globals: newmans('-g, --globals <path>', PATH, 'Postman globals'),
  globalVars: eachOfNewmans('--global-var <key=value>', KEY_VALUE, 'global variable, repeatable; never a secret'),
  iterationData: newmans('-d, --iteration-data <path>', PATH, 'a row of variables for each iteration, CSV or JSON'),
  iterationCount: newmans('-n, --iteration-count <n>', COUNT, 'how many iterations'),
  delayRequestMs: newmans('--delay-request [n]', COUNT, 'milliseconds between two requests'),
  timeoutRequestMs: {
    ...newmans(
      '--timeout-request [n]',
      COUNT,
      'milliseconds for one request; iat: for an answer of the IdP (default: 30000)',
    ),
    commands: ['collection', 'iat'],
  },
  timeoutScriptMs: newmans('--timeout-script [n]', COUNT, 'milliseconds for one script'),
  bail: newmans('--bail [modifiers]', BAIL, 'end the run at the first failure'),
  ignoreRedirects: newmans('--ignore-redirects', SWITCH, 'do not follow redirects'),
  insecureFileRead: newmans('--no-insecure-file-read', OFF_SWITCH, 'read no file outside of the working directory'),
  sslClientCert: newmans('--ssl-client-cert <path>', PATH, 'client certificate (PEM)'),
  sslClientKey: newmans('--ssl-client-key <path>', PATH, 'its private key'),
  sslClientPassphrase: newmans('--ssl-client-passphrase <p>', TEXT, 'the passphrase of that key'),
  sslClientCertList: newmans('--ssl-client-cert-list <path>', PATH, 'client certificates for hosts (JSON)'),
  cookieJar: newmans('--cookie-jar <path>', PATH, "cookie jar (tough-cookie's JSON)"),
  exportEnvironment: newmans('--export-environment <path>', OUTPUT_PATH, 'write the environment, with its secrets'),
  exportGlobals: newmans('--export-globals <path>', OUTPUT_PATH, 'write the globals after the run, with their secrets'),
  exportCollection: newmans(
    '--export-collection <path>',
    OUTPUT_PATH,
    'write the collection after the run, with its secrets',
  ),
  reporters: newmans(
    '-r, --reporters [reporters]',
    REPORTERS,
    'cli, json, junit, html, htmlextra, or one that is installed',
  ),
  suppressExitCode: newmans('-x, --suppress-exit-code', SWITCH, 'end with 0 whatever happens'),
  silent: newmans('--silent', SWITCH, 'nothing on standard output'),
  color: newmans('--color <value>', COLOR, 'auto, on or off'),
  disableUnicode: newmans('--disable-unicode', SWITCH, 'plain signs only'),
  exportCookieJar: newmans('--export-cookie-jar <path>', OUTPUT_PATH, 'write the cookies after the run'),
} as const;

/** An option of `newman run`. */
function newmans<const Flags extends string, Value>(flags: Flags, value: Value, description: string) {
  return { flags, value, description, isNewmans: true, commands: ['collection'] } as const;
}

/** One that can be given several times. */
function eachOfNewmans<const Flags extends string, Value>(flags: Flags, value: Value, description: string) {
  return { ...newmans(flags, value, description), repeatable: true } as const;
}
