import { describe, expect, test } from 'vitest';
import { setEnvironment, unsetEnvironment } from '../../scripts/compose/environment.ts';
import { bytes, source, text } from './source.ts';

const TOKEN = 'test-only-token';

function set(before: string, values: Record<string, string> = { DCR_IAT: TOKEN }, service = 'app'): string {
  return text(setEnvironment(bytes(before), service, values).bytes);
}

function unset(before: string, names = ['DCR_IAT'], service = 'app'): string {
  return text(unsetEnvironment(bytes(before), service, names).bytes);
}

/** The part of a file that starts with the service's `environment`; the rest is the same for all. */
const app = (body: string) => `services:\n  app:\n    image: busybox\n${body}  other:\n    image: busybox\n`;

describe('an entry that was not there is added, and taking it out gives the same bytes', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'block map, after the last entry',
      app('    environment:\n      A: b # c\n      # end\n'),
      app('    environment:\n      A: b # c\n      DCR_IAT: "test-only-token"\n      # end\n'),
    ],
    [
      'block list',
      app('    environment:\n      - A=b\n'),
      app('    environment:\n      - A=b\n      - DCR_IAT=test-only-token\n'),
    ],
    [
      'list that is not indented, with a wide gap',
      app('    environment:\n    -   A=b\n'),
      app('    environment:\n    -   A=b\n    -   DCR_IAT=test-only-token\n'),
    ],
    ['absent', app(''), app('    environment:\n      DCR_IAT: "test-only-token"\n')],
    [
      'absent, and no key has its value on one line',
      'services:\n   app:\n      build:\n         context: .\n',
      'services:\n   app:\n      environment:\n         DCR_IAT: "test-only-token"\n      build:\n         context: .\n',
    ],
    [
      'absent, behind a comment',
      'services:\n  app:\n    # what runs\n    image: x # pinned\n    ports: ["80:80"]\n',
      'services:\n  app:\n    # what runs\n    image: x # pinned\n    environment:\n      DCR_IAT: "test-only-token"\n    ports: ["80:80"]\n',
    ],
    ['null', app('    environment:\n'), app('    environment:\n      {"DCR_IAT":"test-only-token"}\n')],
    [
      'null, because all entries are comments',
      app('    environment: # nothing yet\n      # A: b\n'),
      app('    environment: # nothing yet\n      {"DCR_IAT":"test-only-token"}\n      # A: b\n'),
    ],
    ['{}', app('    environment: {} # c\n'), app('    environment: {"DCR_IAT": "test-only-token"} # c\n')],
    ['{ }', app('    environment: { }\n'), app('    environment: {"DCR_IAT": "test-only-token" }\n')],
    ['[]', app('    environment: []\n'), app('    environment: ["DCR_IAT=test-only-token"]\n')],
    [
      'flow map with a comma at the end',
      app('    environment: {A: b,}\n'),
      app('    environment: {"DCR_IAT": "test-only-token", A: b,}\n'),
    ],
    [
      'flow map over several lines, with an entry without value',
      app('    environment: {\n      A,\n      B: , # c\n    }\n'),
      app('    environment: {"DCR_IAT": "test-only-token",\n      A,\n      B: , # c\n    }\n'),
    ],
    ['flow list', app('    environment: ["A=b"]\n'), app('    environment: ["DCR_IAT=test-only-token", "A=b"]\n')],
    [
      'JSON with an environment',
      '{"services": {"app": {"image": "x", "environment": {"A": "b"}}}}\n',
      '{"services": {"app": {"image": "x", "environment": {"DCR_IAT": "test-only-token", "A": "b"}}}}\n',
    ],
    [
      'JSON without',
      '{"services": {"app": {"image": "x"}}}\n',
      '{"services": {"app": {"environment":{"DCR_IAT":"test-only-token"}, "image": "x"}}}\n',
    ],
    [
      'JSON with an empty service',
      '{"services":{"app":{}}}',
      '{"services":{"app":{"environment":{"DCR_IAT":"test-only-token"}}}}',
    ],
    [
      'JSON with an empty environment that stands first',
      '{"services":{"app":{"environment":{},"image":"x"}}}',
      '{"services":{"app":{"environment":{"DCR_IAT": "test-only-token"},"image":"x"}}}',
    ],
    [
      'alias of a map: a map of its own beside it',
      `x-env: &env\n  A: b\n${app('    environment: *env # shared\n')}`,
      `x-env: &env\n  A: b\n${app('    environment: {<<: *env, "DCR_IAT": "test-only-token"} # shared\n')}`,
    ],
    [
      'map with a merge',
      `x-env: &env\n  DCR_IAT: b\n${app('    environment:\n      <<: *env\n')}`,
      `x-env: &env\n  DCR_IAT: b\n${app('    environment:\n      <<: *env\n      DCR_IAT: "test-only-token"\n')}`,
    ],
    [
      'map with a list of merges',
      `x-a: &a {A: b}\nx-b: &b {A: c}\n${app('    environment:\n      <<: [*a, *b]\n      C: d\n')}`,
      `x-a: &a {A: b}\nx-b: &b {A: c}\n${app('    environment:\n      <<: [*a, *b]\n      C: d\n      DCR_IAT: "test-only-token"\n')}`,
    ],
    [
      'inherited through a merge of the service, anchored: nothing inherited is lost',
      'x-c: &c\n  environment: &env\n    A: b\nservices:\n  app:\n    <<: *c\n    image: x\n',
      'x-c: &c\n  environment: &env\n    A: b\nservices:\n  app:\n    <<: *c\n    image: x\n    environment:\n      <<: *env\n      DCR_IAT: "test-only-token"\n',
    ],
    [
      'inherited as an alias, in a flow service',
      'x-e: &e {A: b}\nx-c: &c {environment: *e}\nservices:\n  app: {<<: *c, image: x}\n',
      'x-e: &e {A: b}\nx-c: &c {environment: *e}\nservices:\n  app: {"environment":{<<: *e,"DCR_IAT":"test-only-token"}, <<: *c, image: x}\n',
    ],
    [
      'own environment beside a merge that has one: its own counts alone',
      'x-c: &c\n  environment:\n    A: b\nservices:\n  app:\n    <<: *c\n    environment:\n      B: c\n',
      'x-c: &c\n  environment:\n    A: b\nservices:\n  app:\n    <<: *c\n    environment:\n      B: c\n      DCR_IAT: "test-only-token"\n',
    ],
    [
      'anchor on a line of its own',
      app('    environment:\n      &env\n      A: b\n'),
      app('    environment:\n      &env\n      A: b\n      DCR_IAT: "test-only-token"\n'),
    ],
    [
      'after an entry without value',
      app('    environment:\n      A: # c\n'),
      app('    environment:\n      A: # c\n      DCR_IAT: "test-only-token"\n'),
    ],
    [
      'after a block scalar that keeps its line breaks',
      app('    environment:\n      A: |+\n        x\n\n'),
      app('    environment:\n      A: |+\n        x\n\n      DCR_IAT: "test-only-token"\n'),
    ],
    [
      'beside a block scalar that ends the file without a line break',
      'services:\n  app:\n    environment:\n      A: |\n        x',
      'services:\n  app:\n    environment:\n      DCR_IAT: "test-only-token"\n      A: |\n        x',
    ],
    [
      'no line break at the end',
      'services:\n  app:\n    image: x',
      'services:\n  app:\n    image: x\n    environment:\n      DCR_IAT: "test-only-token"',
    ],
    [
      'no line break at the end, list',
      'services:\n  app:\n    environment:\n      - A=b',
      'services:\n  app:\n    environment:\n      - A=b\n      - DCR_IAT=test-only-token',
    ],
    [
      'CRLF',
      app('    environment:\n      A: b\n').replaceAll('\n', '\r\n'),
      app('    environment:\n      A: b\n      DCR_IAT: "test-only-token"\n').replaceAll('\n', '\r\n'),
    ],
    [
      'CRLF and LF mixed: the line before decides',
      'services:\n  app:\n    environment:\r\n      A: b\n    image: x\r\n',
      'services:\n  app:\n    environment:\r\n      A: b\n      DCR_IAT: "test-only-token"\n    image: x\r\n',
    ],
    [
      'CRLF without a line break at the end',
      'services:\r\n  app:\r\n    image: x',
      'services:\r\n  app:\r\n    image: x\r\n    environment:\r\n      DCR_IAT: "test-only-token"',
    ],
    ['byte order mark', `\ufeff${app('')}`, `\ufeff${app('    environment:\n      DCR_IAT: "test-only-token"\n')}`],
    [
      'document marks and a directive',
      '%YAML 1.1\n---\nservices:\n  app:\n    image: x  \n...\n',
      '%YAML 1.1\n---\nservices:\n  app:\n    image: x  \n    environment:\n      DCR_IAT: "test-only-token"\n...\n',
    ],
    [
      'service in the second document',
      'services:\n  a:\n    image: x\n---\nservices:\n  app:\n    image: y\n',
      'services:\n  a:\n    image: x\n---\nservices:\n  app:\n    image: y\n    environment:\n      DCR_IAT: "test-only-token"\n',
    ],
    [
      'names and keys in quotes',
      '"services":\n  "app":\n    "environment":\n      "A": b\n',
      '"services":\n  "app":\n    "environment":\n      "A": b\n      DCR_IAT: "test-only-token"\n',
    ],
    [
      'another service merges this one, and has an environment of its own',
      'services:\n  app: &app\n    image: x\n  w:\n    <<: *app\n    environment: {A: b}\n',
      'services:\n  app: &app\n    image: x\n    environment:\n      DCR_IAT: "test-only-token"\n  w:\n    <<: *app\n    environment: {A: b}\n',
    ],
    [
      'another service merges this environment, and has the variable of its own',
      'services:\n  app:\n    environment: &env\n      A: b\n  w:\n    environment:\n      <<: *env\n      DCR_IAT: own\n',
      'services:\n  app:\n    environment: &env\n      A: b\n      DCR_IAT: "test-only-token"\n  w:\n    environment:\n      <<: *env\n      DCR_IAT: own\n',
    ],
    [
      'another service extends this one, and has the variable of its own',
      app('').replace('  other:\n', '  other:\n    extends: {service: app}\n    environment: [DCR_IAT=own]\n'),
      app('    environment:\n      DCR_IAT: "test-only-token"\n').replace(
        '  other:\n',
        '  other:\n    extends: {service: app}\n    environment: [DCR_IAT=own]\n',
      ),
    ],
    [
      'another service extends one of that name in another file',
      app('').replace('  other:\n', '  other:\n    extends: {service: app, file: base.yml}\n'),
      app('    environment:\n      DCR_IAT: "test-only-token"\n').replace(
        '  other:\n',
        '  other:\n    extends: {service: app, file: base.yml}\n',
      ),
    ],
  ];
  test.each(cases)('%s', (_, before, after) => {
    expect(set(before)).toBe(after);
    expect(unset(after)).toBe(before);
    expect(setEnvironment(bytes(after), 'app', { DCR_IAT: TOKEN })).toEqual({ bytes: bytes(after), changes: [] });
  });
});

