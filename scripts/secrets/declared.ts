import { isSecretName } from './places.ts';

/** A variable of a collection, a folder, or a Postman environment. */
export interface DeclaredVariable {
  readonly name: string;
  readonly value: string;
  /** `type: secret` in Postman: a secret whatever its name and its value look like. */
  readonly isMarked: boolean;
}

/** An auth block of Postman: its type ("basic", "oauth2") and its parameters, with variables filled in. */
export interface AuthParameters {
  readonly type: string;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
}

/** All that a collection and an environment declare before anything runs, in no particular order. */
export interface Declarations {
  readonly variables: readonly DeclaredVariable[];
  readonly auths: readonly AuthParameters[];
  /** Passphrases of client certificates. */
  readonly passphrases: readonly string[];
  /** Names of variables that are sent as credentials. */
  readonly credentials: ReadonlySet<string>;
}

export interface DeclaredSecret {
  readonly value: string;
  /** What it is, for people: "basic password", "client_secret". */
  readonly label: string;
  /** As in `DeclaredVariable`. */
  readonly isMarked: boolean;
}

/** The declared values that are secret: variables marked or named so, parameters of auth blocks, passphrases. */
export function declaredSecrets({ variables, auths, passphrases, credentials }: Declarations): DeclaredSecret[] {
  return [
    ...variables
      .filter(({ name, isMarked }) => isMarked || isSecretName(name) || credentials.has(name))
      .map(({ name, value, isMarked }) => ({ value, label: name, isMarked })),
    ...auths.flatMap(secretsInAuth).map((secret) => ({ ...secret, isMarked: false })),
    ...passphrases.map((value) => ({ value, label: 'passphrase', isMarked: false })),
  ].filter(({ value }) => value !== '');
}

/** The secret parameters of an auth block of any type. */
export function secretsInAuth({ type, parameters }: AuthParameters): Omit<DeclaredSecret, 'isMarked'>[] {
  return (
    parameters
      // In the block of an API key the secret is called `value`; elsewhere that would be anything.
      .filter(
        ({ name }) => SECRET_PARAMETERS.has(name) || isSecretName(name) || (type === 'apikey' && name === 'value'),
      )
      .map(({ name, value }) => ({ value, label: `${type} ${name}` }))
  );
}

/** Of basic, bearer, digest, ntlm, oauth1, oauth2, hawk, awsv4, edgegrid, jwt and asap, as Postman names them. */
const SECRET_PARAMETERS = new Set(
  (
    'password token accessToken refreshToken idToken clientSecret clientToken consumerSecret tokenSecret privateKey ' +
    'authKey secretKey sessionToken secret code codeVerifier code_verifier'
  ).split(' '),
);
