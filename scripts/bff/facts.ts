import { type Bearer, bearerIn } from './bearer.ts';
import { type Connection, connectionOf, IDP_HOST } from './connection.ts';
import { isElsewhere } from './elsewhere.ts';
import { anyOf, pattern, within } from './patterns.ts';

/** What the BFF said about its cached credentials in this start: it uses them, or it registers again. */
export type Mode = 'cached' | 'register' | null;

/** What one statement of a log says, read once and matched against every signature. */
export interface Facts {
  /** The statement without the BFF's general advice to get a new RAT or IAT. */
  readonly text: string;
  /** The advice was there: the bootstrap failed, for whatever reason. */
  readonly hint: boolean;
  /** A request that the BFF served: its status says nothing about the bootstrap. */
  readonly served: boolean;
  /** It will be tried again. */
  readonly retry: boolean;
  /** Logged as information: reports a state, not a failure. */
  readonly quiet: boolean;
  /** A client that it names is the BFF's own at the IdP. */
  readonly own: boolean;
  /** Speaks of DCR, the bootstrap, client registration or its tokens. */
  readonly dcr: boolean;
  readonly iat: boolean;
  readonly rat: boolean;
  readonly method: string | null;
  readonly status: number | null;
  /** `register`: the registration endpoint; `client`: a registered client's own (RFC 7592); null: no URL. */
  readonly endpoint: 'register' | 'client' | 'token' | 'other' | null;
  /** The host of that URL, in lower case, without its port. */
  readonly host: string | null;
  /** That URL is the IdP's. */
  readonly atIdp: boolean;
  /** The first error code of RFC 6749, 6750 or 7591. */
  readonly error: string | null;
  readonly connection: Connection | null;
  /** Of the token that a request to the IdP carries. */
  readonly bearer: Bearer;
  readonly mode: Mode;
  /** Files that a traceback went through. */
  readonly frames: string;
}

/** What is known besides the statement itself. */
export interface StatementContext {
  readonly mode: Mode;
  /** Host names of the IdP, lower case: from `IDP_BASE_URL`, and from the log's own registration URLs. */
  readonly idpHosts: ReadonlySet<string>;
  /** Files that a traceback went through. */
  readonly frames: string;
  /** `DCR_CLIENT_ID`; '' where it is not known. */
  readonly clientId: string;
}

export function factsOf(statement: string, context: StatementContext): Facts {
  const text = statement.replace(HINT, ' ').replace(ADVICE, ' ').replace(ZERO, ' ');
  const iat =
    IAT.test(text) || IAT_IN_WORDS.test(text) || (/(?<![\w])iats?(?! claim|[\w=])/.test(text) && DCR.test(text));
  const rat = RAT.test(text) || RAT_IN_WORDS.test(text);
  const bootstrap = BOOTSTRAP.test(text) && !KAFKA.test(text);
  const dcr = iat || rat || bootstrap || DCR.test(text) || /dcr_bootstrap/.test(context.frames);
  const url = urlIn(text, dcr, context.idpHosts);
  const method = METHOD.exec(text)?.slice(1).find(Boolean)?.toUpperCase() ?? null;
  const status = Number(STATUS.exec(text)?.slice(1).find(Boolean)) || null;
  const { mode, frames } = context;
  const about = { text, dcr, rat, method, status, ...url, mode, frames };
  return {
    ...about,
    hint: statement.search(HINT) >= 0,
    served: isWhileServing(text),
    retry: isRetried(text),
    quiet: QUIET.test(text),
    own: OWN.test(text) || (context.clientId !== '' && text.includes(context.clientId)),
    iat,
    error: ERROR.exec(text)?.[1] ?? null,
    connection: connectionOf(text, { ...context, dcr, idp: url.atIdp, elsewhere: isElsewhere(about) }),
    bearer: bearerIn(text, about),
  };
}