describe('an entry that is there gets the value in its place', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['plain', '      DCR_IAT: old # c\n', '      DCR_IAT: "test-only-token" # c\n'],
    ['double quotes', '      DCR_IAT:   "old"\n', '      DCR_IAT:   "test-only-token"\n'],
    ['single quotes', "      'DCR_IAT' : 'old'\n", '      \'DCR_IAT\' : "test-only-token"\n'],
    ['empty text', '      DCR_IAT: ""\n', '      DCR_IAT: "test-only-token"\n'],
    ['nothing', '      DCR_IAT:\n', '      DCR_IAT: "test-only-token"\n'],
    ['nothing but a comment', '      DCR_IAT: # c\n      B: c\n', '      DCR_IAT: "test-only-token" # c\n      B: c\n'],
    ['~', '      DCR_IAT: ~ # c\n', '      DCR_IAT: "test-only-token" # c\n'],
    ['null', '      DCR_IAT: null\n', '      DCR_IAT: "test-only-token"\n'],
    [
      'literal block',
      '      DCR_IAT: |\n        old\n\n        text\n      B: c\n',
      '      DCR_IAT: "test-only-token"\n      B: c\n',
    ],
    [
      'kept block with a comment',
      '      DCR_IAT: |2+ # c\n        old\n\n      B: c\n',
      '      DCR_IAT: "test-only-token" # c\n\n      B: c\n',
    ],
    [
      'plain text on the next lines',
      '      DCR_IAT:\n        old\n        text\n',
      '      DCR_IAT:\n        "test-only-token"\n',
    ],
    [
      'quoted text over several lines',
      '      DCR_IAT: "old\n        text" # c\n',
      '      DCR_IAT: "test-only-token" # c\n',
    ],
    ['question mark', '      ? DCR_IAT\n      : old\n', '      ? DCR_IAT\n      : "test-only-token"\n'],
    [
      'question mark without value',
      '      ? DCR_IAT\n      ? B\n',
      '      ? DCR_IAT\n      : "test-only-token"\n      ? B\n',
    ],
    ['anchor that nobody uses', '      DCR_IAT: &t old\n', '      DCR_IAT: &t "test-only-token"\n'],
    ['tag !!str', '      DCR_IAT: !!str 1\n', '      DCR_IAT: !!str "test-only-token"\n'],
    ['tag !!str without text', '      DCR_IAT: !!str\n', '      DCR_IAT: !!str "test-only-token"\n'],
    ['doubled dollars', '      DCR_IAT: a$$b$$$$\n', '      DCR_IAT: "test-only-token"\n'],
    ['list item', '      - DCR_IAT=old # c\n', '      - DCR_IAT=test-only-token # c\n'],
    ['quoted list item', '      - "DCR_IAT=old"\n', '      - DCR_IAT=test-only-token\n'],
    ['list item whose quotes are part of its value', '      - DCR_IAT="old"\n', '      - DCR_IAT=test-only-token\n'],
    ['name alone in a list', '      - DCR_IAT # c\n', '      - DCR_IAT=test-only-token # c\n'],
    ['empty list item', '      - DCR_IAT=\n', '      - DCR_IAT=test-only-token\n'],
    [
      'block scalar in a list',
      '      - >-\n        DCR_IAT=old\n      - B=c\n',
      '      - DCR_IAT=test-only-token\n      - B=c\n',
    ],
    [
      'twice in a list: the last one counts',
      '      - DCR_IAT=1\n      - DCR_IAT=2\n',
      '      - DCR_IAT=1\n      - DCR_IAT=test-only-token\n',
    ],
    [
      'twice in a list, the last one without value',
      '      - DCR_IAT=1\n      - DCR_IAT\n',
      '      - DCR_IAT=1\n      - DCR_IAT=test-only-token\n',
    ],
  ];
  test.each(cases)('%s', (_, before, after) => {
    expect(set(app(`    environment:\n${before}`))).toBe(app(`    environment:\n${after}`));
  });

  const flow: readonly (readonly [string, string, string])[] = [
    ['flow map', '{A: b, DCR_IAT: old}', '{A: b, DCR_IAT: "test-only-token"}'],
    ['flow map, name alone', '{A, DCR_IAT, B}', '{A, DCR_IAT: "test-only-token", B}'],
    ['flow map, colon alone', '{DCR_IAT: , B: c}', '{DCR_IAT: "test-only-token" , B: c}'],
    ['JSON', '{"A":"b","DCR_IAT":"old"}', '{"A":"b","DCR_IAT":"test-only-token"}'],
    ['JSON null', '{"DCR_IAT": null}', '{"DCR_IAT": "test-only-token"}'],
    ['flow list', '[A=b, DCR_IAT=old]', '[A=b, "DCR_IAT=test-only-token"]'],
    ['flow list, name alone', '[DCR_IAT]', '["DCR_IAT=test-only-token"]'],
  ];
  test.each(flow)('%s', (_, before, after) => {
    expect(set(app(`    environment: ${before}\n`))).toBe(app(`    environment: ${after}\n`));
  });

  test('an alias as the value: the anchor stays', () => {
    const file = (value: string) => `x-t: &t old\n${app(`    environment:\n      DCR_IAT: ${value} # c\n`)}`;
    expect(set(file('*t'))).toBe(file('"test-only-token"'));
  });

  test('an alias as the name', () => {
    const file = (value: string) => `x-k: &k DCR_IAT\n${app(`    environment:\n      *k : ${value}\n`)}`;
    expect(set(file('old'))).toBe(file('"test-only-token"'));
  });

  test('a value of its own over a merged one, without text', () => {
    const file = (line: string) =>
      `x-e: &e {DCR_IAT: shared}\n${app(`    environment:\n      DCR_IAT:${line}\n      <<: *e\n`)}`;
    expect(set(file(''))).toBe(file(' "test-only-token"'));
  });
});

