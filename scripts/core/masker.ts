import type { Secret } from './secret.ts';

/** Shorter values would turn up in ordinary text, and masking them would eat the report; they are masked by place instead. */
export const SHORTEST_MASKED = 8;

/**
 * Knows every secret of the run and takes it out of any text. Everything that leaves the process (terminal, reports, JSON,
 * errors) passes one masker. Secrets may be added at any time and count from then on.
 */
export class Masker {
  readonly #secrets = new Map<string, string>();

  add(secret: Secret): void {
    if (secret.length >= SHORTEST_MASKED) this.#secrets.set(secret.reveal(), secret.label);
  }

  /** The text with each secret replaced by its label, as in `‹admin token›`. */
  mask(text: string): string {
    let masked = text;
    for (const [value, label] of this.#secrets) masked = masked.replaceAll(value, `‹${label}›`);
    return masked;
  }
}
