import { inspect } from 'node:util';
import type { Body, ExchangeError, Header, HttpRequest, HttpResponse } from '../core/exchange.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { Message } from '../secrets/found.ts';
import type { PostmanRequest, PostmanResponse } from './newman-types.ts';

/** What is kept of a body for the report; the token is read from the whole one. */
const MAX_BODY_CHARACTERS = 64 * 1024;

export function toRequest(request: PostmanRequest): HttpRequest {
  const { url, headers, body: text } = messageOf(request);
  return {
    method: request.method,
    url,
    headers,
    body: text === '' ? null : toBody(text, headers),
  };
}

/** All that a request sends, uncut. */
export function messageOf(request: PostmanRequest): Message & { readonly url: string } {
  return { url: request.url.toString(), headers: headersOf(request), body: textOf(request.body) };
}

/** A body as text: the fields of a form of any kind as `name=value&…`, with `@` before the name of a file; GraphQL as JSON. */
function textOf(body: PostmanRequest['body']): string {
  if (!body || body.isEmpty()) return '';
  const { mode, formdata, graphql, file } = body.toJSON();
  switch (mode) {
    case 'formdata':
      return (formdata ?? [])
        .filter(({ disabled }) => disabled !== true)
        .map(({ key, value, src }) => [key, src === undefined ? value : `@${String(src)}`])
        .map((pair) => pair.map((part) => encodeURIComponent(toText(part ?? ''))).join('='))
        .join('&');
    case 'graphql':
      return toText(isRecord(graphql) ? { ...graphql, variables: documentOf(graphql['variables']) } : graphql);
    case 'file':
      return `@${toText(typeof file === 'object' && file !== null && 'src' in file ? file.src : file)}`;
    default:
      return body.toString();
  }
}

/** Variables of GraphQL are JSON in a text. */
function documentOf(variables: unknown): unknown {
  return typeof variables === 'string' ? (jsonOrNull(variables) ?? variables) : variables;
}

/** What is kept of a name or a message: nobody reads more, and each is masked again and again. */
const MAX_TEXT_CHARACTERS = 8 * 1024;

/** A name, a message or a console line as it is kept. */
export function cutText(value: unknown, longest: number = MAX_TEXT_CHARACTERS): string {
  const text = String(value ?? '');
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length - longest} more characters)`;
}

export function headersOf({ headers }: Pick<PostmanRequest, 'headers'>): Header[] {
  return headers.toJSON().map(({ key, value }) => ({ name: key, value: String(value ?? '') }));
}

export function toResponse(response: PostmanResponse, text: string): HttpResponse {
  const headers = headersOf(response);
  return {
    status: response.code,
    reason: response.status ?? '',
    headers,
    body: text === '' ? null : toBody(text, headers, response.stream?.length),
    timeMs: response.responseTime ?? 0,
    sizeBytes: response.size().total ?? 0,
  };
}

function toBody(text: string, headers: readonly Header[], bytes?: number): Body {
  const header = headers.find(({ name }) => name.toLowerCase() === 'content-type');
  return {
    text: text.slice(0, MAX_BODY_CHARACTERS),
    bytes: bytes ?? Buffer.byteLength(text),
    type: header?.value.split(';')[0]?.trim().toLowerCase() ?? '',
  };
}

/** @param largestAnswer bytes of an answer that are read at most */
export function toNetworkError(
  error: { readonly code?: unknown; readonly message?: unknown },
  largestAnswer: number,
): ExchangeError {
  // postman-request's words, without a code.
  if (error.message === 'Maximum response size reached') {
    const message = `the answer is larger than ${largestAnswer / 1_048_576} MB, and was not read to its end`;
    return { kind: 'network', code: '', message };
  }
  const message = cutText(error.message);
  // A tunnel says ECONNRESET whatever happened at the proxy; the cause is in its message only.
  const cause = TUNNEL_FAILED.exec(message);
  return { kind: 'network', code: cause?.[1] ?? cause?.[2] ?? cutText(error.code), message };
}

const TUNNEL_FAILED =
  /^tunneling socket could not be established, cause=(?:(PROXY_ANSWERED_\d+)|[^\n]{0,99}?\b(E[A-Z_]{4,})\b)/;

/** What the runtime says on the console where it leaves a file out of a request; null: it is about something else. */
export function toFileError(text: string): ExchangeError | null {
  const reason = /^(?:Form param `[^`]*`, file|Binary file) load error: (.*)/s.exec(text)?.[1];
  return reason === undefined ? null : { kind: 'file', code: '', message: `a file was not sent: ${reason}` };
}

export function foldersOf(item: { parent?(): unknown }): string[] {
  const folders: string[] = [];
  type Node = { name?: string; parent?(): Node | undefined };
  // An item's parent is a folder; the last one up is the collection, which is no folder.
  for (let node = item.parent?.() as Node | undefined; node?.parent?.(); node = node.parent?.()) {
    if (node.name !== undefined) folders.unshift(cutText(node.name));
  }
  return folders;
}

/** A console argument as Node would print it, without its classes. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? inspect(value);
  } catch {
    // A circle, or a bigint.
    return inspect(value);
  }
}
