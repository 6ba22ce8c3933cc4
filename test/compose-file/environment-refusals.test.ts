import { describe, expect, test } from 'vitest';
import { readEnvironment, unsetEnvironment } from '../../scripts/compose-file/environment.ts';
import { bytes, refusal, refusalOfSetting, source } from './files.ts';

const app = (lines: string) => `services:\n  app:\n    image: busybox\n${lines}`;

describe('a file is refused with the code, the place and a way out', () => {
  const env = (lines: string) => app(`    environment:\n${lines}`);
  const cases: readonly (readonly [string, string, string, number, number])[] = [
    // Shapes that compose rejects, or reads as something else
    ['near-miss', 'colon without a blank', env('      - A=b\n      - DCR_IAT:x\n'), 6, 9],
    ['near-miss', 'blank before the equals sign', env('      - DCR_IAT =x\n'), 5, 9],
    ['near-miss', 'blank before the name', env('      - " DCR_IAT=x"\n'), 5, 9],
    ['near-miss', 'blank in the key', env('      "DCR_IAT ": x\n'), 5, 7],
    ['near-miss', 'equals sign in a flow map', app('    environment: {DCR_IAT=x}\n'), 4, 19],
    ['environment-shape', 'a text', app('    environment: DCR_IAT=x\n'), 4, 18],
    ['environment-shape', 'lines without dashes', env('      A=b\n      DCR_IAT=x\n'), 5, 7],
    ['environment-shape', 'service without anything', 'services:\n  app:\n', 2, 3],
    ['environment-shape', 'alias of a text', `x-e: &e text\n${app('    environment: *e\n')}`, 5, 18],
    ['item-shape', 'map in a list', env('      - A=b\n      - DCR_IAT: x\n'), 6, 9],
    ['item-shape', 'number in a list', env('      - 1\n'), 5, 9],
    ['item-shape', 'nothing in a list', env('      - A=b\n      -\n      - B=c\n'), 6, 8],
    ['value-shape', 'map as a value', env('      DCR_IAT: {a: b}\n'), 5, 7],
    ['value-shape', 'list as a value', env('      A:\n        - b\n'), 5, 7],
    ['tag', 'binary value', env('      DCR_IAT: !!binary aGk=\n'), 5, 25],
    ['tag', 'unknown tag', env('      DCR_IAT: !foo bar\n'), 5, 21],
    ['tag', 'tagged environment', app('    environment: !override\n      A: b\n'), 5, 7],
    ['tag', 'tagged service', 'services:\n  app: !reset\n    image: x\n', 2, 3],
    ['tag', 'tagged services', 'services: !override\n  app:\n    image: x\n', 2, 3],

    // Values that live elsewhere
    ['reference', 'in braces', env('      DCR_IAT: ${DCR_IAT}\n'), 5, 7],
    ['reference', 'with a default', env('      - DCR_IAT=${TOKEN:-}\n'), 5, 9],
    ['reference', 'that must be set', env("      DCR_IAT: '${DCR_IAT:?set it}'\n"), 5, 7],
    ['reference', 'without braces', env('      DCR_IAT: "a $TOKEN"\n'), 5, 7],
    ['reference', 'broken', env('      DCR_IAT: "${"\n'), 5, 7],
    ['reference', 'behind a doubled dollar', env('      DCR_IAT: $$$TOKEN\n'), 5, 7],
    ['reference', 'in the last of two items', env('      - DCR_IAT=x\n      - DCR_IAT=$TOKEN\n'), 6, 9],

    // What is shared
    ['shared-list', 'alias of a list', `x-e: &e [A=b]\n${app('    environment: *e\n')}`, 5, 18],
    [
      'shared',
      'environment used by another service',
      `${env('').replace('environment:', 'environment: &e')}      A: b\n  w:\n    environment: *e\n`,
      5,
      7,
    ],
    [
      'shared',
      'environment merged by another service',
      `${env('').replace('environment:', 'environment: &e')}      A: b\n  w:\n    environment:\n      <<: *e\n      B: c\n`,
      5,
      7,
    ],
    [
      'shared',
      'list used by another service',
      `${env('').replace('environment:', 'environment: &e')}      - A=b\n  w:\n    environment: *e\n`,
      5,
      7,
    ],
    [
      'shared',
      'environment used as build arguments',
      `${app('    environment: &e\n      A: b\n    build:\n      context: .\n      args: *e\n')}`,
      5,
      7,
    ],
    ['shared', 'service merged by another one', 'services:\n  app: &app\n    image: x\n  w:\n    <<: *app\n', 3, 5],
    ['shared', 'service that another one is an alias of', 'services:\n  app: &app\n    image: x\n  w: *app\n', 3, 5],
    ['shared', 'value used elsewhere', env('      DCR_IAT: &t old\n  w:\n    environment:\n      A: *t\n'), 5, 19],
    ['shared', 'all services used elsewhere', 'services: &s\n  app:\n    image: x\nx-copy: *s\n', 2, 3],
    [
      'inherited-environment',
      'map without an anchor',
      'x-c: &c\n  environment:\n    A: b\nservices:\n  app:\n    <<: *c\n',
      6,
      5,
    ],
    ['inherited-environment', 'list', 'x-c: &c\n  environment: &e\n    - A=b\nservices:\n  app:\n    <<: *c\n', 6, 5],
    [
      'inherited-environment',
      'anchor that means another map by then',
      'x-c: &c\n  environment: &e {A: b}\nx-d: &e {C: d}\nservices:\n  app:\n    <<: *c\n',
      6,
      5,
    ],
    ['extended', 'by name', app('  w:\n    extends: app\n'), 4, 3],
    ['extended', 'as a map', app('  w:\n    extends:\n      service: app\n'), 4, 3],
    ['extended', 'naming this very file', app('  w:\n    extends: {service: app, file: ./compose.yaml}\n'), 4, 3],
    [
      'extended',
      'through another one',
      app('  v:\n    extends: app\n    environment: {DCR_IAT: own}\n  w:\n    extends: {service: app}\n'),
      7,
      3,
    ],
    ['extended', 'by one that another one extends', app('  x:\n    extends: w\n  w:\n    extends: app\n'), 6, 3],

    // Services that are not to be found here
    ['service-alias', 'alias', 'services:\n  w: &w\n    image: x\n  app: *w\n', 4, 3],
    ['service-alias', 'all services', 'x-s: &s\n  app: {image: x}\nservices: *s\n', 3, 11],
    ['service-merged', 'merged into the services', 'x-s: &s\n  app: {image: x}\nservices:\n  <<: *s\n', 4, 3],
    ['multi-document', 'in two documents', 'services:\n  app: {image: x}\n---\nservices:\n  app: {image: y}\n', 2, 3],

    // YAML
    ['yaml-syntax', 'name twice in a map', env('      DCR_IAT: x\n      DCR_IAT: y\n'), 6, 7],
    ['yaml-syntax', 'environment twice', app('    environment: {}\n    environment: {}\n'), 5, 5],
    ['yaml-syntax', 'merge twice', `x-a: &a {A: b}\n${app('    environment:\n      <<: *a\n      <<: *a\n')}`, 7, 7],
    ['yaml-syntax', 'service twice, far away', `${app('  w: {image: x}\n')}  app: {image: y}\n`, 5, 3],
    ['yaml-syntax', 'same key with and without quotes', env('      A: x\n      "A": y\n'), 6, 7],
    ['yaml-syntax', 'tab', env('\tA: b\n'), 5, 1],
    ['yaml-syntax', 'indentation', env('      A: b\n     B: c\n'), 6, 1],
    ['yaml-syntax', 'second colon', env('      A: b: c\n'), 5, 10],
    ['yaml-syntax', 'alias without an anchor', app('    environment: *e\n'), 4, 18],
    ['yaml-syntax', 'alias before its anchor', app('    environment: *e\nx-e: &e {A: b}\n'), 4, 18],
    ['yaml-syntax', 'anchor of another document', `x-e: &e {A: b}\n---\n${app('    environment: *e\n')}`, 6, 18],

    // Characters
    ['line-break', 'lone CR', app('    # a\rb\n'), 4, 8],
    ['line-break', 'U+0085', app('    # a\u0085b\n'), 4, 8],
    ['line-break', 'U+2028', app('    # a\u2028b\n'), 4, 8],
    ['line-break', 'U+2029', app('    # a\u2029b\n'), 4, 8],
    ['control-character', 'escape', app('    # \x1b\n'), 4, 7],
    ['control-character', 'NUL', app('    # \0\n'), 4, 7],
    ['control-character', 'DEL', app('    # \x7f\n'), 4, 7],
    ['control-character', 'byte order mark inside', app('    # \ufeff\n'), 4, 7],
  ];
  test.each(cases)('%s: %s', (code, _, file, line, column) => {
    const error = refusalOfSetting(file);
    expect({ code: error.code, ...error.where, excerpt: undefined }).toEqual({
      code,
      file: 'dir/compose.yaml',
      line,
      column,
    });
    expect(error.hint?.text).toMatch(/^[A-Z].+[.)]$/s);
  });

  test.each([
    ['UTF-16, little endian', Buffer.from(`\ufeff${app('')}`, 'utf16le'), undefined],
    ['UTF-16, big endian', Buffer.from(`\ufeff${app('')}`, 'utf16le').swap16(), undefined],
    ['UTF-16 without a mark', Buffer.from(app(''), 'utf16le'), undefined],
    ['Latin-1', Buffer.from(app('    # caf\xe9\n'), 'latin1'), 4],
    ['half a character at the end', bytes('services:\n  app: {} # é').subarray(0, -1), 2],
  ])('encoding: %s', (_, file, line) => {
    const error = refusalOfSetting(new Uint8Array(file));
    expect({ code: error.code, line: error.where?.line }).toEqual({ code: 'encoding', line });
  });

  test('legacy-file', () => {
    expect(refusalOfSetting('app:\n  image: x\n')).toMatchObject({ code: 'legacy-file', where: { line: 1 } });
  });

  test('service-not-found names the nearest one and all others', () => {
    expect(refusalOfSetting('services:\n  bff: {}\n  redis: {}\n', 'bbf')).toMatchObject({
      code: 'service-not-found',
      hint: { text: 'Did you mean "bff"? Services here: bff, redis.' },
    });
  });

  test.each(['', '# nothing\n', 'services:\n', 'services: []\n', 'include: [other.yaml]\n', 'name: x\n', 'x\n'])(
    'service-not-found where there are no services: %j',
    (file) => {
      expect(refusalOfSetting(file)).toMatchObject({ code: 'service-not-found' });
    },
  );
});

