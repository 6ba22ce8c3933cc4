/** What the sandbox uses of oidc-provider 8, which ships without types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  /** A stored token; `save` stores it and gives its value. */
  interface Token {
    readonly jti: string;
    save(): Promise<string>;
    destroy(): Promise<void>;
  }

  interface TokenClass {
    new (payload: { clientId?: string; expiresIn?: number; policies?: readonly string[] }): Token;
  }

  interface Context {
    readonly oidc: {
      readonly body?: Readonly<Record<string, unknown>>;
      readonly entities: { readonly InitialAccessToken?: Token };
    };
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly InitialAccessToken: TokenClass;
    readonly RegistrationAccessToken: TokenClass;
    readonly Client: { find(id: string): Promise<object | undefined> };
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    on(event: 'registration_create.success' | 'registration_create.error', listener: (context: Context) => void): void;
    on(event: 'server_error', listener: (context: Context, error: Error) => void): void;
  }

  export const errors: {
    /** Answers 400 with `error` and `error_description`. */
    readonly CustomOIDCProviderError: new (
      error: string,
      description: string,
    ) => Error;
    /** Answers 401 `invalid_token`. */
    readonly InvalidToken: new (
      detail: string,
    ) => Error;
  };
}
