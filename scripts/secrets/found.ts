import type { Header } from '../core/exchange.ts';
import { Secret } from '../core/secret.ts';
import type { Environment } from '../core/stack.ts';
import { maskMembers } from './json-text.ts';
import { SHORTEST_MASKED } from './masker.ts';
import { isAuthorization, isSecretHeader, isSecretName, isSecretVariable } from './places.ts';

/** A request or an answer as it went over the wire, with its whole body. */
export interface Message {
  readonly headers: readonly Header[];
  readonly body: string;
  /** What it was sent to; absent for an answer. */
  readonly url?: string;
}

/** Characters of all found secrets together. What is found beyond that is masked in place only: each costs time and memory. */
const MOST_CHARACTERS = 16_384;

/**
 * Collects the values from the places of requests and answers that hold secrets by convention (places.ts), so that they are
 * masked wherever else they turn up: in a test's name, in a message, in the log of the BFF.
 */
export class FoundSecrets {
  readonly #register: (secret: Secret) => void;
  readonly #known = new Set<string>();
  #characters = 0;

  /** @param register gets each new secret, once */
  constructor(register: (secret: Secret) => void) {
    this.#register = register;
  }

  /**
   * Registers what is secret in a value.
   *
   * @param label what the value is, for people: the name of a header, a member, a variable
   */
  add(value: string, label: string): void {
    for (const part of secretPartsOf(value)) {
      if (this.#known.has(part) || this.#characters + part.length > MOST_CHARACTERS) continue;
      this.#known.add(part);
      this.#characters += part.length;
      this.#register(new Secret(part, label.slice(0, LONGEST_LABEL)));
    }
  }

  /** Registers every secret in a message: in its URL, its headers and its body. */
  addFrom({ headers, body, url }: Message): void {
    if (url !== undefined) this.#addFromUrl(url);
    for (const { name, value } of headers) this.#addFromHeader(name, value);
    if (!MAY_HOLD_SECRETS.test(body)) return;
    if (/^\s*[{["]/.test(body)) {
      maskMembers(body, isSecretName, (value, name) => {
        this.add(value, name);
        return value;
      });
    } else if (!/[\s<]/.test(body)) this.#addFromParameters(body);
  }

  #addFromHeader(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (lower === 'cookie' || lower === 'set-cookie') {
      const pairs = lower === 'cookie' ? value.split(';') : [value.split(';')[0] ?? ''];
      for (const pair of pairs) this.#addDecoded(pair.slice(pair.indexOf('=') + 1).trim(), name);
    } else if (isAuthorization(name)) {
      const [, scheme = '', rest = value] = /^([\w-]+)\s+(.+)$/s.exec(value) ?? [];
      this.add(rest, name);
      // RFC 7617: user name and password. The name is no secret, and log lines need it.
      if (/^basic$/i.test(scheme)) this.add(/:(.*)$/s.exec(Buffer.from(rest, 'base64').toString())?.[1] ?? '', name);
    } else if (isSecretHeader(name)) this.add(value, name);
    else if (value.includes('://')) this.#addFromUrl(value);
  }

  #addFromUrl(url: string): void {
    const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:([^\s/@]*)@/i.exec(url) ?? [];
    if (password !== undefined) this.#addDecoded(password, 'password');
    for (const part of url.split(/[?#]/).slice(1)) this.#addFromParameters(part);
  }

  #addFromParameters(text: string): void {
    for (const [name, value] of new URLSearchParams(text)) {
      // As in by-place: a `code` in a URL is an authorization code (RFC 6749 §4.1.2).
      if (isSecretName(name) || name === 'code') this.add(value, name);
    }
  }

  #addDecoded(value: string, label: string): void {
    this.add(value, label);
    try {
      this.add(decodeURIComponent(value), label);
    } catch {
      // It is not encoded.
    }
  }
}

/**
 * Registers the values of variables that are named like secrets, and passwords in URLs: logs of the services, and what the
 * stack prints, may quote them.
 *
 * @param environments a variable that is null has no value
 * @param register gets each value that is a secret
 */
export function registerEnvironments(environments: readonly Environment[], register: (secret: Secret) => void): void {
  const found = new FoundSecrets(register);
  for (const environment of environments) {
    for (const [name, value] of Object.entries(environment)) {
      if (value !== null && isSecretVariable(name)) found.add(value, name);
      else if (value?.includes('://')) found.addFrom({ headers: [], body: '', url: value });
    }
  }
}

/** Part of every secret name, so a body without any of them need not be read. */
const MAY_HOLD_SECRETS =
  /token|secret|assertion|pass|pwd|jwt|iat|key|credential|authorization|verifier|code|session|cookie/i;

const LONGEST_LABEL = 40;

/**
 * The parts of a value that are secret in any place. Ordinary words and addresses are not, because a report with those masked
 * could not be read. Of a structure, only the parts that look random are.
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
