import type { Facts } from './facts.ts';
import type { Strength } from './signatures.ts';

/** The bootstrap did not reach the IdP. A bare failure may be anything's: Redis, Kafka, the policy service. */
export function unreachable({ connection, served, dcr }: Facts): Strength | null {
  if (connection === null || served) return null;
  if (connection.target === 'idp') return 'sure';
  return connection.target === 'unnamed' ? (dcr ? 'sure' : 'in-context') : null;
}

export function serverError(facts: Facts): Strength | null {
  const { status, served, dcr, endpoint, text } = facts;
  if (status === null || status < 500 || served || facts.connection?.target === 'redis') return null;
  if (endpoint === 'register' || endpoint === 'client' || endpoint === 'token') return 'sure';
  if (endpoint === null && (dcr || /\bidp\b|identity provider|\boidc\b/i.test(text))) return 'sure';
  return endpoint === 'other' && (facts.atIdp || dcr) ? 'sure' : null;
}

/** A 400 of RFC 7591 §3.2.2: by its error code, or in other words where the statement is about DCR. */
export function refusedAs(facts: Facts, error: string, words: RegExp): Strength | null {
  if (facts.served) return null;
  const registration = facts.dcr || facts.endpoint === 'register' || facts.endpoint === 'client';
  if (facts.error === error) return registration ? 'sure' : isBare(facts) ? 'in-context' : null;
  return facts.error === null && registration && words.test(facts.text) ? 'sure' : null;
}

export const SCOPE_REFUSED =
  /(?:scopes?\b(?:(?![.;]\s)[^\n]){0,80}\b(?:not (?:allowed|permitted|in (?:policy|allowed_scopes))|disallowed|forbidden|rejected)|disallowed scopes?|invalid scopes?\b)/i;
export const REDIRECT_REFUSED =
  /redirect[ _]?uris?\b(?:(?![.;]\s)[^\n]){0,120}\b(?:not (?:allowed|permitted|registered|accepted|match)|mismatch|(?:does|do) not match|disallowed|rejected|(?:is|are) invalid)|invalid redirect[ _]?uris?\b/i;
export const METADATA_REFUSED =
  /invalid client metadata|(?:grant[ _]types?|response[ _]types?|token_endpoint_auth_method|auth(?:entication)? method)\b(?:(?![.;]\s)[^\n]){0,80}\b(?:not (?:allowed|permitted|supported|accepted)|unsupported|disallowed|rejected)/i;

