/**
 * For `--verbose`: the errors behind an error, each with its kind, the place where it was thrown, and its first line. Messages
 * of libraries quote what they were given (`JSON.parse`, YAML, `Headers`, child processes), and a piece of a secret may be too
 * short for the masker: so quoted text is left out, and so is everything after the first line.
 *
 * @returns lines
 */
export function describeCause(thrown: unknown): string[] {
  const parts: string[] = [];
  const visited = new Set<unknown>();
  const visit = (error: unknown, title: string) => {
    if (!(error instanceof Error) || visited.has(error)) return;
    visited.add(error);
    parts.push(`${title}${headline(error)}`, ...framesOf(error));
    visit(error.cause, 'Caused by: ');
    if (error instanceof AggregateError) for (const each of error.errors) visit(each, 'One of them: ');
  };
  visit(thrown, '');
  return parts;
}

function headline(error: Error): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const kind = code === undefined ? error.name : `${error.name} ${String(code)}`;
  const [line = ''] = error.message.split('\n');
  // Node's own words about a file or an address quote nothing else.
  const isOwn = error.name === 'AppError' || syscall !== undefined;
  return `${kind}: ${isOwn ? line : withoutQuotes(line)}`;
}

/** From the first quotation mark to the last: a quotation may hold quotation marks itself. */
function withoutQuotes(line: string): string {
  return line.replace(/(["'`“‘«]).*["'`”’»]|["`].*$/, '(…)');
}

/** Nothing but frames: the stack begins with the message, whose lines may be anything. */
function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => /^ {4}at (?:.* \()?[^\s()]+:\d+:\d+\)?$/.test(line));
}
