import { delimiter } from 'node:path';
import { CLUSTER_OPTIONS } from './cluster-options.ts';
import { ALL, type CommandName, IAT, RESTART, RUNS, STACK } from './commands.ts';
import { NEWMAN_OPTIONS } from './newman-options.ts';
import {
  BASE_URL,
  COUNT,
  ENGINE,
  HOST,
  JSON_POINTER,
  KEY_VALUE,
  OFF_SWITCH,
  type OptionValue,
  PATH,
  RESOLUTION,
  SECONDS,
  SERVICE_NAME,
  SWITCH,
  TEXT,
  VARIABLE_NAME,
  WRITE_TARGET,
} from './option-values.ts';

export interface OptionSpec {
  /** As in `--help`; `[name]` is an optional argument; without it the text is ''. */
  readonly flags: string;
  /** The environment variable that it reads as well. */
  readonly variable?: string;
  /** How the text becomes the setting. */
  readonly value: OptionValue<unknown, unknown>;
  /** Can be given several times; the setting is a list. */
  readonly repeatable?: true;
  /** What separates the items of a list in its variable, by what other variables hold ('' where one is not set). */
  readonly separator?: (variable: (name: string) => string) => string;
  /** The text in `--help`. It names the default where that is not a plain value. */
  readonly description: string;
  /** The text that counts where nothing was given. */
  readonly fallback?: string;
  /** The same for a command that has another default. */
  readonly fallbackOf?: Readonly<Partial<Record<CommandName, string>>>;
  /** One of `newman run`, in its spelling and meaning: the README names them together. */
  readonly isNewmans?: true;
  readonly commands: readonly CommandName[];
}

/**
 * Every option, by the name of its setting: flag, variable, default and how it is read are in its entry and nowhere else.
 * `Settings`, `--help` and the table in the README come from here.
 */
