import { randomBytes, randomUUID } from 'node:crypto';
import { isRecord } from '../../core/json.ts';
import { signChanges } from './api-managed-fields.ts';
import { PATCHES } from './api-patch.ts';
import { apiVersionOf, RESOURCES, type ResourceType } from './api-resources.ts';
import {
  ApiError,
  alreadyExists,
  badRequest,
  conflict,
  denied,
  invalid,
  notFound,
  type Status,
  successStatus,
} from './api-status.ts';
import type { ApiServerOptions, DeleteOptions } from './api-types.ts';
import { invalidField, problemsOf, undecodable, withDefaults } from './api-validation.ts';
import type { ApiObject } from './store.ts';

/** What a request is about. */
export interface Target {
  readonly type: ResourceType;
  /** '' for what belongs to none. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

export interface WriteOptions {
  /** Signs the change. */
  readonly manager: string;
  /** Everything but the change itself. */
  readonly dryRun: boolean;
}

export interface Writer {
  create(target: Target, body: unknown, options: WriteOptions): ApiObject;
  replace(target: Target, body: unknown, options: WriteOptions): ApiObject;
  patch(target: Target, mediaType: string, body: unknown, options: WriteOptions): ApiObject;
  /** @returns the object where it is there for a while yet */
  remove(target: Target, body: unknown, options: WriteOptions): ApiObject | Status;
}

/** The way of a change into the store. Each method throws ApiError. */
export function createWriter({ store, now, admit = () => null, onDelete }: ApiServerOptions): Writer {
  const read = ({ type, namespace, name }: Target) => {
    const object = store.get(type.resource, namespace, name);
    if (object === undefined) throw notFound(type, name);
    return object;
  };
  const admitted = (operation: 'CREATE' | 'UPDATE' | 'DELETE', object: ApiObject) => {
    const why = admit(operation, object);
    if (why !== null) throw denied(why);
  };
  const checked = (type: ResourceType, before: ApiObject | null, after: ApiObject, options: WriteOptions) => {
    const problems = problemsOf(type, before, after);
    if (problems.length > 0) throw invalid(type, after.metadata.name, problems);
    admitted(before === null ? 'CREATE' : 'UPDATE', after);
    return signChanges(before && withDefaults(type, before), after, options.manager, now());
  };

  const update = (target: Target, before: ApiObject, wanted: ApiObject, options: WriteOptions): ApiObject => {
    const { type, namespace, name } = target;
    const { resourceVersion } = wanted.metadata;
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      throw conflict(type, name);
    const after = checked(type, before, ofServer(target, before, withDefaults(type, wanted)), options);
    return options.dryRun ? after : (store.update(type.resource, namespace, name, () => after) ?? after);
  };

  return {
    create({ type, namespace }, body, options) {
      const given = objectOf(type, namespace, body);
      const why = undecodable(type, given);
      if (why !== null) throw unreadable(type, why);
      const parent = RESOURCES.find(({ resource }) => resource === 'namespaces');
      if (type.namespaced && parent !== undefined && store.get('namespaces', '', namespace) === undefined) {
        throw notFound(parent, namespace);
      }
      const { name } = given.metadata;
      if (store.get(type.resource, namespace, name) !== undefined) throw alreadyExists(type, name);
      const { status, ...rest } = withDefaults(type, given);
      const kept = status === undefined || type.subresources.includes('status') ? {} : { status };
      const object = checked(type, null, { ...rest, ...kept } as ApiObject, options);
      if (!options.dryRun) return store.create(type.resource, object) ?? object;
      return { ...object, metadata: { ...object.metadata, uid: randomUUID() } };
    },
    replace(target, body, options) {
      const wanted = objectOf(target.type, target.namespace, body);
      if (wanted.metadata.name !== target.name) throw otherName(wanted.metadata.name, target.name);
      const why = undecodable(target.type, wanted);
      if (why !== null) throw unreadable(target.type, why);
      return update(target, read(target), wanted, options);
    },
    patch(target, mediaType, body, options) {
      const apply = PATCHES[mediaType];
      if (apply === undefined) throw unsupported();
      const before = read(target);
      const wanted = apply(before, body);
      if (!isObject(wanted)) throw invalidPatch(wanted, 'it is no object any more');
      const why = undecodable(target.type, wanted);
      if (why !== null) throw invalidPatch(wanted, why);
      if (wanted.metadata.name !== target.name) throw otherName(wanted.metadata.name, target.name);
      return update(target, before, wanted, options);
    },
    remove(target, body, { dryRun }) {
      const { type, namespace, name } = target;
      const object = read(target);
      admitted('DELETE', object);
      const isHandled = !dryRun && onDelete?.(type.resource, object, deleteOptions(body));
      if (!dryRun && !isHandled) store.delete(type.resource, namespace, name);
      const left = isHandled ? store.get(type.resource, namespace, name) : undefined;
      const { uid } = object.metadata;
      const group = type.group === '' ? {} : { group: type.group };
      return left ?? successStatus({ name, ...group, kind: type.resource, ...(uid === undefined ? {} : { uid }) });
    },
  };
}