describe('what is refused for setting is refused for taking out', () => {
  const unset = (file: string) => refusal(() => unsetEnvironment(bytes(file), 'app', ['DCR_IAT']));

  test('shared and extended', () => {
    const shared = app('    environment: &e\n      DCR_IAT: old\n  w:\n    environment: *e\n');
    expect(unset(shared)).toMatchObject({ code: 'shared' });
    expect(unset(app('    environment: [DCR_IAT=old]\n  w:\n    extends: app\n'))).toMatchObject({ code: 'extended' });
  });

  test('an anchor inside what would go', () => {
    expect(unset(app('    environment:\n      &k DCR_IAT: old\n    labels: [*k]\n'))).toMatchObject({ code: 'shared' });
  });
});

test('reading refuses what cannot be read, and answers null for a service that is not here', () => {
  expect(refusal(() => readEnvironment(bytes('a: b: c'), 'app')).code).toBe('yaml-syntax');
  expect(readEnvironment(bytes('services: {w: {}}'), 'app')).toBeNull();
});

describe('no message holds a value', () => {
  const secret = 'test-only-secret';
  test.each([
    `services:\n  app:\n    environment:\n      DCR_IAT: ${secret}: x\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: *${secret}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: !${secret} x\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: @${secret}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: "${secret}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: "\\z${secret}"\n`,
    `services:\n  app:\n    environment:\n      - DCR_IAT:${secret}\n`,
    `services:\n  app:\n    environment:\n      - DCR_IAT =${secret}\n`,
    `services:\n  app:\n    environment:\n      - ${secret}: x\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: \${A:-${secret}}\n`,
    `services:\n  app:\n    environment: ${secret}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: |\n        ${secret}\u0085\n`,
    `services:\n  app:\n    environment: {DCR_IAT: [${secret}]}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: &t ${secret}\n    labels: {a: *t}\n`,
    `services:\n  app:\n    environment:\n    DCR_IAT=${secret}\n    image: x\n`,
  ])('%j', (file) => {
    const { message, hint, where } = refusalOfSetting(file);
    expect(JSON.stringify({ message, hint, where })).not.toContain(secret);
  });

  test('the excerpt shows the key', () => {
    expect(refusalOfSetting(app('    environment:\n      DCR_IAT: ${A} # c\n')).where?.excerpt).toBe(
      '      DCR_IAT: ***',
    );
    expect(refusalOfSetting(app('    environment:\n      - DCR_IAT=${A}\n')).where?.excerpt).toBe(
      '      - DCR_IAT=***',
    );
  });
});

test('the message says who shares, and where', () => {
  const file = source`
    services:
      app:
        image: busybox
        environment: &common
          A: b
        labels: *common
      one:
        environment: *common
      two:
        environment:
          <<: *common
  `;
  expect(refusalOfSetting(file).message).toBe(
    'A change in line 5 would also reach the service "app" (labels), the service "one", the service "two": the anchor &common is used there.',
  );
});
