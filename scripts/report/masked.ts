import type { Diagnosis } from '../core/diagnosis.ts';
import type { Hint, Where } from '../core/errors.ts';
import type { Body, Exchange, Header, HttpRequest, HttpResponse } from '../core/exchange.ts';
import type { Attempt, ChangeFacts, ClassifiedLine, Failure, Run, StepRecord } from '../core/result.ts';
import { maskBody, maskEnvironmentLines, maskHeader, maskText } from '../secrets/by-place.ts';
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
  const known = new Map<string, string>();
  const byValue = (text: string) => masker.mask(text);
  const plain: Mask = (text) => {
    let masked = known.get(text);
    if (masked === undefined) {
      masked = polish(maskText(byValue(text)));
      if (text.length < 200) known.set(text, masked);
    }
    return masked;
  };
  const knownHeaders = new Map<string, Header>();
  const header = ({ name, value }: Header): Header => {
    const key = `${name}:${value}`;
    let masked = knownHeaders.get(key);
    if (masked === undefined) {
      masked = { name: plain(name), value: polish(maskHeader(name, byValue(value))) };
      if (key.length < 400) knownHeaders.set(key, masked);
    }
    return masked;
  };
  const masks: Masks = {
    text: plain,
    lines: (text) => polish(maskEnvironmentLines(byValue(text))),
    header,
    body: (text, type) => polish(maskBody(byValue(text), type)),
  };
  return {
    command: plain(run.command),
    version: plain(run.version),
    startedAt: run.startedAt,
    durationMs: run.durationMs,
    verdict: run.verdict,
    exitCode: run.exitCode,
    steps: run.steps.map((step) => maskStep(step, masks)),
    token: run.token && { ...run.token, handle: plain(run.token.handle) },
    compose: run.compose && maskCompose(run.compose, masks),
    diagnosis: run.diagnosis && maskDiagnosis(run.diagnosis, masks),
    error: run.error && maskFailure(run.error, masks),
    next: run.next.map((hint) => maskHint(hint, plain)),
    warnings: run.warnings.map(plain),
    log: run.log.map((line) => maskLine(line, masks)),
    facts: run.facts.map(([name, value]) => [plain(name), plain(value)] as const),
  };
}

type Mask = (text: string) => string;

interface Masks {
  readonly text: Mask;
  /** Text of compose and `.env` files, where secrets follow their names. */
  readonly lines: Mask;
  readonly header: (header: Header) => Header;
  readonly body: (text: string, type: string) => string;
}

function maskStep(step: StepRecord, masks: Masks): StepRecord {
  return {
    name: step.name,
    status: step.status,
    startMs: step.startMs,
    durationMs: step.durationMs,
    summary: masks.text(step.summary),
    notes: step.notes.map(masks.text),
    attempts: step.attempts.map((attempt) => maskAttempt(attempt, masks)),
  };
}

function maskAttempt(attempt: Attempt, masks: Masks): Attempt {
  const { startMs, durationMs, passed } = attempt;
  return { startMs, durationMs, passed, exchanges: attempt.exchanges.map((exchange) => maskExchange(exchange, masks)) };
}

function maskExchange(exchange: Exchange, masks: Masks): Exchange {
  const { text } = masks;
  return {
    name: text(exchange.name),
    folders: exchange.folders.map(text),
    startedAt: exchange.startedAt,
    request: maskRequest(exchange.request, masks),
    response: exchange.response && maskResponse(exchange.response, masks),
    assertions: exchange.assertions.map(({ name, status, message }) => ({
      name: text(name),
      status,
      message: message === null ? null : text(message),
    })),
    console: exchange.console.map((line) => ({ level: line.level, text: text(line.text) })),
    error: exchange.error && {
      kind: exchange.error.kind,
      code: text(exchange.error.code),
      message: text(exchange.error.message),
    },
  };
}

function maskRequest(request: HttpRequest, masks: Masks): HttpRequest {
  return {
    method: masks.text(request.method),
    url: masks.text(request.url),
    headers: request.headers.map(masks.header),
    body: request.body && maskBodyLater(request.body, masks),
  };
}

function maskResponse(response: HttpResponse, masks: Masks): HttpResponse {
  return {
    status: response.status,
    reason: masks.text(response.reason),
    headers: response.headers.map(masks.header),
    body: response.body && maskBodyLater(response.body, masks),
    timeMs: response.timeMs,
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

function maskCompose(compose: ChangeFacts, masks: Masks): ChangeFacts {
  return {
    files: compose.files.map(masks.text),
    service: masks.text(compose.service),
    wrote: compose.wrote,
    target: compose.target === null ? null : masks.text(compose.target),
    before: compose.before,
    changed: compose.changed.map(masks.text),
    diff: compose.diff === null ? null : masks.lines(compose.diff),
  };
}

function maskDiagnosis(diagnosis: Diagnosis, masks: Masks): Diagnosis {
  return {
    code: diagnosis.code,
    cause: masks.text(diagnosis.cause),
    fix: maskHint(diagnosis.fix, masks.text),
    iatHelps: diagnosis.iatHelps,
    evidence: diagnosis.evidence.map(masks.text),
  };
}

function maskFailure(error: Failure, masks: Masks): Failure {
  return {
    code: error.code,
    message: masks.text(error.message),
    hint: error.hint && maskHint(error.hint, masks.text),
    where: error.where && maskWhere(error.where, masks),
  };
}

function maskHint({ text, command }: Hint, mask: (text: string) => string): Hint {
  return { text: mask(text), ...(command === undefined ? {} : { command: mask(command) }) };
}

function maskWhere({ excerpt, file, ...position }: Where, masks: Masks): Where {
  return { ...position, file: masks.text(file), ...(excerpt === undefined ? {} : { excerpt: masks.lines(excerpt) }) };
}

function maskLine({ at, stream, text, meaning }: ClassifiedLine, masks: Masks): ClassifiedLine {
  return { at, stream, text: masks.text(text), meaning };
}