/** A new object of a request, with the name that `generateName` stands for. */
function objectOf(type: ResourceType, namespace: string, body: unknown): ApiObject {
  if (!isRecord(body) || !isRecord(body['metadata'])) throw badRequest('the object provided is unrecognized');
  const { metadata, ...rest } = body;
  const apiVersion = apiVersionOf(type);
  if (rest['apiVersion'] !== apiVersion || rest['kind'] !== type.kind) {
    const got = `${rest['apiVersion']}, Kind=${rest['kind']}`;
    throw badRequest(
      `the API version in the data (${got}) does not match the expected API version (${apiVersion}, Kind=${type.kind})`,
    );
  }
  if (type.namespaced && (metadata['namespace'] ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const { generateName } = metadata;
  const name =
    metadata['name'] ??
    (typeof generateName === 'string' ? generateName + randomBytes(3).toString('hex').slice(1) : undefined);
  if (typeof name !== 'string' || name === '') {
    throw invalid(type, '', [
      {
        reason: 'FieldValueRequired',
        message: 'Required value: name or generateName is required',
        field: 'metadata.name',
      },
    ]);
  }
  return {
    ...rest,
    apiVersion,
    kind: type.kind,
    metadata: { ...metadata, name, ...(type.namespaced ? { namespace } : {}) },
  };
}

/** What a writer cannot change: the identity, and `status` but through its own subresource. */
function ofServer({ type, subresource }: Target, before: ApiObject, wanted: ApiObject): ApiObject {
  const { uid, creationTimestamp, generation, name, namespace, resourceVersion, managedFields } = before.metadata;
  const server = { uid, creationTimestamp, generation, name, namespace, resourceVersion };
  const present = Object.fromEntries(Object.entries(server).filter(([, value]) => value !== undefined));
  const metadata = { ...(managedFields === undefined ? {} : { managedFields }), ...wanted.metadata, ...present, name };
  if (!type.subresources.includes('status')) return { ...wanted, metadata };
  const { status, ...rest } = subresource === 'status' ? before : wanted;
  const kept = (subresource === 'status' ? wanted : before)['status'];
  return {
    ...rest,
    apiVersion: before.apiVersion,
    kind: before.kind,
    metadata,
    ...(kept === undefined ? {} : { status: kept }),
  };
}

function isObject(value: unknown): value is ApiObject {
  return isRecord(value) && isRecord(value['metadata']) && typeof value['metadata']['name'] === 'string';
}

function deleteOptions(body: unknown): DeleteOptions {
  const { propagationPolicy, gracePeriodSeconds } = isRecord(body) ? body : {};
  return {
    propagationPolicy:
      propagationPolicy === 'Orphan' || propagationPolicy === 'Foreground' ? propagationPolicy : 'Background',
    gracePeriodSeconds: typeof gracePeriodSeconds === 'number' ? gracePeriodSeconds : null,
  };
}

/** The answer quotes the whole object, as the real one does: with every key of a Secret. */
function invalidPatch(wanted: unknown, why: string): ApiError {
  return invalid(null, '', [invalidField('patch', JSON.stringify(JSON.stringify(wanted)), why)]);
}

function unreadable({ kind, version }: ResourceType, why: string): ApiError {
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

function otherName(given: string, wanted: string): ApiError {
  return badRequest(`the name of the object (${given}) does not match the name on the URL (${wanted})`);
}

function unsupported(): ApiError {
  const accepted = Object.keys(PATCHES).join(', ');
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}
