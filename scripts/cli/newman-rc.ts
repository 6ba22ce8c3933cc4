import { parse } from 'jsonc-parser';
import { AppError } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import { OPTIONS, type OptionName, type OptionSpec } from './options.ts';
import { longFlag, type ReporterOptions } from './parse.ts';

/** What a `.newmanrc` says, as it would be typed. */
export interface NewmanRc {
  /** The file that says it, for messages; of several the last. */
  readonly file: string;
  readonly texts: Readonly<Partial<Record<OptionName, readonly string[]>>>;
  readonly reporterOptions: ReporterOptions;
}

/** Where Newman looks for it (lib/config/rc-file.js), what is named later beats what comes before. */
export function newmanRcFiles(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): string[] {
  const isWindows = platform === 'win32';
  const home = isWindows ? env['USERPROFILE'] : env['HOME'];
  return [
    ...(isWindows ? [] : ['/etc/postman/newmanrc']),
    ...(home ? [`${home}/.postman/newmanrc`] : []),
    `${cwd}/.newmanrc`,
  ];
}

/**
 * Reads the options of `newman run` in such files: at the top, or under `run`. Newman's own reader takes comments as well.
 *
 * @param files name and text of each, in their order
 * @returns null: there is none, or nothing in them counts
 * @throws AppError `bad-value` for what is no JSON
 */
export function readNewmanRc(files: readonly (readonly [name: string, text: string])[]): NewmanRc | null {
  const texts: { -readonly [Name in OptionName]?: readonly string[] } = {};
  let reporterOptions: ReporterOptions = {};
  let last = '';
  for (const [name, text] of files) {
    const document: unknown = parse(text.replace(/^\ufeff/, ''));
    if (!isRecord(document)) {
      throw new AppError('bad-value', `${name} is not JSON.`, {
        hint: 'Correct it, or remove it.',
        where: { file: name },
      });
    }
    const options = isRecord(document['run']) ? document['run'] : document;
    for (const key of Object.keys(OPTIONS) as OptionName[]) {
      const values = textsOf(key, options[newmansName(OPTIONS[key])]);
      if (values !== null) texts[key] = values;
    }
    if (isRecord(options['reporter']))
      reporterOptions = { ...reporterOptions, ...(options['reporter'] as ReporterOptions) };
    last = name;
  }
  const isEmpty = Object.keys(texts).length === 0 && Object.keys(reporterOptions).length === 0;
  return isEmpty ? null : { file: last, texts, reporterOptions };
}

/** The name of a library option: the flag in camelCase. */
function newmansName(spec: OptionSpec): string {
  if (spec.flags.includes('--ca-file')) return 'sslExtraCaCerts';
  const isShared = SHARED.some((flag) => spec.flags.includes(flag));
  return spec.isNewmans || isShared
    ? longFlag(spec).replace(/^no([A-Z])/, (_, letter: string) => letter.toLowerCase())
    : '';
}

/** Options of ours that `newman run` has as well. */
const SHARED = ['--environment', '--env-var', '--insecure', '--timeout <', '--working-dir'];

function textsOf(key: OptionName, value: unknown): readonly string[] | null {
  if (value === undefined || value === null || value === false)
    return key === 'insecureFileRead' && value === false ? [''] : null;
  if (key === 'insecureFileRead') return null;
  const texts = [value].flat().map((each) => (isRecord(each) ? `${each['key']}=${each['value']}` : String(each)));
  if (key === 'timeoutMs') return texts.map((text) => `${text}ms`);
  return (OPTIONS[key] as OptionSpec).repeatable ? texts : [texts.join(',')];
}
