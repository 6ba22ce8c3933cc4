import type { Facts } from './facts.ts';
import { NO_CACHE } from './phrases.ts';
import type { Strength } from './signatures.ts';

export function registered(facts: Facts): Strength | null {
  const { text, served, status, endpoint, method } = facts;
  if (served || FAILED.test(text) || facts.retry || facts.error !== null) return null;
  if (endpoint === 'register' && (status === 201 || (status === 200 && method === 'POST'))) return 'sure';
  if (/already/i.test(text) || OTHER_CLIENTS.test(text)) return null;
  if (REGISTERED.test(text)) return facts.own || facts.mode === 'register' ? 'sure' : 'in-context';
  if (facts.dcr && status === 201 && endpoint === null && !/\bmint|\bissued\b|renew/i.test(text)) return 'sure';
  return facts.mode !== 'cached' && facts.dcr ? done(text) : null;
}

export function cached(facts: Facts): Strength | null {
  const { text, served, status, endpoint, method } = facts;
  if (served || FAILED.test(text) || facts.retry || facts.error !== null || facts.connection !== null) return null;
  if (status !== null && status >= 300) return null;
  if (endpoint === 'client' && status === 200 && method !== 'POST' && method !== 'DELETE') return 'sure';
  if (
    /(?<![a-z])rat_cached(?!["'}]*[= ]\s*0)|\bJWKS (?:was |were |has been )?(?:rotated|updated|patched)\b|jwks_(?:rotated|rotation_success)/i.test(
      text,
    )
  )
    return 'sure';
  if (facts.dcr && /\bPATCH\b/.test(text) && status === 200) return 'sure';
  if (CACHED.some((pattern) => pattern.test(text))) return 'sure';
  return facts.mode === 'cached' && facts.dcr ? done(text) : null;
}

/** The bootstrap is done. Other things are bootstrapped too, so the bare word counts in its context only. */
function done(text: string): Strength | null {
  if (DCR_DONE.test(text)) return 'sure';
  return /(?<!(?:database|cache|db|app|data|tenant|broker) )bootstrap (?:completed?|succe\w+|finished)\b/i.test(text)
    ? 'in-context'
    : null;
}

/** What the BFF does about its credentials, as far as the statement says; undefined: nothing. */
export function modeIn({ text, endpoint, method, served }: Facts): 'cached' | 'register' | undefined {
  if (served) return undefined;
  if (NO_CACHE.test(text) || REGISTERING.test(text) || (endpoint === 'register' && method === 'POST'))
    return 'register';
  return FROM_CACHE.test(text) || endpoint === 'client' ? 'cached' : undefined;
}

const FROM_CACHE =
  /(?:using|use|loaded|loading|reusing|found|starting (?:from|with)) (?:existing |the |valid )?cached (?:client |dcr )?(?:credentials?|creds|client)|(?<!no )(?<!without )(?<!missing )cached[ _](?:client[ _]|dcr[ _])?credentials[ _](?:found|loaded|present|in use|available)|credentials loaded from/i;
const REGISTERING =
  /\bregistering\b(?:(?![.;]\s)[^\n]){0,30}\bclient\b|\bre-?regist(?:er(?:ing)?|ration)\b|force[ _]replac(?:e|ing)\b(?!["']?\s*[=:]\s*["']?(?:false|0|no))/i;
const FAILED =
  /\bfail|_failed|\berror\b(?!["']?\s*[=:]\s*["']?(?:none|null|false|0|""|\s|$))|denied|unable|could not|cannot|\bnot (?:been )?registered|refused|invalid|unauthori[sz]ed|forbidden|de-?regist|unregist/i;
const OTHER_CLIENTS = /websocket|\bws\b|\bsse\b|subscriber|consumer|listener|metric|push|webhook|kafka|redis|\bmcp\b/i;
const REGISTERED =
  /(?<![a-z])client[ _](?:successfully[ _]|was |has been )?registered(?=$|[\s:,.;!=(["'_])|registered (?:(?:new|the|oauth2?|oidc|bff|dynamic) )*client\b|(?<!(?:user|account|device|webhook|service|agent|worker|event|plugin|push)[ _])registration (?:has |was |is )?(?:succe\w+|complete[d]?)\b(?=.*client)|(?:dcr|client|dynamic)[ _]registration(?: request)?[ _](?:has |was |is )?(?:succe|complete|done|ok\b)|(?:dcr|client|dynamic)_registered|dcr_status\{[^}]*status="success"/i;
const DCR_DONE = /(?<![a-z])dcr(?:[ _]bootstrap)?[ _](?:has |was |is )?(?:succe\w+|completed?|finished|done|ok)\b/i;
const CACHED = [
  /cached (?:client )?credentials (?:are |is )?(?:still )?(?:valid\b|accepted|confirmed|verified)/i,
  /cached(?:(?!\.\s)[^\n]){0,60}(?:nothing to do|no registration (?:needed|required)|registration (?:not needed|not required|skipped)|skipping (?:dcr |client )?registration)/i,
  /skipping (?:dcr |client )?(?:registration|bootstrap)(?:(?!\.\s)[^\n]){0,40}(?:cached|already)/i,
  /client (?:is )?already registered|already registered (?:as|at|with)/i,
  /\bkid\b(?:(?![.;]\s)[^\n]){0,60}(?:already )?(?:present|published|registered|matches|found)|JWKS (?:is |are )?(?:already )?(?:up[ -]to[ -]date|current|contains)/i,
];
