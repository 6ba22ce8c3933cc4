import fc from 'fast-check';
import { Secret } from '../../scripts/core/secret.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { withoutSeparators } from '../../scripts/secrets/masking/compact-text.ts';

export const TOKEN = 'test-only-initial-access-token-0001';

export function secretOf(value: string): Secret {
  return new Secret(value, 'IAT sha256:1a2b3c4d');
}

export function maskerOf(...values: readonly string[]): Masker {
  const masker = new Masker();
  for (const value of values) masker.add(secretOf(value));
  return masker;
}

/** RFC 6750 section 2.1. */
export const B64TOKEN = fc
  .tuple(
    fc.string({
      unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/'),
      minLength: 16,
      maxLength: 80,
    }),
    fc.constantFrom('', '=', '=='),
  )
  .map((parts) => parts.join(''))
  .filter(isVaried);

/** Passphrases of anything that prints, line ends and table borders among it. */
export const UNICODE = fc
  .string({
    unit: fc
      .oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0x21, max: 0x7e }) },
        { weight: 1, arbitrary: fc.constantFrom(0x20, 0x0a, 0x7c) },
        { weight: 1, arbitrary: fc.integer({ min: 0xa1, max: 0x24ff }) },
        { weight: 1, arbitrary: fc.integer({ min: 0x1f300, max: 0x1f6ff }) },
      )
      .map((point) => String.fromCodePoint(point)),
    minLength: 20,
    maxLength: 60,
  })
  .map((text) => text.trim())
  .filter(isVaried);

/** Text around a secret, from letters that the secrets' beginnings and ends can be told from. */
export const OUTSIDE = fc.string({ unit: fc.constantFrom(...'\n {}()*@…ÄÖé🙂日本'), maxLength: 40 });

/** A secret that is long and mixed enough to be found by its pieces. */
function isVaried(value: string): boolean {
  const compact = withoutSeparators(value);
  if (compact.length < 16) return false;
  return Array.from({ length: compact.length - 11 }, (_, at) => new Set(compact.slice(at, at + 12)).size).every(
    (size) => size >= 5,
  );
}
