import { describe, expect, test } from 'vitest';
import { setEnvironment } from '../../scripts/compose-file/environment.ts';
import { app, bytes, set, TOKEN, unset } from './files.ts';

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
    [
      '~, which becomes a comment',
      app('    environment: ~ # c\n'),
      app('    environment: # was ~ # c\n      {"DCR_IAT":"test-only-token"}\n'),
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
      'JSON with an empty environment as the first key',
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

test('null in JSON, which no compose accepts, ends as an empty map', () => {
  const json = (environment: string) => `{"services":{"app":{"environment": ${environment}}}}`;
  expect(set(json('null'))).toBe(json('{"DCR_IAT": "test-only-token"}'));
  expect(unset(set(json('null')))).toBe(json('{}'));
});
