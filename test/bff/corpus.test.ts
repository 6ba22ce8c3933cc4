import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diagnoseLog } from '../../scripts/bff/diagnose.ts';

const FOLDER = new URL('../fixtures/logs/', import.meta.url);

/** `<expected code>.<what is special about it>.log` */
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.log'));

describe('the log corpus', () => {
  it.each(FILES)('%s', (name) => {
    const diagnosis = diagnoseLog(readFileSync(new URL(name, FOLDER), 'utf8').split('\n'));
    expect(diagnosis.code, diagnosis.evidence.join('\n')).toBe(name.slice(0, name.indexOf('.')));
  });

  it('is large enough to mean something', () => {
    const codes = FILES.map((name) => name.slice(0, name.indexOf('.')));
    expect(FILES.length).toBeGreaterThanOrEqual(60);
    expect(
      codes.filter((code) => ['unknown', 'registered', 'credentials-cached'].includes(code)).length,
    ).toBeGreaterThan(15);
  });
});