/** 401 or 403 for a request that carries the RAT, or in words. */
export function ratRefused(facts: Facts): Strength | null {
  const { text, served, status, endpoint, method, rat, iat } = facts;
  if (served || GENERAL.test(text) || RENEWED.test(text)) return null;
  if (/(?<![a-z])rat_(?:invalid|expired|rejected)(?!["']?[=:]\s*(?:0|false))/.test(text)) return 'sure';
  const refused = status === 401 || status === 403;
  if (endpoint === 'client' && refused && method !== 'POST') return 'sure';
  if (rat && iat) return isAboutRat(facts) ? 'sure' : null;
  if (rat && (RAT_BAD.test(text) || refused || facts.error === 'invalid_token')) return 'sure';
  if (facts.dcr && !iat && refused && /\bPATCH\b/.test(text)) return 'sure';
  if (iat || facts.mode !== 'cached') return null;
  if (facts.error === 'invalid_token') return facts.dcr ? 'sure' : isBare(facts) ? 'in-context' : null;
  return null;
}

/** Both tokens are named: it is about the RAT where only that one is bad, or where the BFF uses its cached credentials. */
function isAboutRat({ text, mode }: Facts): boolean {
  return RAT_OR_IAT.test(text) ? mode === 'cached' && RAT_BAD.test(text) : RAT_BAD.test(text);
}

/** 401 for the registration request, which carries the IAT, or in words. */
export function iatRefused(facts: Facts): Strength | null {
  const { text, served, status, endpoint, method, rat, iat, error } = facts;
  if (served || GENERAL.test(text)) return null;
  if (error !== null && error !== 'invalid_token' && error !== 'expired_token' && error !== 'token_expired')
    return null;
  if (iat && !rat && IAT_BAD.test(text)) return 'sure';
  if (iat && !rat && (status === 401 || error !== null)) return 'sure';
  if (rat && iat && RAT_OR_IAT.test(text) && facts.mode === 'register' && IAT_BAD.test(text)) return 'sure';
  if (endpoint === 'client' || rat || method === 'PATCH' || method === 'PUT' || method === 'GET') return null;
  if (endpoint === 'register' && (status === 401 || error !== null)) return 'sure';
  if (facts.mode === 'cached') return null;
  if (error === 'invalid_token') return facts.dcr ? 'sure' : isBare(facts) ? 'in-context' : null;
  const registers = facts.mode === 'register' || REGISTRATION_FAILED.test(text);
  return facts.dcr && status === 401 && endpoint === null && registers ? 'sure' : null;
}

export function iatMissing({ text, served, iat }: Facts): Strength | null {
  if (served || GENERAL.test(text) || NOT_NEEDED.test(text)) return null;
  if (
    NO_CACHE.test(text) &&
    /\b(?:set|provide|supply|configure) (?:an? |the )?(?:DCR_IAT|IAT|initial[ _-]access)/i.test(text)
  )
    return 'sure';
  if (!iat || RAT_BAD.test(text)) return null;
  if (!IAT_MISSING.some((pattern) => pattern.test(text))) return null;
  return SETTINGS.test(text) ? 'in-context' : 'sure';
}

/** At the token endpoint, or in the words of RFC 7521 and 7523. The error code alone may be another client's. */
export function clientRefused(facts: Facts): Strength | null {
  const { text, served, endpoint, error } = facts;
  if (served) return null;
  if (/client_assertion_type must be/i.test(text)) return 'sure';
  if (endpoint === 'register' || endpoint === 'client') return null;
  if (error !== 'invalid_client') return null;
  if (endpoint === 'token' || TOKEN_CALL.test(text)) return 'sure';
  return isBare(facts) ? 'in-context' : null;
}

export function skipped({ text, served, status }: Facts): Strength | null {
  if (served || status !== null || NOT_SKIPPED.test(text)) return null;
  return SKIPPED.some((pattern) => pattern.test(text)) ? 'sure' : null;
}

export function redisDown({ text, served, connection }: Facts): Strength | null {
  if (served || RECOVERED.test(text)) return null;
  if (connection?.target === 'redis') return 'sure';
  return REDIS_DOWN.some((pattern) => pattern.test(text)) ? 'sure' : null;
}

/** Redis answers again: what was said before no longer holds. */
export function redisBack({ text, served }: Facts): boolean {
  return !served && RECOVERED.test(text) && !REDIS_DOWN.some((pattern) => pattern.test(text));
}

export function kafkaUnconfigured({ text, served, connection }: Facts): Strength | null {
  if (served) return null;
  if (
    /KAFKA_BOOTSTRAP_SERVERS["']?\s*(?:env\w* (?:variable )?)?(?:is |was )?(?:not (?:set|configured|provided|defined)|missing|unset|empty|undefined)/i.test(
      text,
    )
  )
    return 'sure';
  const local = /localhost|127\.0\.0\.1/.test(text);
  if (/unable to bootstrap from/i.test(text)) return local ? 'sure' : null;
  return local &&
    (connection?.target === 'kafka' || (/kafka/i.test(text) && /NoBrokersAvailable|returned error 111/i.test(text)))
    ? 'sure'
    : null;
}

/** The bootstrap, or the whole start, is over and failed. */
export function endsBadly(facts: Facts): boolean {
  if (facts.served || facts.retry || (!facts.dcr && /kafka|redis/i.test(facts.text))) return false;
  return facts.hint || ENDED.some((pattern) => pattern.test(facts.text));
}

/** Names no URL and no other thing than the error: a line of an answer's body, a line under a headline. */
function isBare({ endpoint, text }: Facts): boolean {
  return (
    endpoint === null &&
    !/\b(?:user|session|request|path|tenant|order|webhook|tool|api)[\w.]*["']?\s*[=:]/i.test(text) &&
    !/\/api\/|\bsession\b|\buser\b/i.test(text)
  );
}

const REGISTRATION_FAILED =
  /(?:failed|unable|could not|cannot) (?:to )?register|registration[ _](?:has |was |request )?(?:failed|rejected|refused)/i;
/** Speaks of what could be, not of what is. */
const GENERAL = /\bmeans\b|not expired|\bwhether\b/i;
const TOKEN_BAD =
  'expired|invalid|malformed|not (?:an? )?valid|no longer (?:valid|accepted)|rejected|revoked|refused|already (?:been )?(?:used|consumed)|used[ _-]up|exhausted|max[ _]?(?:imum)?[ _-]usages?[ _](?:reached|exceeded)|usage limit|usages? exceeded|(?:bad|wrong|unexpected) format|format (?:error|is (?:wrong|invalid))|cannot be (?:decoded|parsed)|could not be (?:decoded|parsed|verified)|not accepted|unauthori[sz]ed|not recogni[sz]ed|unknown|inactive|not active|fail(?:s|ed) (?:validation|verification)|not enough segments|signature';
const IAT_WORD = '(?:(?<![A-Za-z])IAT(?![A-Za-z])|dcr_iat|initial[ _-]?access[ _-]?token|(?<![a-z])iat)';
const RAT_WORD = '(?:(?<![A-Za-z])RAT(?![A-Za-z])|registration[ _-]access[ _-]token|(?<![a-z])rat(?![a-z]))';
const IAT_BAD = new RegExp(
  `${IAT_WORD}(?:(?![.;]\\s)[^\\n]){0,60}?(?<![a-z])(?:${TOKEN_BAD})|(?<![a-z])(?:${TOKEN_BAD})(?:(?![.;]\\s)[^\\n]){0,30}?${IAT_WORD}`,
  'i',
);
const RAT_BAD = new RegExp(
  `${RAT_WORD}(?:(?![.;]\\s)[^\\n]){0,60}?(?<![a-z])(?:${TOKEN_BAD})|(?<![a-z])(?:${TOKEN_BAD})(?:(?![.;]\\s)[^\\n]){0,30}?${RAT_WORD}`,
  'i',
);
const RAT_OR_IAT = /\bRATs?\s*(?:\/|or|and)\s*IAT|\bIATs?\s*(?:\/|or|and)\s*RAT/i;
const RENEWED = /\b(?:renewed|refreshed|rotated)\b/i;
const NOT_NEEDED =
  /\buse (?:the )?cached?\b|(?<!no )(?<!without )cached (?:client )?credentials (?:found|loaded|valid|present|exist|available|in use)|using (?:the )?cached|not (?:needed|required)|(?:un|not )used|optional|ignor(?:ed|ing)|no longer|remove[ds]?\b/i;
const ABSENT =
  '(?:missing|not (?:set|given|supplied|provided|present|configured|found|defined|available)|unset|empty|undefined|required|none|blank|absent|must be (?:set|provided|present))';
const IAT_MISSING = [
  new RegExp(
    `(?:no|missing|without(?: an?)?|empty|absent|blank|neither|nor(?: an?)?)[ _]?(?:usable )?["'\`]?${IAT_WORD}`,
    'i',
  ),
  new RegExp(
    `${IAT_WORD}["'\`]?(?: ?\\([^)]{0,40}\\))?(?: (?:env(?:ironment)? ?var(?:iable)?|variable|setting|value))?[ _:=,]*(?:but )?(?:is|was|has|are)?[ _]?(?:not been |an )?${ABSENT}\\b`,
    'i',
  ),
  /KeyError: ['"]DCR_IAT/,
  /\bDCR_IAT[\s;]+Field required/i,
];
/** A variable with its value, as settings are printed: no complaint. */
const SETTINGS = /\bDCR_IAT["']?\s*[:=]/i;
export const NO_CACHE =
  /(?:no|without|missing)[ _](?:valid |usable )?(?:cached[ _](?:client[ _]|dcr[ _])?(?:credentials?|client|creds)|credentials? cache)|cached (?:client )?credentials (?:are |is )?(?:missing|not found|absent)|bff_client\.json['"]? (?:does not exist|not found|is missing)/i;
const TOKEN_CALL =
  /client[ _]assertion|private_key_jwt|client_secret_(?:basic|post)|token[ _](?:endpoint|request|exchange)|token_endpoint_auth_method|client authentication|\/token\b/i;
const SKIPPED = [
  /(?<![a-z])(?:dcr|bootstrap|client registration)\b(?:(?![.;]\s)[^\n]){0,40}\b(?:skipped|skipping|disabled|switched off|turned off|not enabled)\b|dcr_(?:bootstrap_)?(?:skipped|disabled)/i,
  /\bskip(?:ped|ping)(?:(?![.;]\s)[^\n]){0,20}\b(?:dcr|bootstrap|client registration)\b/i,
  /SKIP_DCR_BOOTSTRAP["']?(?:\s*(?:=|:|is|set to))+\s*["']?(?:true|1|yes|on)\b/i,
  /DCR_ENABLED["']?(?:\s*(?:=|:|is|set to))+\s*["']?(?:false|0|no|off)\b/i,
];
const NOT_SKIPPED =
  /cached|already|up[ -]to[ -]date|\block\b|leader|worker|replica|another|tenant|realm|not skipp|rotation|redirect|metric|push|fail|kafka|health|force/i;
const REDIS_DOWN = [
  /\bredis(?:[ _.](?:health(?:[ _]?check)?|ping|connection|client|pool|server|backend|session store|store|cache|status))*["']?(?:[ :=-]+|\.status[=:] ?)["']?(?:is |was |has |has been )?(?:down|unhealthy|unavailable|unreachable|fail(?:ed|ing|ure)?|error(?!s? (?:count|rate|budget|total)|\s*[=:]\s*0)|lost|refused|timed out|timeout|disconnected|not (?:available|reachable|responding|connected|healthy))\b/i,
  /redis\.exceptions\.(?:Connection|Timeout|Authentication|BusyLoading|MasterDown)\w*|redis\.sentinel\.\w*NotFound\w*|redis[\w.]*(?:ConnectionError|TimeoutError)/i,
  /(?:failed|unable|cannot|could not|can't)(?: to)? (?:connect(?: to)?|ping|reach)(?:(?![.;]\s)[^\n]){0,20}\bredis\b/i,
  /\bredis[\w.]*\.status=(?:down|unhealthy|fail(?:ed|ing)?|error|unavailable|disconnected)\b/i,
  /\bredis\b[^\n]{0,80}\b(?:NOAUTH|WRONGPASS|LOADING Redis|MISCONF)|(?:NOAUTH|WRONGPASS)\b[^\n]{0,80}\bredis\b/i,
];
const RECOVERED =
  /\bredis(?:[ _](?:client|connection|pool|server|session store|is|has|been|was|now|health(?:[ _]check)?))*["']?[ :=]+["']?(?:re-?connected|connected|recovered|restored|up|back|ok|available|established|ready|healthy)\b|(?<!not |dis)connected to redis/i;
const ENDED = [
  /Application startup failed/i,
  /(?:^|[^\w\s]\s*|\b(?:dcr|bff|client|the|oauth2?|oidc|because|error|critical|fatal|startup)[ _-])bootstrap[ _](?:has |was |step |process )?(?:failed|failure|aborted|error)\b/i,
  /(?:dcr|client|dynamic)[ _-]registration[ _](?:has |was |step |request )?(?:failed|failure|aborted|error|rejected|refused)\b|(?<![a-z])dcr[ _](?:failed|failure|error)\b/i,
  /(?:failed|unable|could not|cannot) (?:to )?(?:bootstrap (?:dcr|the client)|register (?:oauth2? |the |bff )?client)/i,
  /(?:shutting down|exiting|aborting|terminating)(?:(?!\.\s)[^\n]){0,60}(?:bootstrap|dcr|registration)|(?:bootstrap|dcr|registration)(?:(?!\.\s)[^\n]){0,60}(?:shutting down|exiting|aborting|terminating)/i,
  /\b(?:Bootstrap|DCR|Dcr|Registration)\w*Error\b/,
];
