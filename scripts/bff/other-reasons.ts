import type { Hint } from '../core/errors.ts';

/** Why a BFF does not start, where that has nothing to do with its registration. */
export interface OtherReason {
  /** What happened, in one sentence. */
  readonly cause: string;
  readonly fix: Hint;
  /** Whether a fresh IAT would help; null: that cannot be told. */
  readonly iatHelps: false | null;
}

/** The reason that a line of a log names; null: none that is known. */
export function otherReasonIn(line: string): OtherReason | null {
  if (!WORDS.test(line)) return null;
  return REASONS.find(([words]) => words.test(line))?.[1] ?? null;
}

function reason(cause: string, text: string, iatHelps: false | null = false): OtherReason {
  return { cause, fix: { text }, iatHelps };
}

/** Words of all of them, to leave every other line quickly. */
const WORDS =
  /policy '|limits|409|429|many req|in the future|clock|yet valid|immature|scope|permission|already in use|errno|winerror|to bind|module|import|no space|memory|code 137|sigkill|oom|pem|validation err/i;
const REASONS: readonly (readonly [RegExp, OtherReason])[] = [
  [
    /Policy '(?:Trusted Hosts|Max Clients Limit|Client Disabled)[^']{0,40}' rejected/i,
    reason(
      "The IdP's registration policy refuses the BFF (403).",
      "Change the policy that the answer names. Keycloak applies 'Trusted Hosts' to requests without an IAT, so check as well that the BFF sends one.",
      null,
    ),
  ],
  [
    /\b429\b|Too Many Requests/i,
    reason(
      'The IdP limits how often it may be asked (429).',
      'Wait for as long as the answer says, then start the BFF again.',
      null,
    ),
  ],
  [
    /\b409\b.{0,80}(?:Conflict|exist)/i,
    reason(
      'The IdP already has a client of that name (409).',
      'Delete that client at the IdP, or set DCR_FORCE_REPLACE to "true" for one start.',
      null,
    ),
  ],
  [
    /not yet valid|ImmatureSignature|\biat\b.{0,20}in the future|clock skew/i,
    reason(
      'A token is not valid yet: the clocks of the BFF and the IdP differ.',
      'Set both clocks by the same time server, and start the BFF again.',
      null,
    ),
  ],
  [
    /insufficient_scope|do not have permission to perform/i,
    reason(
      'The IdP says that the token of the registration lacks a right (403).',
      'Check that DCR_IAT holds an IAT of this IdP and no other access token, and what the IdP asks of an IAT.',
      null,
    ),
  ],
  [
    /address already in use|Errno (?:98|48)\b|WinError 10048|attempting to bind/i,
    reason(
      'The BFF cannot listen: its port is taken, or it may not use it.',
      "Stop the other process that has the port, or change the BFF's port.",
    ),
  ],
  [
    /ModuleNotFoundError|ImportError|Could not import module|Error loading ASGI app|Attribute "\w+" not found in module/i,
    reason(
      'The program of the BFF cannot be loaded: a module is missing or broken.',
      'Rebuild or update the image of the BFF, and check the command that starts it.',
    ),
  ],
  [
    /Permission denied\b.{0,80}(?:keys|\.pem|\.json|bff_client)/i,
    reason(
      'The BFF may not write or read its keys and cached credentials.',
      'Check the owner and mode of the volume with the keys (/app/keys), and that it is mounted for writing.',
    ),
  ],
  [
    /No space left on device/i,
    reason('The disk is full.', 'Free space on the machine that runs the BFF, or on the volume with its keys.'),
  ],
  [
    /MemoryError|out of memory|exited with code 137\b|was sent SIGKILL|oom[-_ ]?kill/i,
    reason(
      'The BFF was killed, most likely because it used too much memory.',
      'Raise the memory limit of the service, or of the machine that it runs on.',
    ),
  ],
  [
    /(?:No such file|FileNotFoundError|not found|missing|no signing key|Unable to load|Could not deserialize).{0,80}(?:\.pem\b|PEM)/i,
    reason(
      'The signing key of the BFF is missing or cannot be read.',
      'Check that DCR_SIGNING_KEY and BFF_JWT_SIGNING_KEY name a PEM file in the volume with the keys (/app/keys).',
    ),
  ],
  [
    /\b\d{1,6} validation errors? for \w{0,60}(?:settings|config)/i,
    reason(
      'The settings of the BFF are incomplete or wrong.',
      'Correct the variables that the log names in the environment of the service.',
    ),
  ],
];
