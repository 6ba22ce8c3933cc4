import fc from 'fast-check';
import { expect, test } from 'vitest';
import { azureCommand, githubCommand, gitlabSection } from '../../scripts/core/ci-commands.ts';

test('is what the runner of each CI reads', () => {
  expect(githubCommand('error', { file: 'a b.json', line: 3, title: 'a, b: 5%' }, 'one: 5%\ntwo')).toBe(
    '::error file=a b.json,line=3,title=a%2C b%3A 5%25::one: 5%25%0Atwo',
  );
  expect(githubCommand('error', { file: null, line: null, title: '' }, 'x')).toBe('::error::x');
  expect(azureCommand('task.logissue', { type: 'error', sourcepath: 'a]b;c', linenumber: 3 }, '5%\r\n]')).toBe(
    '##vso[task.logissue type=error;sourcepath=a%5Db%3Bc;linenumber=3;]5%AZP25%0D%0A]',
  );
  expect(azureCommand('task.uploadsummary', {}, '/r/summary.md')).toBe('##vso[task.uploadsummary]/r/summary.md');
  expect(gitlabSection('s', 'Title', ['x'], new Date(1_500))).toEqual([
    'section_start:1:s[collapsed=true]\r\u001b[0KTitle',
    'x',
    'section_end:1:s\r\u001b[0K',
  ]);
});

/** As the runner does it (ActionCommand.TryParseV2, `Unescape`). */
function readGithub(line: string) {
  const [, head = '', text = ''] = /^::(.*?)::(.*)$/s.exec(line) ?? [];
  const [name, ...rest] = head.split(' ');
  const properties = rest
    .join(' ')
    .split(',')
    .map((each) => each.split(/=(.*)/s).slice(0, 2));
  const data = (value: string) => value.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const property = (value: string) =>
    value
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  return { name, title: property(properties[0]?.[1] ?? ''), text: data(text), count: properties.length };
}

/** As the agent does it (CommandStringConvertor, Command.TryParse). */
function readAzure(line: string) {
  const end = line.indexOf(']');
  const head = line.slice('##vso['.length, end);
  const [, name, rest = ''] = /^(\S+) (.*)$/s.exec(head) ?? [];
  const pairs = rest.split(';').filter((each) => each !== '');
  const plain = (value: string) =>
    value
      .replaceAll('%3B', ';')
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%5D', ']')
      .replaceAll('%AZP25', '%');
  return { name, title: plain(pairs[0]?.split(/=(.*)/s)[1] ?? ''), text: line.slice(end + 1), count: pairs.length };
}

const text = fc.string({
  unit: fc.constantFrom('a', ' ', ':', '::', ',', ';', ']', '=', '%', '%25', '%0A', '\r', '\n', '##vso['),
});

test('whatever the texts are, it stays one line and one command, and is read as they were', () => {
  fc.assert(
    fc.property(text, text, (title, message) => {
      const github = githubCommand('error', { title: `t${title}` }, message);
      expect(github).not.toMatch(/[\r\n]/);
      expect(readGithub(github)).toEqual({ name: 'error', title: `t${title}`, text: message, count: 1 });
      const azure = azureCommand('task.logissue', { title: `t${title}` }, message);
      expect(azure).not.toMatch(/[\r\n]/);
      expect(readAzure(azure)).toMatchObject({ name: 'task.logissue', title: `t${title}`, count: 1 });
    }),
  );
});
