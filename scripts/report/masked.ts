import type { ComparedCheck, ComparedRequest, Comparison } from '../core/comparison.ts';
import type { Hint } from '../core/errors.ts';
import type { Body, Exchange, Header } from '../core/exchange.ts';
import type {
  ChangeFacts,
  CollectionFacts,
  CollectionNode,
  Failure,
  KubernetesFacts,
  Run,
  StepRecord,
} from '../core/result.ts';
import { maskBody, maskEnvironmentLines, maskHeader } from '../secrets/by-place.ts';
import type { Masker } from '../secrets/masker.ts';

/**
 * The run as it may be shown: a copy of the model, field by field, with every string masked by value (masker.ts) and by place
 * (by-place.ts). Every renderer starts with this copy, so a field that is added to the model stays out until it is masked here.
 *
 * Bodies are masked when they are first read: most of a long run's bodies are never shown.
 *
 * @param polish a last change to every string, such as making control characters visible
 */
export function maskRun(run: Run, masker: Masker, polish: (text: string) => string = (text) => text): Run {
  const masks = masksOf(masker, polish);
  const { text, hint } = masks;
  const { diagnosis } = run;
  return {
    command: text(run.command),
    ...(run.calledAs === undefined ? {} : { calledAs: text(run.calledAs) }),
    version: text(run.version),
    startedAt: run.startedAt,
    durationMs: run.durationMs,
    verdict: run.verdict,
    exitCode: run.exitCode,
    steps: run.steps.map((step) => maskStep(step, masks)),
    token: run.token && { ...run.token, handle: text(run.token.handle) },
    compose: run.compose && maskCompose(run.compose, masks),
    ...(run.kubernetes ? { kubernetes: maskKubernetes(run.kubernetes, masks) } : {}),
    collection: run.collection && maskCollection(run.collection, masks),
    ...(run.comparison ? { comparison: maskComparison(run.comparison, masks) } : {}),
    diagnosis: diagnosis && {
      code: diagnosis.code,
      cause: text(diagnosis.cause),
      fix: hint(diagnosis.fix),
      iatHelps: diagnosis.iatHelps,
      evidence: diagnosis.evidence.map(text),
    },
    error: run.error && maskFailure(run.error, masks),
    next: run.next.map(hint),
    warnings: run.warnings.map(text),
    log: run.log.map(({ at, stream, text: line, meaning }) => ({ at, stream, text: text(line), meaning })),
    facts: run.facts.map(([name, value]) => [text(name), text(value)] as const),
  };
}

type Masks = ReturnType<typeof masksOf>;

function masksOf(masker: Masker, polish: (text: string) => string) {
  // Short texts come again and again: each is masked once.
  const known = new Map<string, string>();
  const inHeader = (name: string, value: string) => {
    const key = `${name}:${value}`;
    let masked = known.get(key);
    if (masked === undefined) {
      masked = polish(maskHeader(name, masker.mask(value)));
      if (key.length < 400) known.set(key, masked);
    }
    return masked;
  };
  // What belongs to no header is masked like a header of no special name.
  const text = (value: string) => inHeader('', value);
  return {
    text,
    /** Text of compose and `.env` files, where secrets follow their names. */
    lines: (value: string) => polish(maskEnvironmentLines(masker.mask(value))),
    header: ({ name, value }: Header): Header => ({ name: text(name), value: inHeader(name, value) }),
    body: (value: string, type: string) => polish(maskBody(masker.mask(value), type)),
    hint: (hint: Hint): Hint => ({
      text: text(hint.text),
      ...(hint.command === undefined ? {} : { command: text(hint.command) }),
    }),
  };
}

function maskStep(step: StepRecord, masks: Masks): StepRecord {
  return {
    name: step.name,
    status: step.status,
    startMs: step.startMs,
    durationMs: step.durationMs,
    summary: masks.text(step.summary),
    notes: step.notes.map(masks.text),
    attempts: step.attempts.map(({ startMs, durationMs, passed, exchanges }) => ({
      startMs,
      durationMs,
      passed,
      exchanges: exchanges.map((exchange) => maskExchange(exchange, masks)),
    })),
  };
}

