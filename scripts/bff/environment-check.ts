import type { DiagnosisCode } from '../core/diagnosis.ts';

/** The environment that the next start of a service gets; null: passed through from outside, and unset there. */
export type ServiceEnvironment = Readonly<Record<string, string | null>>;

/** Something in the service's environment that a person should know. Never quotes a secret's value. */
export interface Finding {
  /** `fault`: stops the bootstrap; `warning`: hides or endangers something; `info`: worth knowing. */
  readonly level: 'fault' | 'warning' | 'info';
  readonly variable: string;
  /** The diagnosis that it leads to; null: none by itself. */
  readonly code: DiagnosisCode | null;
  readonly message: string;
  readonly hint: string;
}

/** What the environment alone says about the bootstrap; faults first. `variable` is the one that holds the IAT. */
export function diagnoseEnvironment(env: ServiceEnvironment, variable = 'DCR_IAT'): Finding[] {
  const findings = [
    ...switches(env),
    ...initialAccessToken(env, variable),
    ...idpAddress(env),
    ...redirectUris(env),
    ...kafka(env),
  ];
  const order = { fault: 0, warning: 1, info: 2 };
  return findings.sort((a, b) => order[a.level] - order[b.level]);
}

/** A flag as Python services read it; null: absent, empty or no word that means yes or no. */
export function isTrue(value: string | null | undefined): boolean | null {
  const word =
    value
      ?.trim()
      .replace(/^(["'])(.*)\1$/, '$2')
      .toLowerCase() ?? '';
  if (['true', '1', 'yes', 'on', 'y', 't', 'enabled'].includes(word)) return true;
  return ['false', '0', 'no', 'off', 'n', 'f', 'disabled'].includes(word) ? false : null;
}

function switches(env: ServiceEnvironment): Finding[] {
  const findings: Finding[] = [];
  if (isTrue(env['DCR_ENABLED']) === false) {
    findings.push({
      level: 'fault',
      variable: 'DCR_ENABLED',
      code: 'bootstrap-skipped',
      message: 'DCR_ENABLED is off, so the BFF does not register itself.',
      hint: 'Set DCR_ENABLED to "true".',
    });
  }
  if (isTrue(env['SKIP_DCR_BOOTSTRAP']) === true) {
    findings.push({
      level: 'fault',
      variable: 'SKIP_DCR_BOOTSTRAP',
      code: 'bootstrap-skipped',
      message: 'SKIP_DCR_BOOTSTRAP is on, so the BFF does not register itself.',
      hint: 'Set SKIP_DCR_BOOTSTRAP to "false".',
    });
  }
  if (isTrue(env['ALLOW_BOOTSTRAP_FAILURE']) === true) {
    findings.push({
      level: 'warning',
      variable: 'ALLOW_BOOTSTRAP_FAILURE',
      code: null,
      message: 'ALLOW_BOOTSTRAP_FAILURE is on: the BFF can look healthy without being registered.',
      hint: 'Set ALLOW_BOOTSTRAP_FAILURE to "false", so that a failed bootstrap ends the BFF.',
    });
  }
  return findings;
}

function initialAccessToken(env: ServiceEnvironment, variable: string): Finding[] {
  const findings: Finding[] = [];
  const token = env[variable] ?? '';
  const replace = isTrue(env['DCR_FORCE_REPLACE']) === true;
  if (token.trim() === '') {
    findings.push({
      level: replace ? 'fault' : 'info',
      variable,
      code: replace ? 'iat-missing' : null,
      message: replace
        ? `${variable} is not set, and DCR_FORCE_REPLACE is on: the BFF needs an IAT to register again.`
        : `${variable} is not set: the BFF can start from cached credentials only.`,
      hint: 'npm run iat mints an IAT and writes it.',
    });
  } else if (/\s|^["'<]|["'>]$|^Bearer /i.test(token)) {
    findings.push({
      level: 'fault',
      variable,
      code: 'iat-invalid',
      message: `${variable} holds spaces, quotes, angle brackets or the word Bearer, so it cannot be the bare token.`,
      hint: 'npm run iat mints an IAT and writes it as it must be.',
    });
  }
  if (replace) {
    findings.push({
      level: 'warning',
      variable: 'DCR_FORCE_REPLACE',
      code: null,
      message:
        'DCR_FORCE_REPLACE is on: every start deletes the client and registers it again, and needs an IAT that still has a use.',
      hint: 'Set DCR_FORCE_REPLACE to "false" after the next successful start.',
    });
  }
  return findings;
}

function idpAddress(env: ServiceEnvironment): Finding[] {
  const url = env['IDP_BASE_URL'];
  if (url === undefined || url === null || url.trim() === '') return [];
  const found = { variable: 'IDP_BASE_URL', code: 'idp-unreachable' } as const;
  const host = /^\s*https?:\/\/(?:[^/@\s]*@)?(\[[^\]]*\]|[^/:?#\s]+)/i.exec(url)?.[1];
  if (host === undefined) {
    return [
      {
        ...found,
        level: 'fault',
        message: 'IDP_BASE_URL is not an http(s) address.',
        hint: 'Set it to https://… or to http://idp-app:8002.',
      },
    ];
  }
  if (!/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/i.test(host)) return [];
  return [
    {
      ...found,
      level: 'warning',
      message: `IDP_BASE_URL points to ${host}, which inside the container is the BFF itself, not the IdP.`,
      hint: "Use the address inside the BFF's network (such as http://idp-app:8002), or the public one.",
    },
  ];
}

function redirectUris(env: ServiceEnvironment): Finding[] {
  const uris = (env['DCR_REDIRECT_URIS'] ?? '').split(/[\s,]+/).filter((uri) => uri !== '');
  const found = { level: 'warning', variable: 'DCR_REDIRECT_URIS', code: 'invalid-redirect-uri' } as const;
  const findings: Finding[] = [];
  if (uris.some((uri) => uri.endsWith('/'))) {
    findings.push({
      ...found,
      message: 'DCR_REDIRECT_URIS has an entry with a trailing slash; the IdP compares exactly.',
      hint: 'Take the slash off: https://<host>/auth/callback.',
    });
  }
  if (uris.some((uri) => !/^[a-z][a-z0-9+.-]*:\/\/[^/]+/i.test(uri) || uri.includes('#'))) {
    findings.push({
      ...found,
      message: 'DCR_REDIRECT_URIS has an entry that is not a full address without a fragment.',
      hint: 'Write a list of https://<host>/auth/callback, separated by commas or spaces.',
    });
  }
  return findings;
}

function kafka(env: ServiceEnvironment): Finding[] {
  const servers = env['KAFKA_BOOTSTRAP_SERVERS']?.trim() ?? '';
  if (servers !== '') return [];
  return [
    {
      level: 'info',
      variable: 'KAFKA_BOOTSTRAP_SERVERS',
      code: 'kafka-unconfigured',
      message:
        'KAFKA_BOOTSTRAP_SERVERS is not set, so the BFF looks for Kafka on localhost; this does not affect the registration.',
      hint: "Set it to the broker's address inside the BFF's network (such as kafka:9092).",
    },
  ];
}