/** A line of the BFF's own access log, plain or as fields; not what an HTTP client logs about a request that it made. */
export function isServed(text: string): boolean {
  const request = ACCESS.exec(text);
  if (request !== null)
    return !/https?:\/\/\S{1,255} $/.test(text.slice(Math.max(0, request.index - 264), request.index));
  if (/\b(?:user|user_id|username|session_id)=/.test(text) && /\bpath=\/(?!\S*(?:register|token))/.test(text))
    return true;
  return /\bmethod=\w+/.test(text) && /\bpath=\//.test(text) && SERVED_FIELDS.test(text) && !DCR.test(text);
}

/** Of a request that the BFF served: a line of its access log, or a fault meanwhile. */
export function isWhileServing(text: string): boolean {
  return isServed(text) || SERVING.test(text);
}

/** It will be tried again. */
export function isRetried(text: string): boolean {
  if (GIVES_UP.test(text)) return false;
  const attempt = /\battempt[ =:#]*(\d+)(?:\s*(?:of|\/)\s*(\d+))?/i.exec(text);
  if (attempt?.[2] !== undefined) return Number(attempt[1]) < Number(attempt[2]);
  return RETRIES.test(text);
}

/** The URL that the statement is about: the first one of an endpoint that matters, else the first one. */
function urlIn(text: string, dcr: boolean, idpHosts: ReadonlySet<string>): Pick<Facts, 'endpoint' | 'host' | 'atIdp'> {
  let url: ReturnType<typeof urlIn> = { endpoint: null, host: null, atIdp: false };
  for (const found of text.matchAll(URLS)) {
    const host = (found[1] ?? '').replace(/:\d+$/, '').toLowerCase();
    const path = (found[2] ?? found[3] ?? found[4] ?? '').replace(/[?#].*$/, '').replace(/(?<![),.;:])[),.;:]+$/, '');
    if (DOCUMENTATION.test(host)) continue;
    const atIdp = idpHosts.has(host) || IDP_HOST.test(host) || IDP_PATH.test(path);
    const endpoint = endpointOf(path, dcr || atIdp);
    if (url.endpoint === null || (url.endpoint === 'other' && endpoint !== 'other'))
      url = { endpoint, host: host === '' ? null : host, atIdp };
  }
  return url;
}

function endpointOf(path: string, likely: boolean): Facts['endpoint'] {
  const registration = REGISTRATION.exec(path);
  if (registration !== null && likely) return registration[1] === undefined ? 'register' : 'client';
  return /\/(?:token|access_token)\/?$/.test(path) && likely ? 'token' : 'other';
}

const GIVES_UP = anyOf(
  /giving up|exhausted|not retr|last attempt/i,
  /no more (?:retries|attempts)|after \d+ (?:attempts|retries|tries)/i,
);
const RETRIES = anyOf(
  /(?<!max |max_)\bretry(?:ing)?\b(?! count)|will try again|trying again|next attempt|back(?:ing)? ?off/i,
  /\brenewing\b|(?:attempting|trying)(?: to)? (?:auto-?)?renew|waiting (?:for|until)\b/i,
);
const GET = /(?<![a-z])(?:get|obtain|request|issue|mint|provision|create|generate|need)s?/;
const ANOTHER_TOKEN = /(?:an?\s+)?(?:new|fresh)\s+(?:RAT|IAT|DCR|initial[ _-]access|registration[ _-]access)/;
/** Up to the variable that takes the token, else up to the end of the sentence or of the JSON text. */
const UP_TO_DCR_IAT = /(?:(?![.;]\s|["'}])[^\n]){0,140}?\bDCR_IAT\b|(?:(?![.;]\s|["'}])[^\n]){0,160}/;
/** The advice that the BFF prints after any failure, up to where it ends. What it names says nothing about the failure. */
const HINT = new RegExp(pattern`${GET}\s+${ANOTHER_TOKEN}${UP_TO_DCR_IAT}`, 'gi');
const KAFKA = /kafka|brokers?\b|BrokerConnection|:9092|\b9092\b/i;
/** Where a clause begins about what one may do or check. */
const ADVISING = anyOf(
  /(?:^|[.;,:]\s+|\s-\s)(?:[Ii]f|[Uu]nless|[Ww]hen)\s/,
  /\bIf\s/,
  /\b(?:[Ee]nsure|[Mm]ake sure|[Pp]lease check|[Cc]heck (?:that|whether|if)|[Ss]ee (?:if|whether))\s/,
);
/** Clauses of advice: they say nothing about what is. */
const ADVICE = new RegExp(`(?:${ADVISING.source})${within(300)}`, 'g');
/** A metric that counts nothing. */
const ZERO = /\b\w+\{[^}]{0,200}\}\s+0(?:\.0*)?(?=\s|$)/g;
const IAT = /(?<![A-Za-z])IATs?(?![A-Za-z])(?! claim)/;
const IAT_IN_WORDS = anyOf(
  /dcr_iat|initial[ _-]?access[ _-]?token/i,
  /(?<![a-z])iat_(?:missing|invalid|expired|rejected|used)/i,
  /(?<![a-z])(?:no|missing|invalid|expired)_iat/i,
);
const RAT = /(?<![A-Za-z])RATs?(?![A-Za-z])/;
const RAT_IN_WORDS = /registration[ _-]?access[ _-]?token|(?<![a-z])rat_(?:invalid|expired|rejected|cached|renew)/i;
/** Logged as information or for debugging. */
export const QUIET = anyOf(
  /^\W*(?:INFO|DEBUG)\b/i,
  /\s-\s(?:INFO|DEBUG)\s-\s/i,
  /\blevel(?:name)?=(?:info|debug)\b/i,
  /\[(?:info|debug)\s*\]/i,
  /^\w+\s+(?:INFO|DEBUG)\b/i,
);
const OWN = /registered\W.{0,300}bff|(?<![a-z])dcr(?![a-z])|oauth|\boidc\b|\bidp\b|dynamic|\bclient_id\b/i;
/** What comes before "registration" where no other word says of what: the start of a clause, or one of these words. */
const CLAUSE = /(?:^|[^\w\s]\s*|\b(?:idp|the|that|error|warning|critical|fatal)\s)/;
const OF_A_REQUEST = /failed|error|request|response|endpoint|rejected|refused|denied/;
const DCR = anyOf(
  /(?<![a-z])dcr(?![a-z])|dynamic[ _-](?:client|registration)|bff_client\.json|jwks[ _]rotation/i,
  /client[ _-]regist(?:ration|ered)|\bregistrationerror\b/i,
  /regist(?:er|ering|ered)[ _-](?:(?:oauth2?|oidc|bff|new|the|this)[ _-])*client/i,
  pattern`${CLAUSE}registration[ _-]${OF_A_REQUEST}(?! for (?:user|account|tenant|device|event))`,
);
/** What follows where another thing is called bootstrap: Kafka's servers, a style sheet. */
const OF_OTHERS = /ping? css|_external|[ _.-]?(?:servers?|brokers?|from)|[\w.-]{0,64}\.(?:css|js|min)/;
const BOOTSTRAP = pattern`(?<!importlib\._?)(?<!node_id=)bootstrap(?!${OF_OTHERS})`;
const ACCESS = /"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/\S* HTTP\/[\d.]+"[ ,:-]*\d{3}/;
const SERVED_FIELDS = anyOf(
  /\b(?:duration|latency|elapsed|took|process_time)\w*=/i,
  /\b(?:client_ip|client_addr|client_host|remote_addr|user_agent|peer)\w*=/i,
);
/** Faults while a request was served, not while the BFF started. */
const SERVING = /Exception in ASGI application|Exception in WSGI/;
const METHOD = /\b(GET|POST|PUT|PATCH|DELETE)\b|\bmethod["']?[=:]\s*["']?(get|post|put|patch|delete)\b/;
/** What follows a status that comes with its reason. */
const STATUS_WORDS = anyOf(
  /OK|Created|Bad Request|Unauthori[sz]ed|Forbidden|Not Found|Conflict|Too Many|Internal Server|Bad Gateway/,
  /Service (?:Temporarily )?Unavailable|Gateway Time|Client Error|Server Error|message=|invalid_|insufficient_/,
);
/** What comes before a status that a sentence reports. */
const ANSWERED = anyOf(
  /returned|responded(?: with)?|answered(?: with)?|got|response|failed(?: with)?|rejected(?: with)?|error|code/,
  /PATCH|POST|PUT|GET|DELETE/,
);
const UNITS = /ms|s\b|sec|bytes|rows|items/;
const STATUS = anyOf(
  /HTTP\/[\d.]+"?\s+"?([2-5]\d\d)\b/i,
  /\bstatus(?:[ _-]?code)?["']?\s{0,9}(?:[=:]|is|of|was)?\s{0,9}["'[(]?([2-5]\d\d)\b/i,
  pattern`\b([2-5]\d\d),? ${STATUS_WORDS}`,
  /\bHTTP(?: error| status)?[ :=]+([2-5]\d\d)\b/i,
  pattern`\b${ANSWERED}(?: (?:an?|status|HTTP)){0,4}["']?\s{0,9}[:=>(-]{0,9}\s{0,9}["']?([2-5]\d\d)\b(?!\s*${UNITS})`,
  /(?:Error|Exception|Refused|Rejected): ["'(]{0,2}([2-5]\d\d)\b/i,
  // Behind a URL
  /\b(?:GET|POST|PUT|PATCH|DELETE) https?:\/\/\S{1,500} ([2-5]\d\d)\b(?!\s*ms)/i,
  // Before a body
  /[\s:]([2-5]\d\d)[:,]? ?[{<]/,
  /[([]([2-5]\d\d)[)\]]/i,
  /(?:->|=>|→)\s*([2-5]\d\d)\b/i,
);
/** RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7591 §3.2.2, and two that servers made up. */
const ERROR_CODES = anyOf(
  /invalid_token|insufficient_scope|expired_token|token_expired|unsupported_token_type/,
  /invalid_redirect_uri|invalid_client_metadata|invalid_software_statement|unapproved_software_statement/,
  /invalid_scope|invalid_client|invalid_request|invalid_grant|access_denied|unauthorized_client/,
  /server_error|temporarily_unavailable/,
);
const ERROR = new RegExp(`(?<![\\w-])(${ERROR_CODES.source})s?(?![\\w-])`);
const URLS = new RegExp(
  anyOf(
    /\bhttps?:\/\/([^\s/"'<>()[\]{}?#,]+)([^\s"'<>()[\]{},]*)/,
    /\b(?:GET|POST|PUT|PATCH|DELETE)["']?\s+(?:to\s+)?["']?(\/[^\s"',)]*)/,
    /\b(?:path|url|uri|endpoint|target)["']?\s*[=:]\s*["']?(\/[^\s"',)]*)/,
  ),
  'g',
);
/** Pages that messages of libraries point to. */
const DOCUMENTATION = anyOf(
  /(?:^|\.)(?:mozilla|python|w3|ietf|rfc-editor|python-httpx)\.org$/,
  /(?:^|\.)(?:httpstatuses\.(?:com|io)|pydantic\.dev|readthedocs\.io|github\.com)$/,
);
const IDP_PATH = /\/(?:oidc|openid-connect|oauth2?|\.well-known\/(?:openid|oauth))|\/clients-registrations/;
const ENDPOINTS = /register|registration|reg|clients-registrations\/(?:openid-connect|default)|dcr(?=\/?$)/;
/** The registration endpoint, and a client's own below it: `/register`, `/clients-registrations/default/ab12`. */
const REGISTRATION = pattern`/(?:${ENDPOINTS})(?:/([^/]+))?/?$`;
