import ts from 'typescript';

/** A regular expression of the product. */
export interface Pattern {
  /** `scripts/core/reach.ts:40`. */
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

/** The expressions that stand in a file: literals, and those that a function puts together from a template. */
export function patternsIn(path: string, text: string): Pattern[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Pattern[] = [];
  const visit = (node: ts.Node): void => {
    const where = `${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      found.push({ where, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'RegExp') {
      const [source, flags] = node.arguments ?? [];
      if (source !== undefined && ts.isTemplateExpression(source) && ts.findAncestor(node, ts.isFunctionLike)) {
        found.push({ where, source: filled(source), flags: flags && ts.isStringLiteral(flags) ? flags.text : '' });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The text of a template with a word in each hole. */
function filled(template: ts.TemplateExpression): string {
  return template.head.text + template.templateSpans.map(({ literal }) => `word${literal.text}`).join('');
}

/** The expressions that modules of `scripts/` build while they are loaded, which must not have happened yet in this thread. */
export async function patternsBuiltBy(modules: readonly string[]): Promise<Pattern[]> {
  const built: Pattern[] = [];
  const Native = globalThis.RegExp;
  globalThis.RegExp = new Proxy(Native, {
    construct(target, [source, flags]: [string, string | undefined]) {
      const pattern = new target(source, flags);
      // The outermost place of ours is the module that is being loaded.
      const where = [...(new Error('here').stack ?? '').matchAll(/\/(scripts\/[\w./-]+:\d+)/g)].at(-1)?.[1];
      if (where !== undefined) built.push({ where, source: pattern.source, flags: pattern.flags });
      return pattern;
    },
  });
  for (const module of modules) await import(module);
  globalThis.RegExp = Native;
  return built;
}
