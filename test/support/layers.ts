import { posix } from 'node:path';
import ts from 'typescript';

/** Which folders of scripts/ a folder may import from, besides itself. Imports point one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  entry: ['cli', 'core'],
  cli: ['runbook', 'postman', 'idp', 'bff', 'compose-file', 'report', 'secrets', 'core'],
  runbook: ['postman', 'idp', 'bff', 'compose-file', 'secrets', 'core'],
  postman: ['idp', 'secrets', 'core'],
  idp: ['secrets', 'core'],
  bff: ['idp', 'core'],
  'compose-file': ['core'],
  compose: ['compose-file', 'idp', 'core'],
  kubernetes: ['compose-file', 'idp', 'core'],
  report: ['secrets', 'core'],
  secrets: ['core'],
  platform: ['idp', 'core'],
  sandbox: ['platform', 'compose-file', 'core'],
  core: [],
};

/** Files that talk to the outside, besides the folders platform/ and sandbox/. */
const EDGE_FILES = [
  'scripts/compose/compose-stack.ts',
  'scripts/kubernetes/kubernetes-stack.ts',
  'scripts/postman/body-files.ts',
  'scripts/postman/eager-timers.ts',
  'scripts/postman/egress.ts',
  'scripts/postman/load-newman.ts',
  'scripts/postman/newman.ts',
  'scripts/postman/newman-run.ts',
  'scripts/postman/newman-worker.ts',
  'scripts/postman/newman-worker-main.ts',
  'scripts/postman/runner.ts',
];
const EDGE_FOLDERS = ['platform', 'sandbox'];

/** The one place where the edges are plugged in. */
const WIRING = 'scripts/cli/wiring.ts';

/** The same for completion, which starts at each press of a key: it loads nothing of the runs. */
const COMPLETION_WIRING = 'scripts/cli/completion/outside.ts';

/** Scripts for maintainers: they may import anything, and nothing imports them. */
const FREE_FOLDER = 'maintenance';

/** Modules that reach outside of the program. */
const OUTSIDE_MODULES =
  /^(node:)?(child_process|cluster|dgram|dns|fs|http|http2|https|inspector|net|os|process|readline|repl|timers|tls|tty|worker_threads)(\/|$)|^(execa|newman|oidc-provider|ora|zx)(\/|$)/;

/** The same, as globals. */
const OUTSIDE_GLOBALS = [
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
];

/** A clock or a timer, by the name of what is called. */
const OUTSIDE_CALLS = ['Date.now', 'AbortSignal.timeout'];

/** What a file does that the layout forbids, each as `line: what`; empty when there is nothing. */
export function findOffences(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const folder = folderOf(path);
  const offences: string[] = [];
  const visit = (node: ts.Node) => {
    const found = [defaultExport(node), forbiddenImport(node, path, folder), outsideUse(node, path, folder)];
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    offences.push(...found.filter((each) => each !== null).map((each) => `${line}: ${each}`));
    node.forEachChild(visit);
  };
  visit(file);
  return offences;
}

/**
 * The circles of imports among files, each as its paths in order; imports of types and `import()` count as well.
 *
 * @param sources text by path, such as `scripts/core/errors.ts`
 */
export function findCircles(sources: ReadonlyMap<string, string>): string[][] {
  const imports = new Map([...sources].map(([path, source]) => [path, importsOf(path, source)]));
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]) => {
    const at = way.indexOf(path);
    if (at >= 0) circles.push(way.slice(at));
    if (at >= 0 || done.has(path)) return;
    for (const imported of imports.get(path) ?? []) visit(imported, [...way, path]);
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return circles;
}

function importsOf(path: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    const target = importedBy(node);
    if (target?.startsWith('.')) found.push(posix.join(posix.dirname(path), target));
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return found;
}

/** The folder below scripts/ that a path belongs to; `entry` for the files directly in it, null outside of scripts/. */
function folderOf(path: string): string | null {
  const [top, folder, ...rest] = path.split('/');
  if (top !== 'scripts' || folder === undefined) return null;
  return rest.length === 0 ? 'entry' : folder;
}