describe('values', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a$b', '"a$$b"', '"DCR_IAT=a$$b"'],
    ['$$', '"$$$$"', '"DCR_IAT=$$$$"'],
    ['${X:-y}', '"$${X:-y}"', '"DCR_IAT=$${X:-y}"'],
    ['say "hi"', '"say \\"hi\\""', '"DCR_IAT=say \\"hi\\""'],
    ['a\\n/b', '"a\\\\n/b"', '"DCR_IAT=a\\\\n/b"'],
    ['a: b # c', '"a: b # c"', '"DCR_IAT=a: b # c"'],
    ['0123456789', '"0123456789"', 'DCR_IAT=0123456789'],
    ['true', '"true"', 'DCR_IAT=true'],
    ['', '""', 'DCR_IAT='],
    [' x ', '" x "', '"DCR_IAT= x "'],
    ['é☃𝄞', '"é☃𝄞"', '"DCR_IAT=é☃𝄞"'],
    ['a\u2028b\ufeffc', '"a\\u2028b\\ufeffc"', '"DCR_IAT=a\\u2028b\\ufeffc"'],
    ['eyJhbGciOiJub25lIn0.e30.', '"eyJhbGciOiJub25lIn0.e30."', 'DCR_IAT=eyJhbGciOiJub25lIn0.e30.'],
  ];
  test.each(cases)('%s', (value, inMap, inList) => {
    expect(set(app('    environment:\n      A: b\n'), { DCR_IAT: value })).toContain(`\n      DCR_IAT: ${inMap}\n`);
    expect(set(app('    environment:\n      - A=b\n'), { DCR_IAT: value })).toContain(`\n      - ${inList}\n`);
  });

  test('a very long value stays on its line', () => {
    const value = 'x'.repeat(200_000);
    expect(set(app(''), { DCR_IAT: value })).toContain(`\n      DCR_IAT: "${value}"\n`);
  });

  test.each(['a\nb', 'a\tb', 'a\u0085b', '\x7f', '\0', '\ud800'])('control characters are refused: %j', (value) => {
    expect(() => set(app(''), { DCR_IAT: value })).toThrow(expect.objectContaining({ code: 'bad-value' }));
  });

  test.each(['', 'A=B', 'A B', 'A$', '1A', 'x-token', 'A\n'])(
    'names that compose would not read are refused: %j',
    (name) => {
      expect(() => set(app(''), { [name]: 'x' })).toThrow(expect.objectContaining({ code: 'bad-value' }));
    },
  );

  test('a name that is a YAML word is quoted', () => {
    expect(set(app(''), { ON: 'x' })).toContain('      "ON": "x"\n');
  });
});

