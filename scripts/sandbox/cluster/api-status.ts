import type { ResourceType } from './api-resources.ts';

/** Why a request failed, as the API server says it (`metav1.Status` of k8s.io/apimachinery). */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
}

/** What is wrong with one field. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** A request that gets a Status instead of an object. */
export class ApiError extends Error {
  readonly status: Status & { readonly code: number };

  constructor(code: number, reason: string, message: string, details: StatusDetails = {}) {
    super(message);
    this.status = { ...BASE, status: 'Failure', message, reason, details, code };
  }
}

const BASE = { kind: 'Status', apiVersion: 'v1', metadata: {} } as const;

export function successStatus(details: StatusDetails): Status {
  return { ...BASE, status: 'Success', details };
}

// The sentences are those of k8s.io/apimachinery/pkg/api/errors/errors.go, unless another file is named.

export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource');
}

export function notFound(type: ResourceType, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(type)} "${name}" not found`, detailsOf(type, name));
}

export function alreadyExists(type: ResourceType, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(type)} "${name}" already exists`, detailsOf(type, name));
}

export function conflict(type: ResourceType, name: string): ApiError {
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  const message = `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, detailsOf(type, name));
}

/** @param why such as `User "jane" cannot get resource …` */
export function forbidden(type: ResourceType, name: string, why: string): ApiError {
  const what = name === '' ? qualified(type) : `${qualified(type)} "${name}"`;
  return new ApiError(403, 'Forbidden', `${what} is forbidden: ${why}`, detailsOf(type, name));
}

/** k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go */
export function denied(why: string): ApiError {
  return new ApiError(403, 'Forbidden', `admission webhook "policy.sandbox.example" denied the request: ${why}`);
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** A JSON Patch whose `test` fails, or that names a path that is not there (apiserver/pkg/endpoints/handlers/patch.go). */
export function patchRefused(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request');
}

export function invalid(type: ResourceType | null, name: string, causes: readonly StatusCause[]): ApiError {
  const kind = type === null ? '' : [type.kind, type.group].filter((part) => part !== '').join('.');
  const sentences = causes.map(({ field, message }) => `${field}: ${message}`);
  const all = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${all}`, {
    ...(type === null ? {} : { name, kind: type.kind, ...(type.group === '' ? {} : { group: type.group }) }),
    causes,
  });
}

export function expired(version: string, oldest: string): ApiError {
  return new ApiError(410, 'Expired', `too old resource version: ${version} (${oldest})`);
}

function qualified({ group, resource }: ResourceType): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function detailsOf({ group, resource }: ResourceType, name: string): StatusDetails {
  return { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource };
}
