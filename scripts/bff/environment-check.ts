import type { DiagnosisCode } from '../core/diagnosis.ts';
import type { Environment } from '../core/stack.ts';

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
export function diagnoseEnvironment(env: Environment, variable = 'DCR_IAT'): Finding[] {
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
  const word = (value ?? '').trim().replace(/^(["'])(.*)\1$/, '$2');
  if (/^(?:true|1|yes|on|y|t|enabled)$/i.test(word)) return true;
  return /^(?:false|0|no|off|n|f|disabled)$/i.test(word) ? false : null;
}

function switches(env: Environment): Finding[] {
  const findings: Finding[] = [];
  for (const [variable, harmful] of [
    ['DCR_ENABLED', false],
    ['SKIP_DCR_BOOTSTRAP', true],
  ] as const) {
    if (isTrue(env[variable]) !== harmful) continue;
    findings.push({
      level: 'fault',
      variable,
      code: 'bootstrap-skipped',
      message: `${variable} is ${harmful ? 'on' : 'off'}, so the BFF does not register itself.`,
      hint: `Set ${variable} to "${!harmful}".`,
    });
  }
  if (isTrue(env['ALLOW_BOOTSTRAP_FAILURE'])) {
    findings.push({
      level: 'warning',
      variable: 'ALLOW_BOOTSTRAP_FAILURE',
      code: null,
      message: 'ALLOW_BOOTSTRAP_FAILURE is on: the BFF can look healthy without being registered.',
      hint: 'Set ALLOW_BOOTSTRAP_FAILURE to "false", so that the BFF stops if its bootstrap fails.',
    });
  }
  return findings;
}

function initialAccessToken(env: Environment, variable: string): Finding[] {
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
      hint: 'npm run iat mints an IAT and writes it correctly.',
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

function idpAddress(env: Environment): Finding[] {
  const url = env['IDP_BASE_URL']?.trim() ?? '';
  if (url === '') return [];
  const found = { variable: 'IDP_BASE_URL', code: 'idp-unreachable' } as const;
  const host = /^https?:\/\/(?:[^/@\s]*@)?(\[[^\]]*\]|[^/:?#\s]+)/i.exec(url)?.[1];
  if (host === undefined) {
    const hint = 'Set it to https://… or to http://idp-app:8002.';
    return [{ ...found, level: 'fault', message: 'IDP_BASE_URL is not an http(s) address.', hint }];
  }
  if (!/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/i.test(host)) return [];
  const message = `IDP_BASE_URL points to ${host}, which inside the container is the BFF itself, not the IdP.`;
  const hint = "Use the address inside the BFF's network (such as http://idp-app:8002), or the public one.";
  return [{ ...found, level: 'warning', message, hint }];
}

function redirectUris(env: Environment): Finding[] {
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
      message: 'DCR_REDIRECT_URIS has an entry that is not a full URL, or that has a fragment (#).',
      hint: 'Write a list of https://<host>/auth/callback, separated by commas or spaces.',
    });
  }
  return findings;
}

function kafka(env: Environment): Finding[] {
  if (env['KAFKA_BOOTSTRAP_SERVERS']?.trim()) return [];
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