describe('what already has the value is left alone', () => {
  test.each([
    'DCR_IAT: test-only-token',
    "DCR_IAT: 'test-only-token'",
    '"DCR_IAT": "test-only-token" # c',
    'DCR_IAT: |-\n        test-only-token',
    '? DCR_IAT\n      : test-only-token',
    '- DCR_IAT=test-only-token',
    '- "DCR_IAT=test-only-token"',
    '- DCR_IAT=old\n      - DCR_IAT=test-only-token',
  ])('%s', (entry) => {
    const before = bytes(app(`    environment:\n      ${entry}\n`));
    expect(setEnvironment(before, 'app', { DCR_IAT: TOKEN })).toEqual({ bytes: before, changes: [] });
  });

  test('a shared value, too', () => {
    const before = bytes(`x-e: &e {DCR_IAT: test-only-token}\n${app('    environment: *e\n')}`);
    expect(setEnvironment(before, 'app', { DCR_IAT: TOKEN }).changes).toEqual([]);
  });

  test.each(['true', '8080', 'abc def', 'a#b'])('%s without quotes', (value) => {
    const before = bytes(app(`    environment:\n      A: ${value}\n`));
    expect(setEnvironment(before, 'app', { A: value }).changes).toEqual([]);
  });

  test.each(['0123456789', '1e5', '0x1F', '2024-01-01', '12:30:45', 'yes', '1_000', '.5', 'True'])(
    '%s without quotes reaches the container as something else',
    (value) => {
      const before = bytes(app(`    environment:\n      A: ${value}\n`));
      expect(text(setEnvironment(before, 'app', { A: value }).bytes)).toContain(`A: "${value}"`);
    },
  );
});

