import { describe, expect, test } from 'vitest';
import { listServices, readEnvironment } from '../../scripts/compose-file/environment.ts';
import { app, bytes, refusal, source } from './files.ts';

const file = source`
  x-env: &env
    SHARED: "yes"
    DCR_IAT: inherited
  x-common: &common
    environment:
      <<: *env
  services:
    map:
      image: busybox
      environment:
        LITERAL: "a$$b"
        EMPTY: ""
        NUMBER: 010
        NOTHING:
        TILDE: ~
        WHOLE: \${TOKEN:?set it}
        PART: "x $A \${B:-\${C}} $$D"
        <<: *env
        DCR_IAT: own
    list:
      environment:
        - DCR_IAT=first
        - "DCR_IAT=a=b # c"
        - BARE
        - EMPTY=
        - WHOLE=\${TOKEN}
    alias:
      environment: *env
    merged:
      <<: *common
    none:
      image: busybox
    "quoted": {environment: {A: b}}
`.replaceAll('\\$', '$');

const read = (service: string) => Object.fromEntries(readEnvironment(bytes(file), service) ?? []);

describe('reading what a file says about a service', () => {
  test('a map', () => {
    const literal = { kind: 'literal', inherited: false };
    const interpolated = { kind: 'interpolated', value: null, inherited: false };
    const none = { kind: 'pass-through', raw: '', value: null, inherited: false };
    expect(read('map')).toEqual({
      LITERAL: { ...literal, raw: 'a$$b', value: 'a$b' },
      EMPTY: { ...literal, raw: '', value: '' },
      NUMBER: { ...literal, raw: '010', value: '010' },
      NOTHING: none,
      TILDE: none,
      WHOLE: { ...interpolated, raw: '${TOKEN:?set it}' },
      PART: { ...interpolated, raw: 'x $A ${B:-${C}} $$D' },
      DCR_IAT: { ...literal, raw: 'own', value: 'own' },
      SHARED: { ...literal, raw: 'yes', value: 'yes', inherited: true },
    });
  });

  test('a list, in which the last one counts', () => {
    expect(read('list')).toMatchObject({
      DCR_IAT: { kind: 'literal', value: 'a=b # c' },
      BARE: { kind: 'pass-through', value: null },
      EMPTY: { kind: 'literal', value: '' },
      WHOLE: { kind: 'interpolated', raw: '${TOKEN}' },
    });
  });

  test.each(['alias', 'merged'])('%s: what is shared is marked as inherited', (service) => {
    expect(read(service)).toMatchObject({
      SHARED: { value: 'yes', inherited: true },
      DCR_IAT: { value: 'inherited', inherited: true },
    });
  });

  test('none', () => {
    expect(readEnvironment(bytes(file), 'none')).toEqual(new Map());
    expect(readEnvironment(bytes(file), 'missing')).toBeNull();
  });

  test('the names of the services, over all documents', () => {
    expect(listServices(bytes(file))).toEqual(['map', 'list', 'alias', 'merged', 'none', 'quoted']);
    expect(listServices(bytes('services: {a: {}}\n---\nservices: {b: {}, a: {}}\n'))).toEqual(['a', 'b']);
    expect(listServices(bytes('include: [x.yaml]\n'))).toEqual([]);
  });

  test('what compose rejects is refused', () => {
    const broken = bytes(app('    environment:\n      - A: b\n'));
    expect(refusal(() => readEnvironment(broken, 'app')).code).toBe('item-shape');
  });
});
