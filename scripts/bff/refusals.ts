import type { Facts } from './facts.ts';
import { isBare, type Matcher } from './matchers.ts';
import { anyOf, pattern, within } from './patterns.ts';

const NOT_ALLOWED = /not (?:allowed|permitted|accepted)|disallowed|rejected/;
const NO_MATCH = /not (?:registered|match)|mismatch|(?:does|do) not match|(?:is|are) invalid/;
const METADATA = /grant[ _]types?|response[ _]types?|token_endpoint_auth_method|auth(?:entication)? method/;
/** Keycloak's client registration policies about what a client may be. */
const KEYCLOAK_POLICY =
  /Allowed Protocol Mapper Types|Full Scope Disabled|Consent Required|Allowed Client Templates|Client Disabled/;
const METADATA_WORDS = anyOf(
  /client metadata|client_metadata|grant type|grant_type|response type|response_type/i,
  /token_endpoint_auth_method|auth method|authentication method/,
);

export const SCOPE_REFUSED = refusal(
  'invalid_scope',
  /scope/i,
  pattern`scopes?\b${within(80)}\b(?:${NOT_ALLOWED}|not in (?:policy|allowed_scopes)|forbidden)|(?:disallowed|invalid) scopes?\b|Allowed Client Scopes' rejected|specified clientScope`,
  /["']scope["']/,
);
export const REDIRECT_REFUSED = refusal(
  'invalid_redirect_uri',
  /redirect/i,
  pattern`redirect[ _]?uris?\b${within(120)}\b(?:${NOT_ALLOWED}|${NO_MATCH})|invalid redirect[ _]?uris?\b|match any trusted host or`,
  /redirect_uris?\b/,
);
export const METADATA_REFUSED = refusal(
  'invalid_client_metadata',
  METADATA_WORDS,
  pattern`invalid client metadata|${METADATA}\b${within(80)}\b(?:${NOT_ALLOWED}|not supported|unsupported)|${KEYCLOAK_POLICY}' rejected`,
  /["']body["']/,
);

/** What the IdP refuses of the registration (RFC 7591 §3.2.2), by its error code, or in words under a code that tells nothing. */
function refusal(code: string, words: RegExp, says: RegExp, fields: RegExp): Matcher {
  return {
    words,
    shows(facts) {
      const { text, error, status } = facts;
      if (error === code && !isAboutRegistration(facts)) return isBare(facts) ? 'in-context' : null;
      if (!isAboutRegistration(facts)) return null;
      const isInvalid = status === 422 && fields.test(text);
      const isTelling = error !== null && error !== code && !UNTELLING.test(error);
      return error === code || (!isTelling && (isInvalid || says.test(text.replace(CODES, ' ')))) ? 'sure' : null;
    },
  };
}

function isAboutRegistration({ dcr, endpoint }: Facts): boolean {
  return dcr || endpoint === 'register' || endpoint === 'client';
}

/** Keycloak and others give these for whatever their policies refuse. */
const UNTELLING = /^(?:insufficient_scope|invalid_request|access_denied|unauthorized_client)$/;
const CODES = /insufficient_scope|invalid_request|access_denied|unauthorized_client/g;
