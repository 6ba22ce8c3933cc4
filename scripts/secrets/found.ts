import type { Header } from '../core/exchange.ts';
import { Secret } from '../core/secret.ts';
import { maskMembers } from './json-text.ts';
import { SHORTEST_MASKED } from './masker.ts';
import { isAuthorization, isSecretHeader, isSecretName } from './places.ts';

/** One message as it went over the wire, with its whole body. */
export interface Message {
  readonly headers: readonly Header[];
  readonly body: string;
  /** What it was sent to; absent for an answer. */
  readonly url?: string;
}

/** Beyond this much, in characters, what is found is masked in place only: each one costs time and memory. */
const MOST_CHARACTERS = 16_384;

/**
 * Collects what stands where secrets stand in requests and answers, so that it is masked wherever else it turns up: in a
 * test's name, in a message, in the log of the BFF.
 */
export class FoundSecrets {
  readonly #learn: (secret: Secret) => void;
  readonly #known = new Set<string>();
  #characters = 0;

  constructor(learn: (secret: Secret) => void) {
    this.#learn = learn;
  }

  /** @param place what the value is, for people: the name of a header, a member, a variable */
  add(value: string, place: string): void {
    for (const part of secretPartsOf(value)) {
      if (this.#known.has(part) || this.#characters + part.length > MOST_CHARACTERS) continue;
      this.#known.add(part);
      this.#characters += part.length;
      this.#learn(new Secret(part, place.slice(0, LONGEST_LABEL)));
    }
  }

  see({ headers, body, url }: Message): void {
    if (url !== undefined) this.#seeUrl(url);
    for (const { name, value } of headers) this.#seeHeader(name, value);
    if (!SECRETIVE.test(body)) return;
    if (/^\s*[{["]/.test(body)) {
      let name = '';
      const isSecret = (each: string) => {
        name = each;
        return isSecretName(each);
      };
      maskMembers(body, isSecret, (value) => {
        this.add(value, name);
        return value;
      });
    } else if (!/[\s<]/.test(body)) this.#seeParameters(body);
  }

  #seeHeader(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (lower === 'cookie' || lower === 'set-cookie') {
      const pairs = lower === 'cookie' ? value.split(';') : [value.split(';')[0] ?? ''];
      for (const pair of pairs) this.#addDecoded(pair.slice(pair.indexOf('=') + 1).trim(), name);
    } else if (isAuthorization(name)) {
      const [, scheme = '', rest = value] = /^([\w-]+)\s+(.+)$/s.exec(value) ?? [];
      this.add(rest, name);
      // RFC 7617: the user's name is none, and stands in log lines.
      if (/^basic$/i.test(scheme)) this.add(/:(.*)$/s.exec(Buffer.from(rest, 'base64').toString())?.[1] ?? '', name);
    } else if (isSecretHeader(name)) this.add(value, name);
    else if (value.includes('://')) this.#seeUrl(value);
  }

  #seeUrl(url: string): void {
    const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:([^\s/@]*)@/i.exec(url) ?? [];
    if (password !== undefined) this.#addDecoded(password, 'password');
    for (const part of url.split(/[?#]/).slice(1)) this.#seeParameters(part);
  }

  #seeParameters(text: string): void {
    for (const [name, value] of new URLSearchParams(text)) {
      // As in by-place: a `code` in a URL is an authorization code (RFC 6749 §4.1.2).
      if (isSecretName(name) || name === 'code') this.add(value, name);
    }
  }

  #addDecoded(value: string, place: string): void {
    this.add(value, place);
    try {
      this.add(decodeURIComponent(value), place);
    } catch {
      // Not encoded, then.
    }
  }
}

/** A body without any of these words in it has no secret name either. */
const SECRETIVE = /token|secret|assertion|pass|pwd|jwt|iat|key|credential|authorization|verifier|code|session|cookie/i;

const LONGEST_LABEL = 40;

/**
 * What of a value is a secret wherever it stands. Ordinary words and addresses are not, for masking them would eat the
 * report; of a structure only the parts that look random are.
 */
function secretPartsOf(value: string): string[] {
  const text = value.trim();
  if (text.length < SHORTEST_MASKED || text.includes('{{') || ADDRESS.test(text)) return [];
  if (!STRUCTURED.test(text)) return isOrdinary(text) ? [] : [text];
  return (text.match(/[\w.~+/-]{16,}=*/g) ?? []).filter((part) => /\d/.test(part) && /[a-z]/i.test(part));
}

const ADDRESS = /^[\w+.-]+(?::\/\/|%3a%2f%2f)/i;

/** JSON, `name="value", …`, several lines. */
const STRUCTURED = /^(?:[[{"]|%7b|%5b|%22)|\w="|\w=[^,;]*[,;]\s*\w+=|[\r\n]/i;

/** Words and numbers: "Bearer", "client-credentials", "application/json", "2026-11-25". */
function isOrdinary(text: string): boolean {
  if (text.length < 16 && /^[\d.:,+-]*$/.test(text)) return true;
  return text.length < 24 && text.split(/[-_. :/,;+@]/).every((word) => /^(?:[A-Z]?[a-z]*|[A-Z]+)$/.test(word));
}
