import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../scripts/core/secret.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { withoutSeparators } from '../../scripts/secrets/masking/compact-text.ts';
import { plantedForms } from '../support/planted-forms.ts';
import { B64TOKEN, maskerOf, OUTSIDE, secretOf, TOKEN, UNICODE } from './samples.ts';

describe('what is masked', () => {
  it('a secret, replaced by its label', () => {
    expect(maskerOf(TOKEN).mask(`Authorization: Bearer ${TOKEN}!`)).toBe(
      'Authorization: Bearer ‹IAT sha256:1a2b3c4d›!',
    );
  });

  it('prefixes as assertion libraries cut them', () => {
    expect(maskerOf(TOKEN).mask(`expected '${TOKEN.slice(0, 12)}…' to equal ''`)).toBe(
      "expected '‹IAT sha256:1a2b3c4d›…' to equal ''",
    );
    expect(maskerOf(TOKEN).mask(`expected '${TOKEN.slice(0, 11)}…'`)).toBe(`expected '${TOKEN.slice(0, 11)}…'`);
  });

  it('a token that a table broke', () => {
    const table = `│ # │ failure    │\n│ 1 │ ${TOKEN.slice(0, 10)} │\n│   │ ${TOKEN.slice(10, 20)} │\n│   │ ${TOKEN.slice(20)} │`;
    expect(maskerOf(TOKEN).mask(table)).toBe('│ # │ failure    │\n│ 1 │ ‹IAT sha256:1a2b3c4d› │');
  });

  it("a response's bytes in a JSON report, with the token JSON-escaped in them", () => {
    const secret = 'test-only "quoted" admin\\token 0001';
    const stream = Buffer.from(JSON.stringify({ token: secret, end: true }));
    const masker = new Masker();
    masker.add(new Secret(secret, 'admin token'));
    const masked = masker.mask(JSON.stringify({ stream }, null, 2));
    expect(masked).toContain('‹admin token›');
    expect(masked).toContain('123,');
    expect(masker.find(masked)).toEqual([]);
  });

  it('client credentials in Basic authentication, encoded as RFC 6749 asks', () => {
    const secret = 'test+only/client=secret&0001';
    const header = Buffer.from(`bff:${encodeURIComponent(secret)}`).toString('base64');
    expect(maskerOf(secret).find(`Basic ${header}`)).toMatchObject([{ form: 'base64 of URL encoding, offset 1' }]);
  });

  it('the longest of overlapping secrets gives the label', () => {
    const masker = new Masker();
    masker.add(new Secret(TOKEN.slice(0, 24), 'short'));
    masker.add(new Secret(TOKEN, 'long'));
    masker.add(new Secret(`${TOKEN.slice(-20)}-and-on`, 'other'));
    expect(masker.mask(`<${TOKEN}>`)).toBe('<‹long›>');
    expect(masker.mask(`<${TOKEN.slice(0, 24)}>`)).toBe('<‹short›>');
    expect(masker.mask(`<${TOKEN}-and-on>`)).toBe('<‹long›>');
  });

  it('two secrets side by side are two', () => {
    const masker = new Masker();
    masker.add(new Secret('test-only-secret-number-1', 'one'));
    masker.add(new Secret('other-invented-value-number-2', 'two'));
    expect(masker.mask('test-only-secret-number-1other-invented-value-number-2')).toBe('‹one›‹two›');
  });

  it('a secret that is added later counts from then on', () => {
    const masker = maskerOf('some-other-test-only-secret');
    expect(masker.mask(TOKEN)).toBe(TOKEN);
    masker.add(secretOf(TOKEN));
    expect(masker.mask(TOKEN)).toBe('‹IAT sha256:1a2b3c4d›');
  });

  it('a run of one character is masked as a whole only', () => {
    const masker = maskerOf('-'.repeat(30));
    expect(masker.mask('-'.repeat(29))).toBe('-'.repeat(29));
    expect(masker.mask('-'.repeat(30))).toBe('‹IAT sha256:1a2b3c4d›');
  });
});

