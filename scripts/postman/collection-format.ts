/** A folder or a request of a Postman collection v2.0/2.1; only the members that this project reads. */
export interface Item {
  readonly id?: string;
  readonly name?: string;
  readonly item?: readonly Item[];
  readonly request?: Request;
  readonly event?: readonly Script[];
  readonly auth?: Auth | null;
  readonly variable?: readonly Variable[];
  readonly description?: Description;
  /** Postman's settings for the requests below it. */
  readonly protocolProfileBehavior?: {
    readonly disableBodyPruning?: boolean;
    readonly strictSSL?: boolean;
    readonly [name: string]: unknown;
  } | null;
}

export interface Request {
  readonly method?: string;
  readonly url?: string | Url;
  /** As text: one header a line. */
  readonly header?: string | readonly (Row | string)[];
  readonly body?: Body | null;
  readonly auth?: Auth | null;
  readonly certificate?: { readonly passphrase?: unknown } | null;
  readonly proxy?: unknown;
  readonly description?: Description;
}

/** Markdown, as it is or with its type. */
type Description = string | { readonly content?: unknown } | null;

/** A URL in its parts. `raw` is optional in v2.1, and Newman does not read it. */
export interface Url {
  readonly raw?: string;
  readonly protocol?: string;
  readonly auth?: { readonly user?: string; readonly password?: string } | null;
  readonly host?: string | readonly string[];
  readonly port?: string | number;
  /** A segment `:id` is a path variable. */
  readonly path?: string | readonly (string | { readonly value?: string })[];
  readonly query?: string | readonly Row[];
  readonly hash?: string;
  /** The values of the path variables. */
  readonly variable?: readonly Variable[];
}

/** Only the member that `mode` names is sent. */
interface Body {
  readonly mode?: string;
  readonly disabled?: boolean;
  readonly raw?: string;
  readonly urlencoded?: string | readonly Row[];
  readonly formdata?: string | readonly Row[];
  readonly graphql?: unknown;
  readonly file?: unknown;
}

/** A header, a query parameter, a field of a form. */
export interface Row {
  readonly key?: string | null;
  readonly value?: unknown;
  /** The file that a form sends. */
  readonly src?: unknown;
  readonly disabled?: boolean;
}

/** `{"type": "bearer", "bearer": [{"key": "token", "value": "…"}]}`; v2.0 has an object instead of the list. */
export interface Auth {
  readonly type?: string;
  readonly bearer?: readonly { readonly key?: string; readonly value?: unknown }[] | Readonly<Record<string, unknown>>;
  readonly [type: string]: unknown;
}

export interface Script {
  readonly listen?: string;
  readonly disabled?: boolean;
  readonly script?: { readonly exec?: string | readonly string[] } | string;
}

export interface Variable {
  readonly key?: string;
  readonly id?: string;
  readonly value?: unknown;
  readonly type?: string;
  readonly disabled?: boolean;
  readonly enabled?: boolean;
}

export interface Collection extends Item {
  readonly info: {
    readonly name?: string;
    readonly schema?: string;
    readonly version?: unknown;
    readonly _postman_id?: string;
  };
  readonly item: readonly Item[];
}

/** An item and where it is in the collection. */
export interface Place {
  readonly item: Item;
  /** The names of the folders around it, outermost first. */
  readonly folders: readonly string[];
  /** The collection and the folders around the item, outermost first: scripts, auth and variables come from them too. */
  readonly around: readonly Item[];
}