function maskExchange({ request, response, error, ...exchange }: Exchange, masks: Masks): Exchange {
  const { text, header } = masks;
  return {
    ...(exchange.id === undefined ? {} : { id: text(exchange.id) }),
    ...(exchange.iteration === undefined ? {} : { iteration: exchange.iteration }),
    name: text(exchange.name),
    folders: exchange.folders.map(text),
    startedAt: exchange.startedAt,
    ...(exchange.isSkipped && { isSkipped: exchange.isSkipped }),
    request: {
      method: text(request.method),
      url: text(request.url),
      headers: request.headers.map(header),
      body: request.body && maskBodyLater(request.body, masks),
    },
    response: response && {
      status: response.status,
      reason: text(response.reason),
      headers: response.headers.map(header),
      body: response.body && maskBodyLater(response.body, masks),
      timeMs: response.timeMs,
      ...(response.sizeBytes === undefined ? {} : { sizeBytes: response.sizeBytes }),
    },
    assertions: exchange.assertions.map(({ name, status, message }) => ({
      name: text(name),
      status,
      message: message && text(message),
    })),
    console: exchange.console.map((line) => ({ level: line.level, text: text(line.text) })),
    error: error && { kind: error.kind, code: text(error.code), message: text(error.message) },
  };
}

function maskBodyLater({ text, bytes, type }: Body, masks: Masks): Body {
  let masked: string | undefined;
  return {
    get text() {
      masked ??= masks.body(text, type);
      return masked;
    },
    bytes,
    type: masks.text(type),
  };
}

function maskCompose(compose: ChangeFacts, { text, lines }: Masks): ChangeFacts {
  return {
    files: compose.files.map(text),
    service: text(compose.service),
    wrote: compose.wrote,
    target: compose.target && text(compose.target),
    before: compose.before,
    changed: compose.changed.map(text),
    diff: compose.diff && lines(compose.diff),
  };
}

function maskKubernetes(facts: KubernetesFacts, { text }: Masks): KubernetesFacts {
  return {
    context: text(facts.context),
    cluster: text(facts.cluster),
    namespace: text(facts.namespace),
    workload: text(facts.workload),
    container: text(facts.container),
    wrote: facts.wrote,
    target: facts.target && text(facts.target),
    key: facts.key && text(facts.key),
    before: facts.before,
    owners: facts.owners.map(({ kind, name, reverts }) => ({ kind: text(kind), name: text(name), reverts })),
    credentials: facts.credentials,
    usesNeeded: facts.usesNeeded,
    revision: { before: facts.revision.before, after: facts.revision.after },
    pods: facts.pods.map(({ name, isNew, state, restarts, exitCode, registered, healthy, key, problem }) => ({
      name: text(name),
      isNew,
      state: text(state),
      restarts,
      exitCode,
      registered,
      healthy,
      key: key && text(key),
      problem: problem && text(problem),
    })),
    missingRights: facts.missingRights.map(text),
    role: facts.role && text(facts.role),
    reverted: facts.reverted,
  };
}

function maskCollection(collection: CollectionFacts, masks: Masks): CollectionFacts {
  const { text } = masks;
  return {
    name: text(collection.name),
    description: text(collection.description),
    title: collection.title && text(collection.title),
    selection: collection.selection.map(text),
    tree: collection.tree.map((node) => maskNode(node, masks)),
    iterations: collection.iterations,
    data: collection.data.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          const shown = typeof value === 'string' ? value : JSON.stringify(value);
          return [text(name), masks.header({ name, value: shown ?? '' }).value];
        }),
      ),
    ),
    counts: collection.counts,
  };
}

function maskNode({ id, name, description, items, method, url }: CollectionNode, masks: Masks): CollectionNode {
  const { text } = masks;
  return {
    id: text(id),
    name: text(name),
    description: text(description),
    items: items?.map((item) => maskNode(item, masks)) ?? null,
    ...(method === undefined ? {} : { method: text(method) }),
    ...(url === undefined ? {} : { url: text(url) }),
  };
}

function maskComparison({ since, ...comparison }: Comparison, { text }: Masks): Comparison {
  const request = ({ path, index }: ComparedRequest) => ({ path: text(path), index });
  const check = (each: ComparedCheck) => ({ ...request(each), check: each.check && text(each.check) });
  return {
    since,
    folder: text(comparison.folder),
    newlyFailing: comparison.newlyFailing.map(check),
    fixed: comparison.fixed.map(check),
    slower: comparison.slower.map((each) => ({ ...request(each), beforeMs: each.beforeMs, nowMs: each.nowMs })),
    added: comparison.added.map(request),
    gone: comparison.gone.map(request),
  };
}

function maskFailure({ code, message, hint, where }: Failure, masks: Masks): Failure {
  const excerpt = where?.excerpt;
  return {
    code,
    message: masks.text(message),
    hint: hint && masks.hint(hint),
    where: where && {
      ...where,
      file: masks.text(where.file),
      ...(excerpt === undefined ? {} : { excerpt: masks.lines(excerpt) }),
    },
  };
}