export const OPTIONS = {
  composeFiles: {
    flags: '-f, --compose-file <file>',
    variable: 'COMPOSE_FILE',
    value: PATH,
    repeatable: true,
    // Compose's own rule.
    separator: (variable) => variable('COMPOSE_PATH_SEPARATOR') || delimiter,
    description:
      "compose file, repeatable (default: docker-compose-authzen4.yml here, then in ../CRUDService, then compose's own names)",
    commands: [...STACK, 'init'],
  },
  service: {
    flags: '--service <name>',
    variable: 'IAT_SERVICE',
    value: SERVICE_NAME,
    description: 'compose service of the BFF',
    fallback: 'bff',
    commands: [...STACK, 'init'],
  },
  engine: {
    flags: '--engine <name>',
    variable: 'IAT_ENGINE',
    value: ENGINE,
    description: 'what runs the containers, docker or podman (default: the one that is there; docker where both are)',
    commands: STACK,
  },
  ...CLUSTER_OPTIONS,
  variable: {
    flags: '--variable <name>',
    variable: 'IAT_VARIABLE',
    value: VARIABLE_NAME,
    description: 'environment variable that takes the token',
    fallback: 'DCR_IAT',
    commands: STACK,
  },
  write: {
    flags: '--write <where>',
    variable: 'IAT_WRITE',
    value: WRITE_TARGET,
    description:
      'auto, compose or env-file; on a cluster auto, secret or own-secret; auto writes where the value comes from today',
    fallback: 'auto',
    commands: IAT,
  },
  collection: {
    flags: '--collection <file>',
    variable: 'IAT_COLLECTION',
    value: PATH,
    description: 'Postman collection, v2.0 or v2.1',
    fallback: 'collections/EmpowerNow.postman_collection.json',
    commands: RUNS,
  },
  environment: {
    flags: '-e, --environment <file>',
    variable: 'IAT_ENVIRONMENT',
    value: PATH,
    description: 'Postman environment export',
    commands: RUNS,
  },
  envVars: {
    flags: '--env-var <key=value>',
    value: KEY_VALUE,
    repeatable: true,
    description: 'Postman variable, repeatable; never a secret',
    commands: RUNS,
  },
  request: {
    flags: '--request <name>',
    variable: 'IAT_REQUEST',
    value: TEXT,
    description: 'the request that mints; Folder/Request where a name is not unique',
    fallback: 'DCR IAT',
    commands: IAT,
  },
  healthFolder: {
    flags: '--health-folder <name>',
    variable: 'IAT_HEALTH_FOLDER',
    value: TEXT,
    description: 'the folder that says whether the BFF is healthy',
    fallback: 'BFF Health',
    commands: ['iat', 'clear', 'doctor', 'health'],
  },
  idpUrl: {
    flags: '--idp-url <url>',
    variable: 'IAT_IDP_URL',
    value: BASE_URL,
    description: "base URL of the IdP (default: the collection's own)",
    commands: ['iat', 'doctor'],
  },
  bffUrl: {
    flags: '--bff-url <url>',
    variable: 'IAT_BFF_URL',
    value: BASE_URL,
    description: "base URL of the BFF (default: the collection's own)",
    commands: ['iat', 'clear', 'doctor', 'health'],
  },
  adminTokenFile: {
    flags: '--admin-token-file <file>',
    value: PATH,
    description:
      'file with the admin token, - for standard input (default: the variable IAT_ADMIN_TOKEN, else a hidden prompt)',
    commands: IAT,
  },
  label: {
    flags: '--label <text>',
    variable: 'IAT_LABEL',
    value: TEXT,
    description: "label of the token (default: the collection's, ms-bff bootstrap)",
    commands: IAT,
  },
  expiresIn: {
    flags: '--expires-in <seconds>',
    variable: 'IAT_EXPIRES_IN',
    value: COUNT,
    description: "lifetime of the token (default: the collection's, 3600)",
    commands: IAT,
  },
  maxUsages: {
    flags: '--max-usages <n>',
    variable: 'IAT_MAX_USAGES',
    value: COUNT,
    description: "how often the token can be used (default: the collection's, 1)",
    commands: IAT,
  },
  tokenPath: {
    flags: '--token-path <pointer>',
    variable: 'IAT_TOKEN_PATH',
    value: JSON_POINTER,
    description:
      'JSON Pointer to the token in the answer, such as /token (default: the members that IdPs are known to use)',
    commands: IAT,
  },
  tokenHeader: {
    flags: '--token-header <name>',
    variable: 'IAT_TOKEN_HEADER',
    value: TEXT,
    description: "header of the IdP's answer that holds the token",
    commands: IAT,
  },
  tokenVariable: {
    flags: '--token-variable <name>',
    variable: 'IAT_TOKEN_VARIABLE',
    value: TEXT,
    description: 'Postman variable in which a script leaves the token',
    commands: IAT,
  },
  login: {
    flags: '--login <name>',
    variable: 'IAT_LOGIN',
    value: TEXT,
    repeatable: true,
    // On lines of their own names may have commas.
    separator: (variable) => (/\n/.test(variable('IAT_LOGIN').trim()) ? '\n' : ','),
    description:
      'request or folder that runs before the mint in the same run and gets the admin token, repeatable (in IAT_LOGIN: commas or lines)',
    commands: IAT,
  },
  caFile: {
    flags: '--ca-file <file>',
    variable: 'IAT_CA_FILE',
    value: PATH,
    description: "certificate of the CA that signed the IdP's certificate (PEM, DER or PKCS#7)",
    commands: RUNS,
  },
  insecure: {
    flags: '-k, --insecure',
    variable: 'IAT_INSECURE',
    value: SWITCH,
    description: 'accept any certificate; warns, also in the report',
    commands: RUNS,
  },
  allowHttp: {
    flags: '--allow-http',
    variable: 'IAT_ALLOW_HTTP',
    value: SWITCH,
    description: 'plain http with the admin token, also beyond this machine',
    commands: IAT,
  },
  allowHosts: {
    flags: '--allow-host <host>',
    value: HOST,
    repeatable: true,
    description: 'another host for the mint, HOST or HOST:PORT, repeatable',
    commands: IAT,
  },
  resolve: {
    flags: '--resolve <host:port:address>',
    value: RESOLUTION,
    repeatable: true,
    description: 'the address of a host and port, as curl has it, repeatable',
    commands: RUNS,
  },
  parallel: {
    flags: '--parallel <n>',
    value: COUNT,
    description: 'how many folders or iterations run at the same time',
    fallback: '1',
    commands: ['collection'],
  },
  title: {
    flags: '--title <text>',
    value: TEXT,
    description: 'title of the report',
    commands: ['collection'],
  },
  list: {
    flags: '--list',
    value: SWITCH,
    description: 'only print what is in the collection and how it is named',
    commands: ['collection'],
  },
  watch: {
    flags: '--watch',
    value: SWITCH,
    description: 'collection: run again when one of its files changes; doctor: look again until nothing is wrong',
    commands: ['collection', 'doctor'],
  },
  ...NEWMAN_OPTIONS,
  workingDir: {
    flags: '--working-dir <dir>',
    value: PATH,
    description: 'where paths in requests start (default: here, else beside the collection)',
    commands: ['collection'],
  },
  timeoutMs: {
    flags: '--timeout <seconds>',
    variable: 'IAT_TIMEOUT',
    value: SECONDS,
    description: 'for the whole run; also with a unit, 60000ms; 3600 for collection, where 0 is none',
    fallback: '300',
    fallbackOf: { collection: '3600' },
    commands: RUNS,
  },
  healthTimeoutMs: {
    flags: '--health-timeout <seconds>',
    variable: 'IAT_HEALTH_TIMEOUT',
    value: SECONDS,
    description: 'from the restart until healthy',
    fallback: '120',
    commands: RESTART,
  },
  stableForMs: {
    flags: '--stable-for <seconds>',
    variable: 'IAT_STABLE_FOR',
    value: SECONDS,
    description: 'how long it then has to stay healthy',
    fallback: '10',
    commands: RESTART,
  },
  dryRun: {
    flags: '--dry-run',
    value: SWITCH,
    description: 'print the plan, the masked diff and the commands; change and mint nothing',
    commands: [...RESTART, 'init'],
  },
  yes: { flags: '-y, --yes', value: SWITCH, description: 'write without asking', commands: ['init'] },
  restart: {
    flags: '--no-restart',
    value: OFF_SWITCH,
    description: 'stop after writing',
    commands: IAT,
  },
  clear: {
    flags: '--clear',
    value: SWITCH,
    description: 'take the token out again at the end of a successful run, as npm run iat:clear does',
    commands: IAT,
  },
  noDeps: {
    flags: '--no-deps',
    value: SWITCH,
    description: 'restart the service alone, not what it depends on',
    commands: RESTART,
  },
  force: {
    flags: '--force',
    value: SWITCH,
    description: 'continue where a fresh token will not help, or Node.js would show secrets',
    commands: ALL,
  },
  logFile: {
    flags: '--log-file <file>',
    value: PATH,
    description: 'only read a saved log of the BFF, - for standard input; does not need Docker',
    commands: ['doctor'],
  },
  sandbox: {
    flags: '--sandbox',
    value: SWITCH,
    description: 'against the embedded sandbox: no Docker, no configuration, no network',
    commands: ['iat', 'doctor'],
  },
  onCluster: {
    flags: '--kubernetes',
    value: SWITCH,
    description: 'tell the story on a small cluster, through kubectl',
    commands: ['demo'],
  },
  fault: {
    flags: '--fault [name]',
    value: TEXT,
    description: 'show one fault; without a name, list all of them',
    commands: ['demo'],
  },
  reports: {
    flags: '--reports <dir>',
    variable: 'IAT_REPORTS',
    value: PATH,
    description: 'folder of the reports',
    fallback: 'reports',
    commands: [...ALL, 'reports'],
  },
  keep: {
    flags: '--keep <n>',
    variable: 'IAT_KEEP',
    value: COUNT,
    description: 'how many reports to keep in that folder; older ones are removed',
    fallback: '50',
    commands: ALL,
  },
  open: {
    flags: '--open',
    value: SWITCH,
    description: 'open the report in the browser at the end; never in a CI',
    commands: [...ALL, 'reports'],
  },
  json: {
    flags: '--json',
    value: SWITCH,
    description: 'the result as one JSON document on stdout, everything else on stderr',
    commands: [...RUNS, 'reports'],
  },
  verbose: {
    flags: '--verbose',
    value: SWITCH,
    description: 'notes of each step, and where an unexpected error came from',
    commands: ALL,
  },
  quiet: { flags: '--quiet', value: SWITCH, description: 'only failures and the verdict', commands: ALL },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;

/** What an option's texts become. */
export type SettingOf<Spec> = Spec extends { readonly value: OptionValue<infer T, infer Absent> }
  ?
      | (Spec extends { readonly repeatable: unknown } ? readonly T[] : T)
      | (Spec extends { readonly fallback: string } ? never : Absent)
  : never;
