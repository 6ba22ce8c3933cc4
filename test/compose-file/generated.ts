import fc from 'fast-check';

/** A compose file put together from parts, and what is in it. */
export interface Generated {
  readonly text: string;
  /** Its services; each may be edited. */
  readonly services: readonly GeneratedService[];
}

export interface GeneratedService {
  readonly name: string;
  /** Own variables, as they are written. */
  readonly variables: readonly GeneratedVariable[];
}

export interface GeneratedVariable {
  readonly name: string;
  /** The value's or the item's own text in the file; '' where there is none. */
  readonly written: string;
}

interface Style {
  readonly indent: number;
  readonly dash: string;
  readonly comments: boolean;
}

const NAMES = ['A', 'DCR_ENABLED', 'LOG_LEVEL', 'a.b', 'URL_2', 'ON'] as const;
const SERVICES = ['app', 'bff', 'redis-1', 'Worker_2', '"quoted"'] as const;

const WORDS = [
  'x',
  'a$$b',
  'http://h:80/p?q=1',
  'two words',
  '8080',
  'true',
  '',
  'é☃',
  "it's",
  'a#b',
  '0123',
  '- x',
  '{a}',
];

/** Any text without control characters: letters, signs that mean something to YAML or compose, other scripts. */
export const values = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...'aB0 $"\'\\#:-{}[]&*!|>%@`,~?/=.<', 'é', '☃', '𝄞', '\u2028', '\u00a0', '\ufeff'),
    maxLength: 20,
  }),
  fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text)),
  fc.constantFrom(
    '0123456789',
    '1e5',
    'true',
    'null',
    '~',
    '2024-01-01',
    '$',
    '$$',
    '${X}',
    '*a',
    '!x',
    'a: b',
    'a #b',
    ' x ',
  ),
);

export const names = fc.constantFrom('DCR_IAT', 'IAT', 'Y', 'z.w', ...NAMES);

export const files: fc.Arbitrary<Generated> = fc
  .record({
    services: fc.uniqueArray(fc.constantFrom(...SERVICES), { minLength: 1, maxLength: 4 }),
    indent: fc.integer({ min: 1, max: 5 }),
    dash: fc.constantFrom('- ', '-   '),
    comments: fc.boolean(),
    lineBreak: fc.constantFrom('\n', '\r\n'),
    head: fc.constantFrom(
      '',
      '\ufeff',
      '# first\n\n',
      'version: "3"\n',
      'x-env: &env\n  SHARED: s\n  A: shared\n',
      '---\n',
    ),
    tail: fc.constantFrom('', 'networks:\n  n: {}\n', '# last\n', '\n\n', '...\n'),
    finalBreak: fc.boolean(),
  })
  .chain(({ services, head, tail, lineBreak, finalBreak, ...style }) =>
    fc.tuple(...services.map((name) => service(name, style, head.includes('&env')))).map((parts) => {
      const lines = `${head}services:\n${parts.map(({ text }) => text).join('')}${tail}`;
      const ended = finalBreak ? lines : lines.replace(/\n+$/, '');
      return { text: ended.replaceAll('\n', lineBreak), services: parts };
    }),
  );

function service(
  key: string,
  style: Style,
  hasShared: boolean,
): fc.Arbitrary<GeneratedService & { readonly text: string }> {
  const inner = ' '.repeat(style.indent * 2);
  return fc
    .tuple(
      environment(style, hasShared),
      fc.shuffledSubarray(['image: x', 'ports:\n_- "80:80"', 'build: {context: .}', 'command: |\n_ a\n_ b']),
    )
    .chain(([own, keys]) =>
      fc.shuffledSubarray([...keys, own.text], { minLength: keys.length + 1 }).map((parts) => ({ own, parts })),
    )
    .map(({ own, parts }) => {
      const filled = parts.filter((part) => part !== '');
      const shown = filled.length > 0 ? filled : ['image: y'];
      const body = shown.map((part) => `${inner}${part.replaceAll('\n_', `\n${inner}${' '.repeat(style.indent)}`)}\n`);
      const comment = style.comments ? `${inner}# about ${key}\n` : '';
      return {
        name: key.replaceAll('"', ''),
        variables: own.variables,
        text: `${' '.repeat(style.indent)}${key}:\n${comment}${body.join('')}${style.comments ? '\n' : ''}`,
      };
    });
}

interface Own {
  readonly text: string;
  readonly variables: readonly GeneratedVariable[];
}

/** One service's `environment` in one of its shapes. `\n_` means a new line one level deeper. */
function environment({ dash, comments }: Style, hasShared: boolean): fc.Arbitrary<Own> {
  const chosen = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...WORDS)), {
    selector: ([name]) => name,
    maxLength: 4,
  });
  const comment = (index: number, written = '') =>
    comments && index % 2 === 0 && !written.startsWith('|') ? ' # c' : '';
  const some = chosen.filter((entries) => entries.length > 0);
  const map = fc.tuple(some, fc.constantFrom(...quotings)).map(([entries, quote]) => {
    const variables = entries.map(([name, value]) => ({ name, written: quote(value) }));
    const lines = variables.map(
      ({ name, written }, index) => `\n_${name === 'ON' ? '"ON"' : name}: ${written}${comment(index, written)}`,
    );
    return { text: `environment:${lines.join('')}`, variables };
  });
  const list = some.map((entries) => {
    const variables = entries.map(([name, value]) => ({ name, written: JSON.stringify(`${name}=${value}`) }));
    return {
      text: `environment:${variables.map(({ written }, index) => `\n_${dash}${written}${comment(index)}`).join('')}`,
      variables,
    };
  });
  const flowMap = chosen.map((entries) => {
    const variables = entries.map(([name, value]) => ({ name, written: JSON.stringify(value) }));
    return {
      text: `environment: {${variables.map(({ name, written }) => `"${name}": ${written}`).join(', ')}}`,
      variables,
    };
  });
  const flowList = chosen.map((entries) => {
    const variables = entries.map(([name, value]) => ({ name, written: JSON.stringify(`${name}=${value}`) }));
    return { text: `environment: [${variables.map(({ written }) => written).join(',')}]`, variables };
  });
  const names = some.map((entries) => ({
    text: `environment:${entries.map(([name]) => `\n_${name === 'ON' ? '"ON"' : name}:`).join('')}`,
    variables: entries.map(([name]) => ({ name, written: '' })),
  }));
  const nothing = fc.constantFrom('', 'environment:', 'environment: ~', 'environment: {}', 'environment: []');
  const absent = nothing.map((text) => ({ text, variables: [] }));
  const shared = [
    fc.constant({ text: 'environment: *env', variables: [] }),
    fc.constant({ text: 'environment:\n_<<: *env', variables: [] }),
  ];
  return fc.oneof(map, map, list, list, flowMap, flowList, names, absent, ...(hasShared ? shared : []));
}

const quotings = [
  (value: string) => JSON.stringify(value),
  (value: string) => `'${value.replaceAll("'", "''")}'`,
  (value: string) => `|-\n_ ${value || 'x'}`,
];
