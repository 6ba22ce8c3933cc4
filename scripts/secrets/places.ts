/**
 * Places that hold secrets by convention: names of headers, of members in JSON and form bodies, of parameters and variables.
 * Their values are masked in place (by-place.ts), and registered, so that they are masked elsewhere as well (found.ts).
 */

/** A member of a JSON or form body, a parameter of a URL, or a variable. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(plainOf(name));
}

/** A variable: `admin_token`, `idpClientSecret`, `BFF_DCR_IAT`. Decided by the end of its name, because people put words before it. */
export function isSecretVariable(name: string): boolean {
  return isSecretName(name) || SECRET_ENDING.test(name) || SECRET_ENDING_PLAIN.test(plainOf(name));
}

/** A header whose whole value is secret. Cookies and Authorization are not among them: they hold more than a secret. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADER.test(name.toLowerCase());
}

export function isAuthorization(header: string): boolean {
  return /^(?:proxy-)?authorization$/i.test(header);
}

/** In lower case, without hyphens and underscores. */
function plainOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

const SECRET_HEADER =
  /^(?:x-)?(?:api-?key|auth(?:-token|-key)?|access-token|csrf-token|xsrf-token|amz-security-token|vault-token|gitlab-token|client-secret|session(?:-id|-token)?|token|secret)$/;

/** As `plainOf` writes them. `code` is missing on purpose: in a body it is nearly always an error's code. */
const SECRET_NAMES = new Set(
  (
    'accesstoken refreshtoken idtoken idtokenhint registrationaccesstoken initialaccesstoken admintoken bearertoken authtoken ' +
    'sessiontoken csrftoken token jwt dcriat clientsecret clientassertion assertion password passwd passphrase pwd secret ' +
    'secretkey apikey xapikey privatekey credential credentials authorization codeverifier devicecode sessionid cookie'
  ).split(' '),
);

const SECRET_ENDING = /(?:^|[_.-])(?:iat|rat|jwt)$/i;
const SECRET_ENDING_PLAIN = /(?:token|secret|password|passwd|passphrase|apikey|privatekey|credentials?)$/;
