import { BEARER_WORDS } from './bearer.ts';
import { ELSEWHERE_WORDS } from './elsewhere.ts';
import type { Facts } from './facts.ts';
import { anyOf, pattern, within } from './patterns.ts';
import { WRONG_WAY_WORDS } from './wrong-way.ts';

/**
 * `sure`: the statement says it by itself. `in-context`: it may mean this, and counts only close to statements about the
 * bootstrap, before the BFF is up. Between the two, `unknown` is the honest answer.
 */
export type Strength = 'sure' | 'in-context';

/** What a statement has to say to count as one thing. A request that the BFF served never counts. */
export interface Matcher {
  /** A line that has none of any matcher's words is not read. In plain text, they are found the fastest. */
  readonly words: RegExp;
  /** Further words, for which only those lines are searched that may be a reason anyway, since they speak of an error. */
  readonly wordsOfErrors?: RegExp;
  /** Its words count only in a line with such a number, too. */
  readonly number?: RegExp;
  /** Says it in words, and then it is sure. */
  readonly says?: RegExp;
  /** Its words count only where this holds. */
  readonly where?: (facts: Facts) => boolean;
  /** Speaks of something else, whatever the rest finds. */
  readonly unless?: RegExp;
  /** What its status, URL, error code or connection say where its words do not decide. */
  readonly shows?: (facts: Facts) => Strength | null;
}

/** How surely a statement means it; null: it does not. */
export function match({ says, where, unless, shows }: Matcher, facts: Facts): Strength | null {
  const { text, served } = facts;
  if (served || unless?.test(text)) return null;
  if (says?.test(text) && (where === undefined || where(facts))) return 'sure';
  return shows?.(facts) ?? null;
}

/** Words of the IAT. */
const IAT_WORDS = anyOf(
  /dcr_iat|initial access|initial_access|initial-access|initialaccess/i,
  /(?<![a-z])iats?(?![a-z])/,
);

/** Words of every statement about the bootstrap; the reader follows its course by them. */
export const BOOTSTRAP_WORDS = anyOf(
  IAT_WORDS,
  /(?<![a-z])rats?(?![a-z])|dcr|bootstrap|regist|reg\b|dynamic client|dynamic_client|dynamic-client|bff_client/,
);

/** Words of every failed connection. */
export const CONNECTION_WORDS = anyOf(
  /connect|refused|reset|reach|route to|retries|errno|winerror|protocolerror|readerror|writeerror/i,
  /certificate|ssl|tls|handshake|issuer|mismatch|doesn't match|wrong_version/,
  /not known|nodename|getaddrinfo|gaierror|resol|no such host|no address|enotfound|eai_again|dns/,
  /timeout|time out|timed out|timedout|time-out/,
);

/** The bootstrap did not reach the IdP. A bare failure may be anything's: Redis, Kafka, the policy service. */
export const UNREACHABLE: Matcher = {
  words: anyOf(CONNECTION_WORDS, /idp_base_url/),
  wordsOfErrors: anyOf(WRONG_WAY_WORDS, ELSEWHERE_WORDS),
  shows({ connection, dcr }) {
    if (connection?.target === 'unnamed') return dcr ? 'sure' : 'in-context';
    return connection?.target === 'idp' ? 'sure' : null;
  },
};

