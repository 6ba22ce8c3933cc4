/**
 * The one list of names that hold secrets by convention: of headers, of members in JSON and form bodies, of parameters and of
 * variables. Their values are masked in place (by-place.ts), and registered, so that they are masked elsewhere as well
 * (found.ts).
 */

/**
 * Whether what stands under this name is a secret: `admin_token`, `idpClientSecret`, `X-Functions-Key`, `SMTP_PASS`. Decided by
 * the last words of the name, because people put words before them.
 */
export function isSecretName(name: string): boolean {
  // The members of a long run's bodies have few names.
  let is = known.get(name);
  if (is === undefined) {
    is = judge(name);
    if (known.size < MOST_KNOWN && name.length <= LONGEST_NAME) known.set(name, is);
  }
  return is;
}

const known = new Map<string, boolean>();
const MOST_KNOWN = 5_000;

function judge(name: string): boolean {
  if (name.toLowerCase() === REQUEST_ID) return false;
  const words = wordsOf(name.length > LONGEST_NAME ? name.slice(-LONGEST_NAME) : name);
  const last = words.at(-1) ?? '';
  if (SECRET_WORDS.has(last) || SECRET_PAIRS.has(`${words.at(-2)} ${last}`)) return true;
  const plain = words.join('');
  return SECRET_ENDING.test(plain) || SECRET_PLAIN.has(plain);
}

/** A header or a variable whose value begins with the name of a scheme. */
export function isAuthorization(name: string): boolean {
  return /(?:^|[-_])authorization$/i.test(name);
}

/** A header that Postman adds to each request: an identifier, and no secret. */
const REQUEST_ID = 'postman-token';

/** Characters. What is before them does not matter. */
const LONGEST_NAME = 200;

/** The words of a name, in lower case, without what only says which one of several it is. */
function wordsOf(name: string): string[] {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  while (words.length > 1 && QUALIFIER.test(words.at(-1) ?? '')) words.pop();
  const last = words.pop() ?? '';
  return [...words, last.replace(/\d{1,4}$/, '') || last];
}

const QUALIFIER =
  /^(?:\d+|value|raw|base|base64|b64|hex|plain|plaintext|hash|hashed|encrypted|old|new|current|previous)$/;

const SECRET_WORDS: ReadonlySet<string> = new Set(
  (
    'token secret secrets password passwords passwd pass pwd passphrase passcode pin otp totp credential credentials creds ' +
    'auth authorization sas sig signature cookie cookies jwt assertion rat iat dsn apikey authkey bearer ssa'
  ).split(' '),
);

const KEY_KINDS =
  'access private signing encryption decryption secret api functions function subscription session fernet account storage ' +
  'auth shared master hmac cookie jwt application admin root deploy webhook role license';

const SECRET_PAIRS: ReadonlySet<string> = new Set([
  ...KEY_KINDS.split(' ').flatMap((kind) => [`${kind} key`, `${kind} keys`]),
  ...'device authorization auth verification recovery backup mfa'.split(' ').map((kind) => `${kind} code`),
  'connection string',
  'connection strings',
  'session id',
  'code verifier',
  'software statement',
  'saml response',
]);

/** Names that are written as one word. `code` is missing on purpose: in a body it is nearly always an error's code. */
const SECRET_ENDING =
  /(?:token|secret|password|passwd|passphrase|passcode|credentials?|(?:api|private|secret|access|signing|encryption|subscription|functions|account|storage|shared|master|session|fernet)key|sessionid|sessid|codeverifier|connectionstring)$/;

const SECRET_PLAIN: ReadonlySet<string> = new Set([
  'dpop',
  'csrf',
  'xsrf',
  'xcsrf',
  'xxsrf',
  'session',
  'xsession',
  'idtokenhint',
]);
