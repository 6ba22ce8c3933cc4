import { describe, expect, test } from 'vitest';
import { addIgnores, addScripts, addVariables } from '../../scripts/cli/init-files.ts';

describe('package.json', () => {
  test('gets the scripts that it lacks, behind its own ones, in its own indentation', () => {
    const { text, added, kept } = addScripts(
      '{\r\n\t"name": "x",\r\n\t"scripts": {\r\n\t\t"doctor": "own"\r\n\t},\r\n\t"private": true\r\n}\r\n',
    );
    expect(text).toBe(
      '{\r\n\t"name": "x",\r\n\t"scripts": {\r\n\t\t"doctor": "own",\r\n\t\t"iat": "npx bff-iat iat",\r\n\t\t"iat:clear": "npx bff-iat clear"\r\n\t},\r\n\t"private": true\r\n}\r\n',
    );
    expect(added).toEqual(['iat', 'iat:clear']);
    expect(kept).toEqual(['doctor']);
    expect(addScripts(text)).toEqual({ text, added: [], kept: ['iat', 'iat:clear', 'doctor'] });
  });

  test.each([
    ['without scripts', '{\n    "name": "x"\n}\n'],
    ['on one line', '{"name":"x"}'],
    ['empty', '{}'],
    ['with a byte order mark', '\ufeff{\n  "name": "x"\n}'],
    ['without a line break at the end', '{\n  "scripts": {}\n}'],
  ])('%s: nothing but the scripts is added', (_, before) => {
    const { text } = addScripts(before);
    expect(text.startsWith(before.slice(0, before.search(/["}]/)))).toBe(true);
    expect(text.endsWith('\n')).toBe(before.endsWith('\n'));
    const { scripts, ...others } = JSON.parse(text.replace('\ufeff', ''));
    const { scripts: own = {}, ...all } = JSON.parse(before.replace('\ufeff', ''));
    expect(others).toEqual(all);
    expect(scripts).toEqual({
      ...own,
      iat: 'npx bff-iat iat',
      'iat:clear': 'npx bff-iat clear',
      doctor: 'npx bff-iat doctor',
    });
  });

  test('runs the installed program by its name', () => {
    expect(addScripts('{ "devDependencies": { "bff-iat": "0.1.0" } }').text).toContain('"iat": "bff-iat iat"');
  });

  test.each([
    ['{ "name": "x", }', /not valid JSON/],
    ['[]', /not an object/],
    ['{ "scripts": [] }', /not an object/],
    ['{ "scripts": { "a": "1" }, "scripts": {} }', /cannot be edited safely/],
  ])('%s is refused', (text, message) => {
    expect(() => addScripts(text)).toThrow(message);
  });
});

describe('.gitignore', () => {
  test.each([
    ['', '.env\nreports/\n', ['.env', 'reports/']],
    ['node_modules', 'node_modules\n.env\nreports/\n', ['.env', 'reports/']],
    ['a\r\n/.env\r\n', 'a\r\n/.env\r\nreports/\r\n', ['reports/']],
    ['.env*\n/reports/*\n', '.env*\n/reports/*\n', []],
    ['\ufeff.env\nreports\n', '\ufeff.env\nreports\n', []],
  ])('%j becomes %j', (before, after, added) => {
    expect(addIgnores(before)).toMatchObject({ text: after, added });
    expect(addIgnores(after)).toMatchObject({ text: after, added: [] });
  });
});

describe('.env.example', () => {
  const none = { composeFile: null, service: null };

  test('names what was found, and leaves the rest as comments', () => {
    const { text } = addVariables('', { composeFile: 'deploy/compose.yml', service: 'web-bff' });
    expect(text).toMatch(/^COMPOSE_FILE=deploy\/compose\.yml\nIAT_SERVICE=web-bff$/m);
    expect(text).toMatch(/^#IAT_IDP_URL=/m);
    expect(addVariables('', none).text).not.toMatch(/^[^#\n]/m);
  });

  test('keeps what is there, its line breaks too, and adds only variables that it does not name', () => {
    const before = 'A=1\r\n# IAT_SERVICE=web\r\nIAT_CA_FILE=ca.pem';
    const { text, added, kept } = addVariables(before, { ...none, service: 'other' });
    expect(text.startsWith(`${before}\r\n\r\n# For bff-iat.`)).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
    expect(added).toEqual(['COMPOSE_FILE', 'IAT_IDP_URL', 'IAT_BFF_URL']);
    expect(kept).toEqual(['IAT_SERVICE', 'IAT_CA_FILE']);
    expect(text).not.toMatch(/other|self-signed/);
    expect(addVariables(text, none)).toMatchObject({ text, added: [] });
  });
});