describe('several variables are one edit', () => {
  test('each is named with its line in the new file', () => {
    const before = source`
      services:
        app:
          environment:
            DCR_ENABLED: "false"
            TEXT: |
              of two
              lines
            DCR_IAT:
            SAME: x
          image: x
    `;
    const values = { NEW: '1', DCR_ENABLED: 'true', DCR_IAT: TOKEN, TEXT: 'short', SAME: 'x', NEWER: '2' };
    const edit = setEnvironment(bytes(before), 'app', values);
    expect(text(edit.bytes)).toBe(source`
      services:
        app:
          environment:
            DCR_ENABLED: "true"
            TEXT: "short"
            DCR_IAT: "test-only-token"
            SAME: x
            NEW: "1"
            NEWER: "2"
          image: x
    `);
    expect(edit.changes).toEqual([
      { name: 'NEW', action: 'added', line: 8 },
      { name: 'DCR_ENABLED', action: 'replaced', line: 4 },
      { name: 'DCR_IAT', action: 'filled', line: 6 },
      { name: 'TEXT', action: 'replaced', line: 5 },
      { name: 'NEWER', action: 'added', line: 9 },
    ]);
  });

  test.each([
    '',
    '    environment: {}\n',
    '    environment: [A=b]\n',
    '    environment:\n',
    '    environment:\n      - A=b\n',
  ])('all at once, and all out again: %j', (environment) => {
    const values = { DCR_IAT: TOKEN, IAT: 'b', environment: 'c' };
    const edit = setEnvironment(bytes(app(environment)), 'app', values);
    const lines = text(edit.bytes).split('\n');
    for (const { name, line } of edit.changes) expect(lines[line - 1]).toMatch(new RegExp(`\\b${name}"?[:=]`));
    expect(unset(text(edit.bytes), Object.keys(values))).toBe(app(environment));
  });
});
