/** What is asked of one Secret. */
export interface WantedKeys {
  /** Whose values are read. */
  readonly values: ReadonlySet<string>;
  /** The one that holds the token; null: none. */
  readonly token: string | null;
}

/** What client-side `kubectl apply` keeps of an object: the whole of it, with its values. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** On the workload's own Secret: the entry of the container's `env` that points elsewhere and comes back with `iat:clear`. */
export const REPLACED = 'bff-iat/replaced-entry';

/** Annotations whose values are read. Any other may hold a copy of the Secret: that of kubectl, kapp, Rancher … */
export const VISIBLE_ANNOTATIONS: readonly string[] = [
  REPLACED,
  'argocd.argoproj.io/tracking-id',
  'meta.helm.sh/release-name',
  'meta.helm.sh/release-namespace',
  'reflector.v1.k8s.emberstack.com/reflection-auto-enabled',
  'reflector.v1.k8s.emberstack.com/reflects',
  'reloader.stakater.com/ignore',
  'reloader.stakater.com/match',
  'replicator.v1.mittwald.de/replicate-from',
  'sealedsecrets.bitnami.com/managed',
  'secrets.infisical.com/version',
];

/** Template calls go this deep at most (Go: text/template, maxExecDepth is 100,000). */
const SEARCHED_LETTERS = 90_000;

/**
 * A go-template that prints of each Secret its metadata, the names of its keys, and the values of the wanted keys: one JSON list
 * a line. `-o json` would print every value.
 */
export function secretTemplate(wanted: ReadonlyMap<string, WantedKeys>): string {
  const searches = new Set([...wanted.values()].flatMap(({ token }) => (token === null ? [] : [token])));
  return [
    ...[...searches].map(searchTemplate),
    '{{define "secret"}}{{$name := .metadata.name}}',
    line('"secret"', '$name', '.metadata.resourceVersion', '(print (eq (print .immutable) "true"))'),
    `{{with .metadata.namespace}}${line('"namespace"', '.')}{{end}}`,
    `{{range $k, $v := .metadata.labels}}${line('"label"', '$k', '$v')}{{end}}`,
    `{{range $k, $v := .metadata.annotations}}{{if eq $k ${list(VISIBLE_ANNOTATIONS)}}}${line('"annotation"', '$k', '$v')}`,
    `{{else}}${line('"annotation"', '$k')}{{end}}{{end}}`,
    `{{range .metadata.ownerReferences}}${line('"owner"', '.apiVersion', '.kind', '.name', '(print (eq (print .controller) "true"))')}{{end}}`,
    `{{range $k, $v := .data}}${line('"key"', '$k')}{{end}}`,
    ...[...wanted].map(([name, keys]) => valuesTemplate(name, keys)),
    '{{end}}',
    '{{if .items}}{{range .items}}{{template "secret" .}}{{end}}{{else}}{{template "secret" .}}{{end}}',
  ].join('');
}

function valuesTemplate(secret: string, { values, token }: WantedKeys): string {
  const value = `{{range $k, $v := .data}}{{if eq $k ${list([...values])}}}${line('"value"', '$k', '$v')}{{end}}{{end}}`;
  const search =
    token === null
      ? ''
      : `{{with .metadata.annotations}}{{with index . ${quote(LAST_APPLIED)}}}{{template ${quote(`holds ${token}`)} .}}{{end}}{{end}}`;
  return `{{if eq $name ${quote(secret)}}}${values.size === 0 ? '' : value}${search}{{end}}`;
}

/** Whether a text holds `"KEY":`. Templates can neither search nor count: it is compared at one place after another. */
function searchTemplate(key: string): string {
  const [name, text] = [quote(`holds ${key}`), `"${key}":`];
  const found = line(quote(LAST_APPLIED), '"holds"');
  const next = `{{template ${name} (slice . 1)}}`;
  const search = `{{if ge (len .) ${text.length}}}{{if eq (slice . 0 ${text.length}) ${quote(text)}}}${found}{{else}}${next}{{end}}{{end}}`;
  return `{{define ${name}}}{{if gt (len .) ${SEARCHED_LETTERS}}}${line(quote(LAST_APPLIED), '"too long"')}{{else}}${search}{{end}}{{end}}`;
}

/** A JSON list as a line of its own. Go's %q is JSON for names, versions and Base64. */
function line(...values: readonly string[]): string {
  return `{{printf ${quote(`[${values.map(() => '%q').join(',')}]\n`)} ${values.join(' ')}}}`;
}

function list(texts: readonly string[]): string {
  return texts.map(quote).join(' ');
}

/** A text as Go reads it, which is as JSON writes it. */
function quote(text: string): string {
  return JSON.stringify(text);
}