describe('what is left alone', () => {
  it('values under 8 characters', () => {
    expect(maskerOf('secret7').mask('the secret7 value')).toBe('the secret7 value');
  });

  it('words that a short secret is made of, and pieces of it', () => {
    const masker = maskerOf('password', 'https://idp');
    expect(masker.mask('pass word, passwor, word pass')).toBe('pass word, passwor, word pass');
    expect(masker.mask('https://other and http://idp and https:// idp')).toBe(
      'https://other and http://idp and https:// idp',
    );
    expect(masker.mask('a password of https://idp/x')).toBe('a ‹IAT sha256:1a2b3c4d› of ‹IAT sha256:1a2b3c4d›/x');
    expect(masker.mask('a pass\n  word')).toBe('a ‹IAT sha256:1a2b3c4d›');
  });

  it('a log without secrets, however many escapes it has', () => {
    const log =
      `${JSON.stringify({ a: 'x\ny "z" \\ %2F &amp; <b>', list: [...Array(300).keys()], id: '0f'.repeat(40) })}\n`.repeat(
        50,
      );
    expect(maskerOf(TOKEN, 'it\'s a $ecret "phrase"').mask(log)).toBe(log);
  });

  it('text that another secret’s label is taken for', () => {
    const masker = new Masker();
    masker.add(new Secret('admin token', 'admin token'));
    const masked = masker.mask('the admin token is');
    expect(masked).toBe('the ‹secret› is');
    expect(masker.mask(masked)).toBe(masked);
  });
});

describe.each([
  ['tokens (RFC 6750)', B64TOKEN],
  ['printable Unicode', UNICODE],
])('any secret of %s', (_, secrets) => {
  it('leaves no form of it, and leaves what is around it', () => {
    fc.assert(
      fc.property(secrets, OUTSIDE, OUTSIDE, (value, before, after) => {
        const masker = maskerOf(value);
        for (const [form, text] of plantedForms(value)) {
          const whole = `${before} [${text}] ${after}`;
          const masked = masker.mask(whole);
          expect(masker.find(masked), form).toEqual([]);
          expect(masked.startsWith(`${before} [`) && masked.endsWith(`] ${after}`), `${form}: ${masked}`).toBe(true);
          expect(masked, form).toContain('‹IAT sha256:1a2b3c4d›');
          expect(masker.mask(masked), form).toBe(masked);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('any twelve characters of it are enough', () => {
    fc.assert(
      fc.property(secrets, fc.nat(), OUTSIDE, (value, seed, around) => {
        const compact = withoutSeparators(value);
        const start = seed % (compact.length - 11);
        const piece = compact.slice(start, start + 12);
        fc.pre(new Set(piece).size >= 5);
        expect(maskerOf(value).mask(`${around}${piece} ${around}`)).not.toContain(piece);
      }),
    );
  });
});

describe('what is found', () => {
  it.each([
    'planted-for-the-self-test_0123456789~+/AbCdEfGhIjKlMnOp==',
    `a "planted" secret's <value> & more: 50% $off \\ {é€🙂} [x]`,
  ])('every form of a secret, in a text and in bytes: %s', (secret) => {
    const masker = maskerOf(secret);
    for (const [form, text] of plantedForms(secret)) {
      const page = `{"before": 1, "at": "${text}", "after": 2}`;
      expect(masker.find(page), form).not.toEqual([]);
      expect(masker.find(Buffer.from(page)), form).not.toEqual([]);
    }
    expect(plantedForms(secret).size).toBeGreaterThan(50);
  });

  it('the secret, the form and the place are named, and not the value', () => {
    const leaks = maskerOf(TOKEN).find(
      `a ${TOKEN} and ${Buffer.from(TOKEN).toString('hex')} and ${TOKEN.slice(0, 14)}`,
    );
    expect(leaks).toEqual([
      { label: 'IAT sha256:1a2b3c4d', form: 'raw', offset: 2 },
      { label: 'IAT sha256:1a2b3c4d', form: 'raw, in hexadecimal bytes', offset: 42 },
      { label: 'IAT sha256:1a2b3c4d', form: 'part of raw', offset: 117 },
    ]);
    expect(JSON.stringify(leaks)).not.toContain(TOKEN.slice(0, 12));
  });

  it.each(['utf8', 'utf16le', 'latin1'] as const)('in files of %s, with offsets in bytes', (encoding) => {
    const secret = 'test-only-pässphrase-ÄÖ-0001';
    const before = Buffer.from('é before: ', encoding);
    const file = Buffer.concat([before, Buffer.from(`${secret}\n`, encoding)]);
    expect(maskerOf(secret).find(file)).toContainEqual({
      label: 'IAT sha256:1a2b3c4d',
      form: 'raw',
      offset: before.length,
    });
  });

  it('in binary files', () => {
    const file = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.from(TOKEN), Buffer.from([0xff])]);
    expect(maskerOf(TOKEN).find(file)).toContainEqual({ label: 'IAT sha256:1a2b3c4d', form: 'raw', offset: 4 });
  });

  it('nothing where there is nothing', () => {
    expect(maskerOf(TOKEN).find(Buffer.from('nothing to see here'))).toEqual([]);
    expect(maskerOf().find(TOKEN)).toEqual([]);
  });
});
