import { type Connection, connectionOf } from './connection.ts';

/** What the BFF said about its cached credentials in this start: it uses them, or it registers anew. */
export type Mode = 'cached' | 'register' | null;

/** What one statement of a log says, read once and matched against every signature. */
export interface Facts {
  /** The statement without the BFF's standing advice to get a new RAT or IAT. */
  readonly text: string;
  /** The advice was there: the bootstrap failed, for whatever reason. */
  readonly hint: boolean;
  /** A request that the BFF served: its status says nothing about the bootstrap. */
  readonly served: boolean;
  /** It will be tried again. */
  readonly retry: boolean;
  /** Logged as information: tells of a state, not of a failure. */
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
  readonly mode: Mode;
}

/** What is known besides the statement itself. */
export interface Surroundings {
  readonly mode: Mode;
  /** Host names of the IdP, lower case: from `IDP_BASE_URL`, and from the log's own registration URLs. */
  readonly idpHosts: ReadonlySet<string>;
  /** Files that a traceback went through. */
  readonly frames: string;
  /** `DCR_CLIENT_ID`; '' where it is not known. */
  readonly clientId: string;
}

export function factsOf(statement: string, around: Surroundings): Facts {
  const text = statement.replace(HINT, ' ').replace(ADVICE, ' ').replace(ZERO, ' ');
  const iat =
    IAT.test(text) || IAT_IN_WORDS.test(text) || (/(?<![\w])iats?(?! claim|[\w=])/.test(text) && DCR.test(text));
  const rat = RAT.test(text) || RAT_IN_WORDS.test(text);
  const bootstrap = BOOTSTRAP.test(text) && !KAFKA.test(text);
  const dcr = iat || rat || bootstrap || DCR.test(text) || /dcr_bootstrap/.test(around.frames);
  const place = placeOf(text, dcr, around.idpHosts);
  return {
    text,
    hint: statement.search(HINT) >= 0,
    served: isServed(text) || SERVING.test(text),
    retry: isRetried(text),
    quiet: isQuiet(text),
    own: OWN.test(text) || (around.clientId !== '' && text.includes(around.clientId)),
    dcr,
    iat,
    rat,
    method: METHOD.exec(text)?.slice(1).find(Boolean)?.toUpperCase() ?? null,
    status: statusOf(text),
    endpoint: place.endpoint,
    host: place.host,
    atIdp: place.idp,
    error: ERROR.exec(text)?.[1] ?? null,
    connection: connectionOf(text, { ...around, dcr, idp: place.idp }),
    mode: around.mode,
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

/** Logged as information or for debugging. */
export function isQuiet(text: string): boolean {
  return QUIET.test(text);
}

function isRetried(text: string): boolean {
  if (
    /giving up|exhausted|no more (?:retries|attempts)|not retr|last attempt|after \d+ (?:attempts|retries|tries)/i.test(
      text,
    )
  )
    return false;
  const attempt = /\battempt[ =:#]*(\d+)(?:\s*(?:of|\/)\s*(\d+))?/i.exec(text);
  if (attempt?.[2] !== undefined) return Number(attempt[1]) < Number(attempt[2]);
  return /(?<!max |max_)\bretry(?:ing)?\b(?! count)|will try again|trying again|next attempt|back(?:ing)? ?off|\brenewing\b|(?:attempting|trying)(?: to)? (?:auto-?)?renew|waiting (?:for|until)\b/i.test(
    text,
  );
}

function statusOf(text: string): number | null {
  const found = STATUS.exec(text)?.slice(1).find(Boolean);
  return found === undefined ? null : Number(found);
}

interface Place {
  readonly endpoint: Facts['endpoint'];
  readonly host: string | null;
  readonly idp: boolean;
}

/** Which endpoint the statement is about: the first telling URL in it. */
function placeOf(text: string, dcr: boolean, idpHosts: ReadonlySet<string>): Place {
  let place: Place = { endpoint: null, host: null, idp: false };
  for (const found of text.matchAll(URLS)) {
    const host = (found[1] ?? '').replace(/:\d+$/, '').toLowerCase();
    const path = (found[2] ?? found[3] ?? found[4] ?? '').replace(/[?#].*$/, '').replace(/[),.;:]+$/, '');
    if (DOCUMENTATION.test(host)) continue;
    const idp = idpHosts.has(host) || IDP_HOST.test(host) || IDP_PATH.test(path);
    const endpoint = endpointOf(path, dcr || idp);
    if (place.endpoint === null || (place.endpoint === 'other' && endpoint !== 'other')) {
      place = { endpoint, host: host === '' ? null : host, idp };
    }
  }
  return place;
}

function endpointOf(path: string, likely: boolean): Facts['endpoint'] {
  const registration = REGISTRATION.exec(path);
  if (registration !== null && likely) return registration[1] === undefined ? 'register' : 'client';
  return /\/(?:token|access_token)\/?$/.test(path) && likely ? 'token' : 'other';
}

/** The advice that the BFF prints after any failure, up to where it ends. Nothing can be learnt from what it names. */
const HINT =
  /(?<![a-z])(?:get|obtain|request|issue|mint|provision|create|generate|need)s?\s+(?:an?\s+)?(?:new|fresh)\s+(?:RAT|IAT|DCR|initial[ _-]access|registration[ _-]access)(?:(?:(?![.;]\s|["'}])[^\n]){0,140}?\bDCR_IAT\b|(?:(?![.;]\s|["'}])[^\n]){0,160})/gi;
const KAFKA = /kafka|brokers?\b|BrokerConnection|:9092|\b9092\b/i;
/** Clauses about what one may do or check: they say nothing about what is. */
const ADVICE =
  /(?:(?:^|[.;,:]\s+|\s-\s)(?:[Ii]f|[Uu]nless|[Ww]hen)\s|\bIf\s|\b(?:[Ee]nsure|[Mm]ake sure|[Pp]lease check|[Cc]heck (?:that|whether|if)|[Ss]ee (?:if|whether))\s)(?:(?![.;]\s)[^\n]){0,300}/g;
/** A metric that counts nothing. */
const ZERO = /\b\w+\{[^}]{0,200}\}\s+0(?:\.0*)?(?=\s|$)/g;
const IAT = /(?<![A-Za-z])IATs?(?![A-Za-z])(?! claim)/;
const IAT_IN_WORDS =
  /dcr_iat|initial[ _-]?access[ _-]?token|(?<![a-z])iat_(?:missing|invalid|expired|rejected|used)|(?<![a-z])(?:no|missing|invalid|expired)_iat/i;
const RAT = /(?<![A-Za-z])RATs?(?![A-Za-z])/;
const RAT_IN_WORDS = /registration[ _-]?access[ _-]?token|(?<![a-z])rat_(?:invalid|expired|rejected|cached|renew)/i;
const QUIET =
  /^\W*(?:INFO|DEBUG)\b|\s-\s(?:INFO|DEBUG)\s-\s|\blevel(?:name)?=(?:info|debug)\b|\[(?:info|debug)\s*\]|^\w+\s+(?:INFO|DEBUG)\b/i;
const OWN = /registered\W.*bff|(?<![a-z])dcr(?![a-z])|oauth|\boidc\b|\bidp\b|dynamic|\bclient_id\b/i;
const DCR =
  /(?<![a-z])dcr(?![a-z])|dynamic[ _-](?:client|registration)|client[ _-]regist(?:ration|ered)|regist(?:er|ering|ered)[ _-](?:(?:oauth2?|oidc|bff|new|the|this)[ _-])*client|bff_client\.json|jwks[ _]rotation|\bregistrationerror\b|(?:^|[^\w\s]\s*|\b(?:idp|the|that|error|warning|critical|fatal)\s)registration[ _-](?:failed|error|request|response|endpoint|rejected|refused|denied)(?! for (?:user|account|tenant|device|event))/i;
const BOOTSTRAP =
  /(?<!importlib\._?)(?<!node_id=)bootstrap(?!ping? css|_external|[ _.-]?(?:servers?|brokers?|from)|[\w.-]*\.(?:css|js|min))/i;
const ACCESS = /"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/\S* HTTP\/[\d.]+"[ ,:-]*\d{3}/;
const SERVED_FIELDS =
  /\b(?:duration|latency|elapsed|took|process_time|client_ip|client_addr|client_host|remote_addr|user_agent|peer)\w*=/i;
/** Faults while a request was served, not while the BFF started. */
const SERVING = /Exception in ASGI application|Exception in WSGI/;
const METHOD = /\b(GET|POST|PUT|PATCH|DELETE)\b|\bmethod["']?[=:]\s*["']?(get|post|put|patch|delete)\b/;
const STATUS =
  /HTTP\/[\d.]+"?\s+"?([2-5]\d\d)\b|\bstatus(?:[ _-]?code)?["']?\s*(?:[=:]|is|of|was)?\s*["'[(]?([2-5]\d\d)\b|\b([2-5]\d\d),? (?:OK|Created|Bad Request|Unauthori[sz]ed|Forbidden|Not Found|Conflict|Too Many|Internal Server|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time|Client Error|Server Error|message=|invalid_|insufficient_)|\bHTTP(?: error| status)?[ :=]+([2-5]\d\d)\b|\b(?:returned|responded(?: with)?|answered(?: with)?|got|response|failed(?: with)?|rejected(?: with)?|error|code|PATCH|POST|PUT|GET|DELETE)(?: (?:an?|status|HTTP))*["']?\s*[:=>(-]*\s*["']?([2-5]\d\d)\b(?!\s*(?:ms|s\b|sec|bytes|rows|items))|[([]([2-5]\d\d)[)\]]|(?:->|=>|→)\s*([2-5]\d\d)\b/i;
const ERROR =
  /(?<![\w-])(invalid_token|invalid_scope|invalid_redirect_uri|invalid_client_metadata|invalid_client|insufficient_scope|invalid_request|invalid_grant|access_denied|unauthorized_client|expired_token|token_expired|server_error|temporarily_unavailable|invalid_software_statement|unapproved_software_statement)s?(?![\w-])/;
const URLS =
  /\bhttps?:\/\/([^\s/"'<>()[\]{}?#,]+)([^\s"'<>()[\]{},]*)|\b(?:GET|POST|PUT|PATCH|DELETE)["']?\s+(?:to\s+)?["']?(\/[^\s"',)]*)|\b(?:path|url|uri|endpoint|target)["']?\s*[=:]\s*["']?(\/[^\s"',)]*)/g;
const DOCUMENTATION =
  /(?:^|\.)(?:mozilla\.org|httpstatuses\.(?:com|io)|pydantic\.dev|python-httpx\.org|readthedocs\.io|python\.org|w3\.org|ietf\.org|rfc-editor\.org|github\.com)$/;
const IDP_HOST = /(?:^|[.-])(?:idp|oidc|keycloak)(?=$|[.:-])/;
const IDP_PATH = /\/(?:oidc|openid-connect|oauth2?|\.well-known\/(?:openid|oauth))|\/clients-registrations/;
const REGISTRATION =
  /\/(?:register|registration|reg|clients-registrations\/(?:openid-connect|default)|dcr(?=\/?$))(?:\/([^/]+))?\/?$/;
