import { describe, expect, it } from 'vitest';
import { blindSpots, findLeaks } from '../support/masker-check.ts';
import { plantedForms } from '../support/planted-forms.ts';
import { secretOf, TOKEN } from './samples.ts';

describe('the leak guard', () => {
  it('sees every form of a planted secret', () => {
    expect(blindSpots()).toEqual([]);
    expect(plantedForms(TOKEN).size).toBeGreaterThan(50);
  });

  it('names the secret, the form and the place, and not the value', () => {
    const leaks = findLeaks(`a ${TOKEN} and ${Buffer.from(TOKEN).toString('hex')} and ${TOKEN.slice(0, 14)}`, [
      secretOf(TOKEN),
    ]);
    expect(leaks).toEqual([
      { label: 'IAT sha256:1a2b3c4d', form: 'raw', offset: 2 },
      { label: 'IAT sha256:1a2b3c4d', form: 'raw, in hexadecimal bytes', offset: 42 },
      { label: 'IAT sha256:1a2b3c4d', form: 'part of raw', offset: 117 },
    ]);
    expect(JSON.stringify(leaks)).not.toContain(TOKEN.slice(0, 12));
  });

  it.each(['utf8', 'utf16le', 'latin1'] as const)('reads files of %s, and counts bytes', (encoding) => {
    const secret = 'test-only-pässphrase-ÄÖ-0001';
    const before = Buffer.from('é before: ', encoding);
    const file = Buffer.concat([before, Buffer.from(`${secret}\n`, encoding)]);
    expect(findLeaks(file, [secretOf(secret)])).toContainEqual({
      label: 'IAT sha256:1a2b3c4d',
      form: 'raw',
      offset: before.length,
    });
  });

  it('reads binary files', () => {
    const file = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.from(TOKEN), Buffer.from([0xff])]);
    expect(findLeaks(file, [secretOf(TOKEN)])).toContainEqual({ label: 'IAT sha256:1a2b3c4d', form: 'raw', offset: 4 });
  });

  it('finds nothing where there is nothing', () => {
    expect(findLeaks(Buffer.from('nothing to see here'), [secretOf(TOKEN)])).toEqual([]);
    expect(findLeaks(TOKEN, [])).toEqual([]);
  });
});
