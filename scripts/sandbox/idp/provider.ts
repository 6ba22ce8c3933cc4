import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Context, errors, Provider, type Token } from 'oidc-provider';

/** What the IdP lets clients register. What is left out allows everything. */
export interface Policy {
  readonly allowedScopes?: readonly string[];
  readonly allowedRedirectUris?: readonly string[];
  readonly allowedAuthMethods?: readonly string[];
}

/** Seconds of life and number of registrations of an Initial Access Token. */
export interface IatTerms {
  readonly expiresIn: number;
  readonly maxUsages: number;
}

export type RegistrationProvider = ReturnType<typeof createProvider>;

const POLICY = 'sandbox';

/**
 * A real OpenID provider whose registration needs an Initial Access Token (RFC 7591 §3), with management (RFC 7592).
 *
 * @param policy asked at every registration, so that a fault may change it
 */
export function createProvider(issuer: string, policy: () => Policy) {
  const uses = createUseCounter();
  const provider = new Provider(
    issuer,
    configurationFor((context, properties) => {
      verifyAllowed(properties, policy());
      uses.claim(context);
    }),
  );
  provider.on('registration_create.success', (context) => uses.settle(context));
  provider.on('registration_create.error', (context) => uses.giveBack(context));
  provider.on('server_error', (_context, error) => console.error(`IdP: ${error.stack ?? error.message}`));
  return {
    handle: provider.callback(),
    async mintIat({ expiresIn, maxUsages }: IatTerms): Promise<string> {
      const token = new provider.InitialAccessToken({ expiresIn, policies: [POLICY] });
      const value = await token.save();
      uses.allow(token, maxUsages);
      return value;
    },
    /** A fresh Registration Access Token; null: no such client. */
    async mintRat(clientId: string): Promise<string | null> {
      if ((await provider.Client.find(clientId)) === undefined) return null;
      return new provider.RegistrationAccessToken({ clientId, policies: [POLICY] }).save();
    },
  };
}

/**
 * oidc-provider lets an Initial Access Token be used without limit; here its last use destroys it. A use is claimed before
 * the client is stored, because requests that come at once have all found the token by then.
 */
function createUseCounter() {
  const left = new Map<string, number>();
  const claimed = new WeakSet<Context>();
  const change = (token: Token, by: number) => left.set(token.jti, (left.get(token.jti) ?? 0) + by);
  return {
    allow: (token: Token, uses: number) => void left.set(token.jti, uses),
    claim(context: Context) {
      const token = context.oidc.entities.InitialAccessToken;
      if (token === undefined) return;
      if ((left.get(token.jti) ?? 0) <= 0) throw new errors.InvalidToken('initial access token is used up');
      change(token, -1);
      claimed.add(context);
    },
    settle(context: Context) {
      const token = context.oidc.entities.InitialAccessToken;
      if (token !== undefined && left.get(token.jti) === 0) void token.destroy();
    },
    giveBack(context: Context) {
      const token = context.oidc.entities.InitialAccessToken;
      if (token !== undefined && claimed.delete(context)) change(token, 1);
    },
  };
}

/** @param policy throws where a registration is not allowed */
function configurationFor(policy: (context: Context, properties: Readonly<Record<string, unknown>>) => void): object {
  const storage = new Map<string, object>();
  return {
    adapter: (model: string) => createAdapter(storage, model),
    // An EC key: an RSA one takes longer to make than everything else here together.
    jwks: { keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    // No grace period: the default would keep accepting an expired token for 15 seconds.
    clockTolerance: 0,
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    clientAuthMethods: ['private_key_jwt', 'client_secret_post', 'client_secret_basic'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
    // The default logs a notice about itself.
    ttl: { ClientCredentials: 600 },
    routes: { registration: '/register' },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: {
        enabled: true,
        initialAccessToken: true,
        policies: { [POLICY]: policy },
        // The BFF asks for its own client id, as EmpowerNow's IdP lets it.
        idFactory: (context: Context) => String(context.oidc.body?.['client_id'] ?? randomBytes(12).toString('hex')),
      },
      registrationManagement: { enabled: true },
    },
  };
}

function verifyAllowed(properties: Readonly<Record<string, unknown>>, policy: Policy): void {
  const refuse = (error: string, description: string) => {
    throw new errors.CustomOIDCProviderError(error, description);
  };
  const scope = firstForbidden(String(properties['scope'] ?? '').split(' '), policy.allowedScopes);
  if (scope) refuse('invalid_scope', `scope ${scope} is not in policy.allowed_scopes`);
  const uri = firstForbidden(properties['redirect_uris'], policy.allowedRedirectUris);
  if (uri) refuse('invalid_redirect_uri', `redirect_uri ${uri} is not allowed`);
  const method = firstForbidden([properties['token_endpoint_auth_method']], policy.allowedAuthMethods);
  if (method) refuse('invalid_client_metadata', `token_endpoint_auth_method ${method} is not acceptable`);
}

function firstForbidden(values: unknown, allowed?: readonly string[]): string | undefined {
  if (allowed === undefined || !Array.isArray(values)) return undefined;
  return values.map(String).find((value) => value !== '' && !allowed.includes(value));
}

/** Storage in memory, one per IdP; oidc-provider's own is shared by all providers of a process. */
function createAdapter(storage: Map<string, object>, model: string) {
  const key = (id: string) => `${model}:${id}`;
  return {
    async upsert(id: string, payload: object) {
      storage.set(key(id), payload);
    },
    async find(id: string) {
      return storage.get(key(id));
    },
    async destroy(id: string) {
      storage.delete(key(id));
    },
  };
}
