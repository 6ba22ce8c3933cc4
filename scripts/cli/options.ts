import { ALL, type CommandName, IAT, RESTART, RUNS } from './commands.ts';

/** How a value's text becomes a setting. */
export type Kind = 'text' | 'url' | 'file' | 'name' | 'write' | 'seconds' | 'count' | 'pointer' | 'switch' | 'list';

export interface OptionSpec {
  /** As in `--help`. */
  readonly flags: string;
  /** The environment variable that it reads as well. */
  readonly variable?: string;
  readonly kind: Kind;
  /** What stands in `--help`; the default is named in the text where it is not a plain value. */
  readonly description: string;
  readonly fallback?: string;
  readonly commands: readonly CommandName[];
}

/** Every option of design and README; flag, variable and default stand here and nowhere else. */
export const OPTIONS = {
  composeFile: {
    flags: '-f, --compose-file <file>',
    variable: 'COMPOSE_FILE',
    kind: 'list',
    description:
      "compose file, repeatable (default: the first that exists of docker-compose-authzen4.yml, ../CRUDService/docker-compose-authzen4.yml, compose's own names)",
    commands: RESTART,
  },
  service: {
    flags: '--service <name>',
    variable: 'IAT_SERVICE',
    kind: 'name',
    description: 'compose service of the BFF',
    fallback: 'bff',
    commands: RESTART,
  },
  variable: {
    flags: '--variable <name>',
    variable: 'IAT_VARIABLE',
    kind: 'name',
    description: 'environment variable that takes the token',
    fallback: 'DCR_IAT',
    commands: RESTART,
  },
  write: {
    flags: '--write <where>',
    variable: 'IAT_WRITE',
    kind: 'write',
    description: 'auto, compose or env-file; auto writes where the value comes from today',
    fallback: 'auto',
    commands: IAT,
  },
  collection: {
    flags: '--collection <file>',
    variable: 'IAT_COLLECTION',
    kind: 'file',
    description: 'Postman collection, v2.0 or v2.1',
    fallback: 'collections/EmpowerNow.postman_collection.json',
    commands: RUNS,
  },
  environment: {
    flags: '-e, --environment <file>',
    variable: 'IAT_ENVIRONMENT',
    kind: 'file',
    description: 'Postman environment export',
    commands: RUNS,
  },
  envVar: {
    flags: '--env-var <key=value>',
    kind: 'list',
    description: 'Postman variable, repeatable; never a secret',
    commands: RUNS,
  },
  request: {
    flags: '--request <name>',
    variable: 'IAT_REQUEST',
    kind: 'text',
    description: 'the request that mints; Folder/Request where a name is not unique',
    fallback: 'DCR IAT',
    commands: IAT,
  },
  healthFolder: {
    flags: '--health-folder <name>',
    variable: 'IAT_HEALTH_FOLDER',
    kind: 'text',
    description: 'the folder that says whether the BFF is healthy',
    fallback: 'BFF Health',
    commands: ['iat', 'clear', 'health'],
  },
  idpUrl: {
    flags: '--idp-url <url>',
    variable: 'IAT_IDP_URL',
    kind: 'url',
    description: "base URL of the IdP (default: the collection's own)",
    commands: IAT,
  },
  bffUrl: {
    flags: '--bff-url <url>',
    variable: 'IAT_BFF_URL',
    kind: 'url',
    description: "base URL of the BFF (default: the collection's own)",
    commands: ['iat', 'clear', 'health'],
  },
  adminTokenFile: {
    flags: '--admin-token-file <file>',
    kind: 'file',
    description:
      'file with the admin token, - for standard input (default: the variable IAT_ADMIN_TOKEN, else a hidden prompt)',
    commands: IAT,
  },
  label: {
    flags: '--label <text>',
    variable: 'IAT_LABEL',
    kind: 'text',
    description: "label of the token (default: the collection's, ms-bff bootstrap)",
    commands: IAT,
  },
  expiresIn: {
    flags: '--expires-in <seconds>',
    variable: 'IAT_EXPIRES_IN',
    kind: 'count',
    description: "life of the token (default: the collection's, 3600)",
    commands: IAT,
  },
  maxUsages: {
    flags: '--max-usages <n>',
    variable: 'IAT_MAX_USAGES',
    kind: 'count',
    description: "how often the token can be used (default: the collection's, 1)",
    commands: IAT,
  },
  tokenPath: {
    flags: '--token-path <pointer>',
    variable: 'IAT_TOKEN_PATH',
    kind: 'pointer',
    description: 'JSON Pointer to the token in the answer, as /token (default: the members that IdPs are known to use)',
    commands: IAT,
  },
  caFile: {
    flags: '--ca-file <file>',
    variable: 'IAT_CA_FILE',
    kind: 'file',
    description: "PEM file of the CA that signed the IdP's certificate",
    commands: RUNS,
  },
  insecure: {
    flags: '--insecure',
    variable: 'IAT_INSECURE',
    kind: 'switch',
    description: 'accept any certificate; loud, and stands in the report',
    commands: RUNS,
  },
  allowHttp: {
    flags: '--allow-http',
    variable: 'IAT_ALLOW_HTTP',
    kind: 'switch',
    description: 'send the admin token over plain http to a host that is not this machine',
    commands: IAT,
  },
  timeout: {
    flags: '--timeout <seconds>',
    variable: 'IAT_TIMEOUT',
    kind: 'seconds',
    description: 'for the whole run',
    fallback: '300',
    commands: RUNS,
  },
  healthTimeout: {
    flags: '--health-timeout <seconds>',
    variable: 'IAT_HEALTH_TIMEOUT',
    kind: 'seconds',
    description: 'from the restart until healthy',
    fallback: '120',
    commands: RESTART,
  },
  stableFor: {
    flags: '--stable-for <seconds>',
    variable: 'IAT_STABLE_FOR',
    kind: 'seconds',
    description: 'how long it then has to stay healthy',
    fallback: '10',
    commands: RESTART,
  },
  dryRun: {
    flags: '--dry-run',
    kind: 'switch',
    description: 'print the plan, the masked diff and the commands; change and mint nothing',
    commands: RESTART,
  },
  noRestart: {
    flags: '--no-restart',
    kind: 'switch',
    description: 'stop after writing',
    commands: IAT,
  },
  clear: {
    flags: '--clear',
    kind: 'switch',
    description: 'take the token out again at the end of a successful run, as npm run iat:clear does',
    commands: IAT,
  },
  noDeps: {
    flags: '--no-deps',
    kind: 'switch',
    description: 'restart the service alone, not what it depends on',
    commands: RESTART,
  },
  sandbox: {
    flags: '--sandbox',
    kind: 'switch',
    description: 'against the embedded sandbox: no Docker, no configuration, no network',
    commands: IAT,
  },
  reports: {
    flags: '--reports <dir>',
    variable: 'IAT_REPORTS',
    kind: 'file',
    description: 'folder of the reports',
    fallback: 'reports',
    commands: ALL,
  },
  keep: {
    flags: '--keep <n>',
    variable: 'IAT_KEEP',
    kind: 'count',
    description: 'how many reports stay in that folder; the oldest beyond them are removed',
    fallback: '50',
    commands: ALL,
  },
  json: {
    flags: '--json',
    kind: 'switch',
    description: 'the result as one JSON document on stdout, everything else on stderr',
    commands: RUNS,
  },
  verbose: {
    flags: '--verbose',
    kind: 'switch',
    description: 'notes of each step, and where an unexpected error came from',
    commands: ALL,
  },
  quiet: { flags: '--quiet', kind: 'switch', description: 'only failures and the verdict', commands: ALL },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;
