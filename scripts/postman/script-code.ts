import type { Place, Script } from './collection-format.ts';

/**
 * The scripts that run with a request: its own and those of the folders around it.
 *
 * @param listen only those for this event
 */
export function codeOf({ around, item }: Place, listen?: 'prerequest' | 'test'): string {
  const scripts = [...around, item].flatMap(({ event }) => event ?? []);
  return scripts
    .filter((script) => script.disabled !== true && (listen === undefined || script.listen === listen))
    .map(textOfScript)
    .join('\n');
}

/** The code of a script, whichever way it is written down. */
export function textOfScript({ script }: Script): string {
  const exec = typeof script === 'string' ? script : (script?.exec ?? '');
  return typeof exec === 'string' ? exec : exec.join('\n');
}

/** `pm.environment.set('name', …)` and the like: all of them, and those that write the name out. */
const SETS = /\.(?:set|setEnvironmentVariable|setGlobalVariable) ?\(/g;
const SETTER =
  /(?:\b(?:environment|globals|collectionVariables|variables) ?)?\.(?:set|setEnvironmentVariable|setGlobalVariable) ?\(\s{0,80}(['"`])([^'"`$]{1,200})\1\s{0,80},/g;

/** What sets nothing. */
const READER =
  /\b(?:environment|globals|collectionVariables|variables|iterationData)\??\.(?:get|has|unset|clear|toObject|replaceIn|name)\b/g;

/** What is left then may set any variable, or leave out any request. */
const OPEN =
  /\b(?:environment|globals|collectionVariables|variables|setEnvironmentVariable|setGlobalVariable|setNextRequest|skipRequest|eval|Function|require)\b|\.set ?\(/;

/** The variables that scripts set, as far as their names are written out. */
export function setBy(code: string): ReadonlySet<string> {
  return new Set([...code.matchAll(SETTER)].map((match) => match[2] ?? ''));
}

/** Whether scripts set variables whose names are not written out: that may be any. */
export function setsAny(code: string): boolean {
  return code.match(SETS)?.length !== code.match(SETTER)?.length;
}

/** Whether a script may set any variable, by whatever means, or leave out any request. */
export function isOpenEnded(code: string): boolean {
  return OPEN.test(code.replace(SETTER, '').replace(READER, ''));
}