export const SERVER_ERROR: Matcher = {
  words: anyOf(BOOTSTRAP_WORDS, /idp|oidc|identity provider|openid|oauth|:\/\//i),
  number: /(?<!\d)5\d\d\b/,
  shows({ status, dcr, endpoint, text, connection, atIdp }) {
    if (status === null || status < 500 || connection?.target === 'redis') return null;
    if (endpoint === 'register' || endpoint === 'client' || endpoint === 'token') return 'sure';
    if (endpoint === null) return dcr || /\bidp\b|identity provider|\boidc\b/i.test(text) ? 'sure' : null;
    return atIdp || dcr ? 'sure' : null;
  },
};

/** Names no URL and nothing but the error: a line of an answer's body, a line under a headline. */
export function isBare({ endpoint, text }: Facts): boolean {
  return (
    endpoint === null &&
    !/\b(?:user|session|request|path|tenant|order|webhook|tool|api)[\w.]*["']?\s*[=:]/i.test(text) &&
    !/\/api\/|\bsession\b|\buser\b/i.test(text)
  );
}

/** Speaks of what could be, not of what is. */
const GENERAL = /\bmeans\b|not expired|\bwhether\b/i;
const TOKEN_BAD = anyOf(
  /expired|invalid|malformed|not (?:an? )?valid|no longer (?:valid|accepted)|rejected|revoked|refused|not accepted/i,
  /already (?:been )?(?:used|consumed)|used[ _-]up|exhausted|inactive|not active|unknown|not recogni[sz]ed/i,
  /max[ _]?(?:imum)?[ _-]usages?[ _](?:reached|exceeded)|usage limit|usages? exceeded|unauthori[sz]ed/i,
  /(?:bad|wrong|unexpected) format|format (?:error|is (?:wrong|invalid))|not enough segments|signature/i,
  /(?:contains|holds|has) (?:an? |the )?(?:illegal |invalid |leading |trailing )*(?:white ?space|blank|space|newline|line break|character|quote)/i,
  /must not (?:contain|start|have|be quoted)|starts? with ["'\x60]?bearer|is quoted|placeholder|paste_token_here|should (?:have at|match)/i,
  /cannot be (?:decoded|parsed)|could not be (?:decoded|parsed|verified)|fail(?:s|ed) (?:validation|verification)/i,
);
const IAT = /(?<![A-Za-z])IAT(?![A-Za-z])|dcr_iat|initial[ _-]?access[ _-]?token|(?<![a-z])iat/i;
const RAT = /(?<![A-Za-z])RAT(?![A-Za-z])|registration[ _-]access[ _-]token|(?<![a-z])rat(?![a-z])/i;
const IAT_BAD = isBad(IAT);
const RAT_BAD = isBad(RAT);
const RAT_OR_IAT = /\bRATs?\s*(?:\/|or|and)\s*IAT|\bIATs?\s*(?:\/|or|and)\s*RAT/i;

/** Says of that token that it is bad, in either order. */
function isBad(token: RegExp): RegExp {
  const bad = pattern`(?<![a-z])${TOKEN_BAD}`;
  return pattern`${token}(?:(?![.;]\s)[^\n]){0,60}?${bad}|${bad}(?:(?![.;]\s)[^\n]){0,30}?${token}`;
}

/** 401 or 403 for a request that carries the RAT (RFC 7592 §3), or in words. */
export const RAT_REFUSED: Matcher = {
  words: anyOf(BOOTSTRAP_WORDS, /invalid_token/i),
  unless: anyOf(GENERAL, /\b(?:renewed|refreshed|rotated)\b/i),
  says: /(?<![a-z])rat_(?:invalid|expired|rejected)(?!["']?[=:]\s*(?:0|false))/,
  shows(facts) {
    const { text, status, endpoint, method, rat, iat, error, dcr, mode } = facts;
    const isRefused = status === 401 || status === 403;
    if (endpoint === 'client' && isRefused && method !== 'POST') return 'sure';
    if (rat && iat) return isAboutRat(facts) ? 'sure' : null;
    if (rat && (RAT_BAD.test(text) || isRefused || error === 'invalid_token')) return 'sure';
    if (dcr && !iat && isRefused && /\bPATCH\b/.test(text)) return 'sure';
    if (iat || mode !== 'cached' || error !== 'invalid_token') return null;
    if (dcr) return 'sure';
    return isBare(facts) ? 'in-context' : null;
  },
};

/** Both tokens are named: it is about the RAT where only that one is bad, or where the BFF uses its cached credentials. */
function isAboutRat({ text, mode }: Facts): boolean {
  return RAT_BAD.test(text) && (mode === 'cached' || !RAT_OR_IAT.test(text));
}

const REGISTRATION_FAILED = anyOf(
  /(?:failed|unable|could not|cannot) (?:to )?register/i,
  /registration[ _](?:has |was |request )?(?:failed|rejected|refused)/i,
);

/** 401 for the registration request, which carries the IAT (RFC 7591 §3), or in words. */
export const IAT_REFUSED: Matcher = {
  words: anyOf(BOOTSTRAP_WORDS, /invalid_token|expired_token|token_expired/i),
  wordsOfErrors: anyOf(BEARER_WORDS, /token_type/),
  unless: GENERAL,
  says: IAT_BAD,
  where: ({ iat, rat, error, bearer }) => iat && !rat && isTokenError(error) && bearer !== 'missing',
  shows(facts) {
    const { text, status, endpoint, method, rat, iat, error, dcr, mode, bearer } = facts;
    if (bearer !== null) return bearer === 'malformed' ? strengthOfBearer(facts) : null;
    if (!isTokenError(error)) return null;
    const isRefused = status === 401 || error !== null;
    if (iat && !rat && isRefused) return 'sure';
    if (rat && iat && RAT_OR_IAT.test(text) && mode === 'register' && IAT_BAD.test(text)) return 'sure';
    if (endpoint === 'client' || rat || method === 'PATCH' || method === 'PUT' || method === 'GET') return null;
    if (endpoint === 'register' && isRefused) return 'sure';
    if (mode === 'cached') return null;
    if (error === 'invalid_token') return dcr ? 'sure' : isBare(facts) ? 'in-context' : null;
    const isRegistering = mode === 'register' || REGISTRATION_FAILED.test(text);
    return dcr && status === 401 && endpoint === null && isRegistering ? 'sure' : null;
  },
};

/** The token that the registration carries is the IAT. */
function strengthOfBearer({ mode, dcr, rat, endpoint }: Facts): Strength | null {
  if (mode === 'cached' || rat || (endpoint !== null && endpoint !== 'register')) return null;
  if (dcr || endpoint === 'register') return 'sure';
  return mode === 'register' ? 'in-context' : null;
}

/** No error code that is about something else than a token. */
function isTokenError(error: string | null): boolean {
  return error === null || /token/.test(error);
}

const NOT_NEEDED = anyOf(
  /\buse (?:the )?cached?\b|using (?:the )?cached/i,
  /(?<!no )(?<!without )cached (?:client )?credentials (?:found|loaded|valid|present|exist|available|in use)/i,
  /not (?:needed|required)|(?:un|not )used|optional|ignor(?:ed|ing)|no longer|remove[ds]?\b/i,
);
const ABSENT = anyOf(
  /missing|not (?:set|given|supplied|provided|present|configured|found|defined|available)|unset|empty|undefined/i,
  /required|none|blank|absent|must be (?:set|provided|present)/i,
);
const NO = /no|missing|without(?: an?)?|empty|absent|blank|neither|nor(?: an?)?/;
/** What may come between the token's name and the word that it is not there. */
const VARIABLE = /["'\x60]?(?: ?\([^)]{0,40}\))?(?: (?:env(?:ironment)? ?var(?:iable)?|variable|setting|value))?/;
const IS = /[ _:=,]*(?:but )?(?:is|was|has|are)?[ _]?(?:not been |an )?/;
const IAT_ABSENT = anyOf(
  pattern`${NO}[ _]?(?:usable )?["'\x60]?${IAT}`,
  pattern`${IAT}${VARIABLE}${IS}${ABSENT}\b`,
  /KeyError: ['"]DCR_IAT/i,
  /\bDCR_IAT[\s;]+(?:Field required|[^\n]{0,120}input_value=(?:''|None))/i,
  pattern`${IAT}${VARIABLE} (?:is |was )?(?:set to |holds )(?:an? )?(?:empty|blank|null|none)\b`,
);
/** A variable with its value, as settings are printed: no complaint. */
const SETTINGS = /\bDCR_IAT["']?\s*[:=]/i;
const CACHE = /cached[ _](?:client[ _]|dcr[ _])?(?:credentials?|client|creds)|credentials? cache/;

/** There are no cached credentials, so that the BFF has to register. */
export const NO_CACHE = anyOf(
  pattern`(?:no|without|missing)[ _](?:valid |usable )?${CACHE}`,
  /cached (?:client )?credentials (?:are |is )?(?:missing|not found|absent)/i,
  /bff_client\.json['"]? (?:does not exist|not found|is missing)/i,
);
const SET_IT = /\b(?:set|provide|supply|configure) (?:an? |the )?(?:DCR_IAT|IAT|initial[ _-]access)/i;

export const IAT_MISSING: Matcher = {
  words: IAT_WORDS,
  wordsOfErrors: BEARER_WORDS,
  unless: anyOf(GENERAL, NOT_NEEDED),
  says: IAT_ABSENT,
  where: ({ iat, text }) => iat && !RAT_BAD.test(text) && !SETTINGS.test(text),
  shows(facts) {
    const { iat, text, bearer } = facts;
    if (bearer === 'missing') return strengthOfBearer(facts);
    if (NO_CACHE.test(text) && SET_IT.test(text)) return 'sure';
    return iat && !RAT_BAD.test(text) && IAT_ABSENT.test(text) ? 'in-context' : null;
  },
};

const TOKEN_CALL = anyOf(
  /client[ _]assertion|private_key_jwt|client_secret_(?:basic|post)|token_endpoint_auth_method|client authentication/i,
  /token[ _](?:endpoint|request|exchange)|\/token\b/i,
);

/** At the token endpoint, or in the words of RFC 7521 and 7523. The error code alone may be another client's. */
export const CLIENT_REFUSED: Matcher = {
  words: /invalid_client|client_assertion/i,
  says: /client_assertion_type must be/i,
  shows(facts) {
    const { text, endpoint, error } = facts;
    if (error !== 'invalid_client' || endpoint === 'register' || endpoint === 'client') return null;
    if (endpoint === 'token' || TOKEN_CALL.test(text)) return 'sure';
    return isBare(facts) ? 'in-context' : null;
  },
};

const BOOTSTRAP = /dcr|bootstrap|client registration/;
const OFF = /skipped|skipping|disabled|switched off|turned off|not enabled/;
const IS_SET_TO = /["']?(?:\s{0,9}(?:=|:|is|set to)){1,9}\s{0,9}["']?/;

export const SKIPPED: Matcher = {
  words: BOOTSTRAP_WORDS,
  says: anyOf(
    pattern`(?<![a-z])${BOOTSTRAP}\b${within(40)}\b${OFF}\b|dcr_(?:bootstrap_)?(?:skipped|disabled)`,
    pattern`\bskip(?:ped|ping)${within(20)}\b${BOOTSTRAP}\b`,
    pattern`SKIP_DCR_BOOTSTRAP${IS_SET_TO}(?:true|1|yes|on)\b`,
    pattern`DCR_ENABLED${IS_SET_TO}(?:false|0|no|off)\b`,
  ),
  where: ({ status }) => status === null,
  unless: anyOf(
    /cached|already|up[ -]to[ -]date|\block\b|leader|worker|replica|another|tenant|realm|not skipp|rotation/i,
    /redirect|metric|push|fail|kafka|health|force/i,
  ),
};

const FAILED = anyOf(
  /\bfail|_failed|\berror\b(?!["']?\s*[=:]\s*["']?(?:none|null|false|0|""|\s|$))|denied|unable|could not|cannot/i,
  /\bnot (?:been )?registered|refused|invalid|unauthori[sz]ed|forbidden|de-?regist|unregist/i,
);
const OTHER_CLIENTS = /websocket|\bws\b|\bsse\b|subscriber|consumer|listener|metric|push|webhook|kafka|redis|\bmcp\b/i;
const OTHER_REGISTRATION = /(?<!(?:user|account|device|webhook|service|agent|worker|event|plugin|push)[ _])/;
const REGISTERED_NOW = anyOf(
  /(?<![a-z])client[ _](?:successfully[ _]|was |has been )?registered(?=$|[\s:,.;!=(["'_])/i,
  /registered (?:(?:new|the|oauth2?|oidc|bff|dynamic) )*client\b|(?:dcr|client|dynamic)_registered/i,
  pattern`${OTHER_REGISTRATION}registration (?:has |was |is )?(?:succe\w+|complete[d]?)\b(?=.{0,300}client)`,
  /(?:dcr|client|dynamic)[ _]registration(?: request)?[ _](?:has |was |is )?(?:succe|complete|done|ok\b)/i,
  /dcr_status\{[^}]{0,300}status="success"/i,
);

export const REGISTERED: Matcher = {
  words: BOOTSTRAP_WORDS,
  unless: FAILED,
  shows({ text, retry, error, status, endpoint, method, own, mode, dcr }) {
    if (retry || error !== null) return null;
    if (endpoint === 'register' && (status === 201 || (status === 200 && method === 'POST'))) return 'sure';
    if (/already/i.test(text) || OTHER_CLIENTS.test(text)) return null;
    if (REGISTERED_NOW.test(text)) return own || mode === 'register' ? 'sure' : 'in-context';
    if (dcr && status === 201 && endpoint === null && !/\bmint|\bissued\b|renew/i.test(text)) return 'sure';
    return mode !== 'cached' && dcr ? isDone(text) : null;
  },
};

const REGISTRATION_SKIPPED = /no registration (?:needed|required)|registration (?:not needed|not required|skipped)/;
const ALREADY_CACHED = anyOf(
  /(?<![a-z])rat_cached(?!["'}]*[= ]\s*0)|jwks_(?:rotated|rotation_success)/i,
  /\bJWKS (?:was |were |has been )?(?:rotated|updated|patched)\b/i,
  /cached (?:client )?credentials (?:are |is )?(?:still )?(?:valid\b|accepted|confirmed|verified)/i,
  pattern`cached(?:(?!\.\s)[^\n]){0,60}(?:nothing to do|${REGISTRATION_SKIPPED}|skipping (?:dcr |client )?registration)`,
  /skipping (?:dcr |client )?(?:registration|bootstrap)(?:(?!\.\s)[^\n]){0,40}(?:cached|already)/i,
  /client (?:is )?already registered|already registered (?:as|at|with)/i,
  pattern`\bkid\b${within(60)}(?:already )?(?:present|published|registered|matches|found)`,
  /JWKS (?:is |are )?(?:already )?(?:up[ -]to[ -]date|current|contains)/i,
);

export const CREDENTIALS_CACHED: Matcher = {
  words: anyOf(BOOTSTRAP_WORDS, /cached|jwks/i),
  unless: FAILED,
  says: ALREADY_CACHED,
  where: isSuccess,
  shows(facts) {
    const { text, status, endpoint, method, mode, dcr } = facts;
    if (!isSuccess(facts)) return null;
    if (endpoint === 'client' && status === 200 && method !== 'POST' && method !== 'DELETE') return 'sure';
    if (dcr && /\bPATCH\b/.test(text) && status === 200) return 'sure';
    return mode === 'cached' && dcr ? isDone(text) : null;
  },
};

function isSuccess({ retry, error, connection, status }: Facts): boolean {
  return !retry && error === null && connection === null && (status === null || status < 300);
}

const DCR_DONE = /(?<![a-z])dcr(?:[ _]bootstrap)?[ _](?:has |was |is )?(?:succe\w+|completed?|finished|done|ok)\b/i;
const BOOTSTRAP_DONE =
  /(?<!(?:database|cache|db|app|data|tenant|broker) )bootstrap (?:completed?|succe\w+|finished)\b/i;

/** The bootstrap is done. Other things are bootstrapped too, so the bare word counts in its context only. */
function isDone(text: string): Strength | null {
  if (DCR_DONE.test(text)) return 'sure';
  return BOOTSTRAP_DONE.test(text) ? 'in-context' : null;
}
