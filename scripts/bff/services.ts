import type { Facts } from './facts.ts';
import { CONNECTION_WORDS, type Matcher } from './matchers.ts';
import { anyOf, pattern, within } from './patterns.ts';

const REDIS = /\bredis/;
const PART_OF_REDIS =
  /[ _.](?:health(?:[ _]?check)?|ping|connection|client|pool|server|backend|session store|store|cache|status)/;
const DOWN = anyOf(
  /down|unhealthy|unavailable|unreachable|fail(?:ed|ing|ure)?|error(?!s? (?:count|rate|budget|total)|\s*[=:]\s*0)/i,
  /lost|refused|timed out|timeout|disconnected|not (?:available|reachable|responding|connected|healthy)/i,
);
const IS_NOW = /["']?(?:[ :=-]+|\.status[=:] ?)["']?(?:is |was |has |has been )?/;
/** Errors that a Redis answers with. */
const REPLY =
  /NOAUTH|WRONGPASS|NOPERM|LOADING Redis|MISCONF|READONLY You|OOM command|MASTERDOWN|CLUSTERDOWN|DENIED Redis|max number of clients/;
/** Nobody but Redis says it so. */
const REPLY_BY_ITSELF =
  /NOAUTH Authentication required|WRONGPASS invalid|MISCONF Redis|LOADING Redis is|READONLY You can't write|OOM command not allowed|CLUSTERDOWN |DENIED Redis is/;
const REDIS_DOWN = anyOf(
  pattern`${REDIS}${PART_OF_REDIS}*${IS_NOW}${DOWN}\b`,
  /(?:redis|valkey)\.(?:asyncio\.)?(?:exceptions|errors)\.(?!Lock|Watch|Data|PubSub|Exec)\w{1,60}(?:Error|Exception)/i,
  /(?:redis|valkey|sentinel)[\w.]{0,60}(?:ConnectionError|TimeoutError|NotFoundError|ClusterDownError|ClusterException)/i,
  /\bREDIS_URL["'`]?[\s;:]+(?:is |was )?(?:not set|missing|invalid|empty|Field required)|KeyError: ['"]REDIS_URL/i,
  /Redis URL must specify one of|no (?:master|slave|replica) found for/,
  pattern`(?:failed|unable|cannot|could not|can't)(?: to)? (?:connect(?: to)?|ping|reach)${within(20)}${REDIS}\b`,
  /\bredis[\w.]{0,60}\.status=(?:down|unhealthy|fail(?:ed|ing)?|error|unavailable|disconnected)\b/i,
  pattern`${REDIS}\b[^\n]{0,80}\b(?:${REPLY})`,
  pattern`(?:NOAUTH|WRONGPASS|MASTERDOWN)\b[^\n]{0,80}${REDIS}\b`,
  REPLY_BY_ITSELF,
);
const REDIS_SUBJECT =
  /\bredis(?:[ _](?:client|connection|pool|server|session store|is|has|been|was|now|health(?:[ _]check)?))*/;
const UP = /re-?connected|connected|recovered|restored|up|back|ok|available|established|ready|healthy/;
const REDIS_UP = anyOf(pattern`${REDIS_SUBJECT}["']?[ :=]+["']?${UP}\b`, /(?<!not |dis)connected to redis/i);

export const REDIS_UNAVAILABLE: Matcher = {
  words: anyOf(/redis|valkey/i, CONNECTION_WORDS),
  wordsOfErrors: /sentinel|NOAUTH|WRONGPASS|MISCONF|READONLY You|OOM command|CLUSTERDOWN/,
  says: REDIS_DOWN,
  unless: REDIS_UP,
  shows: ({ connection }) => (connection?.target === 'redis' ? 'sure' : null),
};

/** Redis answers again: what was said before no longer holds. */
export function isRedisBack({ text, served }: Facts): boolean {
  return !served && REDIS_UP.test(text) && !REDIS_DOWN.test(text);
}

const NOT_SET = /not (?:set|configured|provided|defined)|missing|unset|empty|undefined/;

export const KAFKA_UNCONFIGURED: Matcher = {
  words: anyOf(/kafka|bootstrap/i, CONNECTION_WORDS),
  says: pattern`KAFKA_BOOTSTRAP_SERVERS["']?\s*(?:env\w* (?:variable )?)?(?:is |was )?${NOT_SET}`,
  shows({ text, connection }) {
    if (!/localhost|127\.0\.0\.1/.test(text)) return null;
    if (/unable to bootstrap from/i.test(text)) return 'sure';
    const isKafka = /kafka/i.test(text) && /NoBrokersAvailable|returned error 111/i.test(text);
    return isKafka || connection?.target === 'kafka' ? 'sure' : null;
  },
};

const ADDRESS = /(?:tcp|udp):\/\/[\w.:[\]-]{1,100}/;
const NUMBER = /\b(?:int(?:eger)?|port|number)\b/;

/** A variable of a port holds an address, such as the one that is injected for a service of the same name: `tcp://10.96.0.7:80`. */
export const SERVICE_LINK: Matcher = {
  words: /tcp:\/\/|udp:\/\/|ERR_SOCKET_BAD_PORT/i,
  says: anyOf(
    /ERR_SOCKET_BAD_PORT|invalid literal for int\(\) with base 10: ["'](?:tcp|udp):/i,
    pattern`${NUMBER}[^\n]{0,120}["']${ADDRESS}["']|["']${ADDRESS}["'][^\n]{0,60}${NUMBER}`,
  ),
};

const KEPT = /keys|\.pem\b|\.json\b|bff_client|credential|cached?\b/;

/** What the BFF keeps for its next start cannot be saved. */
export const READ_ONLY: Matcher = {
  words: /read-only file|EROFS/i,
  says: pattern`(?:read-only file ?system|EROFS)\b[^\n]{0,120}${KEPT}|${KEPT}[^\n]{0,120}(?:read-only file ?system|EROFS)\b`,
  shows: ({ dcr, text }) => (dcr && /read-only file ?system|EROFS/i.test(text) ? 'sure' : null),
};
