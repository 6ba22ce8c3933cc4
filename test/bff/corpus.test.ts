import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diagnoseLog } from '../../scripts/bff/log-reader.ts';
import { SIGNATURES } from '../../scripts/bff/signatures.ts';

const FOLDER = new URL('../fixtures/logs/', import.meta.url);

/** `<expected code>.<what is special about it>.log` */
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.log'));

/** Code, the lines as one JSON string, and sometimes the service's environment as JSON. */
const ONE_LINERS = readFileSync(new URL('one-liners.tsv', FOLDER), 'utf8')
  .trimEnd()
  .split('\n')
  .map((row) => row.split('\t'));

const ESC = '\u001b';

/** What compose, docker and terminals put around each line; none of it may change the answer. */
const WRAPPINGS: Readonly<Record<string, (line: string) => string>> = {
  'compose v2': (line) => `bff-1  | ${line}`,
  'compose v2.26, which erases the line first': (line) => `${ESC}[2Kbff-1  | ${line}`,
  'compose v1 in colour': (line) => `${ESC}[36mbff_1          |${ESC}[0m ${line}`,
  'a container name': (line) => `empowernow-bff-1  | ${line}`,
  'docker logs -t': (line) => `2026-03-02T08:14:11.204518291Z ${line}`,
  'compose -t': (line) => `bff-1  | 2026-03-02T08:14:11.204518291Z ${line}`,
  'a terminal': (line) => `${line}\r`,
};

function codeOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}

function linesOf(name: string): string[] {
  return readFileSync(new URL(name, FOLDER), 'utf8').split('\n');
}

describe('the log corpus', () => {
  it.each(FILES)('%s', (name) => {
    const diagnosis = diagnoseLog(linesOf(name));
    expect(diagnosis.code, diagnosis.evidence.join('\n')).toBe(codeOf(name));
  });

  it.each(Object.entries(WRAPPINGS))('is read the same through %s', (_what, wrap) => {
    for (const name of FILES) {
      const lines = linesOf(name);
      // Several services' prefixes are the very thing that these are about.
      if (lines.some((line) => /^\S+ +\| /.test(line))) continue;
      expect(diagnoseLog(lines.map(wrap)).code, name).toBe(codeOf(name));
    }
  });

  it('is large enough to mean something', () => {
    const codes = [...FILES.map(codeOf), ...ONE_LINERS.map(([code]) => code)];
    expect(FILES.length).toBeGreaterThanOrEqual(60);
    expect(FILES.filter((name) => /^(?:unknown|registered|credentials-cached)\./.test(name)).length).toBeGreaterThan(
      15,
    );
    for (const { code } of SIGNATURES) {
      expect(codes.filter((other) => other === code).length, code).toBeGreaterThanOrEqual(4);
    }
  });
});

describe('single statements', () => {
  it.each(ONE_LINERS)('%s: %s', (code, text, env) => {
    const lines = String(JSON.parse(text ?? '""')).split('\n');
    const diagnosis = diagnoseLog(lines, env === undefined ? {} : { env: JSON.parse(env) });
    expect(diagnosis.code).toBe(code);
  });
});

describe('every diagnosis', () => {
  it.each(FILES)('of %s rests on lines of the log itself', (name) => {
    const diagnosis = diagnoseLog(linesOf(name));
    if (diagnosis.code !== 'unknown') expect(diagnosis.evidence.length).toBeGreaterThan(0);
    expect(diagnosis.evidence.length).toBeLessThanOrEqual(10);
    for (const line of diagnosis.evidence) expect(line).not.toContain(ESC);
  });
});
