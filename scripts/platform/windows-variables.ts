/** An environment by names. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A copy of an environment that is read as its system reads it: on Windows in any case. */
export function copyEnvironment(env: Variables, platform: NodeJS.Platform): Variables {
  const copy = { ...env };
  if (platform !== 'win32') return copy;
  return new Proxy(copy, { get: (_, name) => (typeof name === 'string' ? variableIn(copy, name) : undefined) });
}

/** A variable of Windows, whose names have no case: PATH is spelled `Path` there. */
export function variableIn(env: Variables, name: string): string | undefined {
  const found = Object.keys(env).find((each) => each.toUpperCase() === name.toUpperCase() && env[each] !== undefined);
  return found === undefined ? undefined : env[found];
}

/** Variables over those of an environment of Windows; `undefined` takes one out, however it is spelled there. */
export function withVariables(env: Variables, added: Variables): Variables {
  const names = Object.keys(added).map((name) => name.toUpperCase());
  const kept = Object.entries(env).filter(([name]) => !names.includes(name.toUpperCase()));
  return { ...Object.fromEntries(kept), ...added };
}