function isEdge(path: string): boolean {
  return EDGE_FILES.includes(path) || EDGE_FOLDERS.includes(folderOf(path) ?? '');
}

function defaultExport(node: ts.Node): string | null {
  const isDefault =
    (ts.isExportAssignment(node) && !node.isExportEquals) ||
    (ts.isExportSpecifier(node) && node.name.text === 'default') ||
    (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword));
  return isDefault ? 'exports a default' : null;
}

function forbiddenImport(node: ts.Node, path: string, folder: string | null): string | null {
  const target = importedBy(node);
  if (target === null || folder === null || folder === FREE_FOLDER) return null;
  if (!target.startsWith('.')) {
    return OUTSIDE_MODULES.test(target) && !mayReachOutside(target, path, folder) ? `imports ${target}` : null;
  }
  const imported = posix.join(posix.dirname(path), target);
  return mayImport(path, folder, imported) ? null : `imports ${imported}`;
}

/** The module named by an import, an export from, `import()`, `require()` or a type import; null for other nodes. */
function importedBy(node: ts.Node): string | null {
  const isLoading =
    ts.isCallExpression(node) &&
    (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require');
  const module =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
        ? node.argument.literal
        : isLoading
          ? node.arguments[0]
          : undefined;
  return module !== undefined && ts.isStringLiteralLike(module) ? module.text : null;
}

function mayImport(path: string, folder: string, imported: string): boolean {
  const target = folderOf(imported);
  if (path === WIRING && isEdge(imported)) return true;
  if (path === COMPLETION_WIRING && (isEdge(imported) || target === 'compose')) return true;
  if (target === null || target === FREE_FOLDER || target === 'entry' || imported === WIRING) {
    // Data beside the scripts (package.json) is no module; the wiring is for cli/ itself and for the entries.
    return imported.endsWith('.json') || (imported === WIRING && ['cli', 'entry'].includes(folder));
  }
  // One edge may be made of several files; nothing else gets past the wiring.
  if (EDGE_FILES.includes(imported)) return EDGE_FILES.includes(path) && target === folder;
  return target === folder || (MAY_IMPORT[folder] ?? []).includes(target);
}

function mayReachOutside(what: string, path: string, folder: string): boolean {
  return isEdge(path) || folder === FREE_FOLDER || (folder === 'entry' && /^(node:)?process$/.test(what));
}

function outsideUse(node: ts.Node, path: string, folder: string | null): string | null {
  if (folder === null) return null;
  const what = ts.isIdentifier(node)
    ? globalNamed(node)
    : ts.isCallExpression(node)
      ? clockCalled(node)
      : clockRead(node);
  return what === null || mayReachOutside(what, path, folder) ? null : `uses ${what}`;
}

function clockCalled(node: ts.CallExpression): string | null {
  return OUTSIDE_CALLS.find((call) => call === node.expression.getText()) ?? null;
}

function clockRead(node: ts.Node): string | null {
  const readsClock = ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length;
  return readsClock ? 'new Date()' : null;
}

/** The global that an identifier means: not where it names a property, nor where the file declares that name itself. */
function globalNamed(node: ts.Identifier): string | null {
  if (!OUTSIDE_GLOBALS.includes(node.text)) return null;
  const { parent } = node;
  const isName = 'name' in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent);
  const isKey = (ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) && parent.propertyName === node;
  return isName || isKey || isDeclared(node.text, node.getSourceFile()) ? null : node.text;
}

/** Whether a file gives the name to a variable, a parameter or a function of its own. */
function isDeclared(name: string, inside: ts.Node): boolean {
  return (
    inside.forEachChild((node) => {
      const declares =
        ts.isVariableDeclaration(node) ||
        ts.isParameter(node) ||
        ts.isBindingElement(node) ||
        ts.isFunctionDeclaration(node);
      const declared = declares && node.name !== undefined && ts.isIdentifier(node.name) && node.name.text === name;
      return declared || isDeclared(name, node);
    }) ?? false
  );
}
