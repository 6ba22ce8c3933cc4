import { randomUUID } from 'node:crypto';

/** Any object of the Kubernetes API, as its JSON has it. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [member: string]: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Counts the changes of `spec`. */
  readonly generation?: number;
  /** RFC 3339, in whole seconds. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly unknown[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Plural, as in URLs: `pods`. */
  readonly resource: string;
  readonly object: ApiObject;
  /** What it was; null: it is new. */
  readonly before: ApiObject | null;
}

/**
 * The objects of the sandbox's cluster, by resource (`pods`), namespace and name. None is ever changed in place: what was read
 * stays as it was. The namespace of what belongs to none is ''.
 */
export class ObjectStore {
  readonly #objects = new Map<string, ApiObject>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #history: Change[] = [];
  readonly #now: () => Date;
  #version = 1000;

  /** @param now for `creationTimestamp` */
  constructor(now: () => Date) {
    this.#now = now;
  }

  /** The version of the newest change. */
  get version(): string {
    return String(this.#version);
  }

  get(resource: string, namespace: string, name: string): ApiObject | undefined {
    return this.#objects.get(keyOf(resource, namespace, name));
  }

  /** In the order in which they were created. @param namespace null: of all */
  list(resource: string, namespace: string | null = null): ApiObject[] {
    return [...this.#objects]
      .filter(
        ([key, { metadata }]) =>
          key.startsWith(`${resource}/`) && (namespace === null || (metadata.namespace ?? '') === namespace),
      )
      .map(([, object]) => object);
  }

  /** Gives it uid, version and creation time. @returns undefined where there is one of that name */
  create(resource: string, object: ApiObject): ApiObject | undefined {
    const { name, namespace = '' } = object.metadata;
    if (this.get(resource, namespace, name) !== undefined) return undefined;
    return this.#put('ADDED', resource, null, {
      ...object,
      metadata: {
        ...object.metadata,
        uid: randomUUID(),
        generation: 1,
        creationTimestamp: this.#now()
          .toISOString()
          .replace(/\.\d+Z$/, 'Z'),
      },
    });
  }

  /**
   * Replaces an object by what `change` makes of it. The generation goes up where `spec` is another one.
   *
   * @returns undefined where it is gone
   */
  update(
    resource: string,
    namespace: string,
    name: string,
    change: (object: ApiObject) => ApiObject,
  ): ApiObject | undefined {
    const before = this.get(resource, namespace, name);
    if (before === undefined) return undefined;
    const after = change(before);
    if (JSON.stringify(after) === JSON.stringify(before)) return before;
    const isOther = JSON.stringify(after['spec']) !== JSON.stringify(before['spec']);
    const generation = (before.metadata.generation ?? 1) + (isOther ? 1 : 0);
    return this.#put('MODIFIED', resource, before, { ...after, metadata: { ...after.metadata, generation } });
  }

  delete(resource: string, namespace: string, name: string): ApiObject | undefined {
    const object = this.get(resource, namespace, name);
    if (object === undefined) return undefined;
    this.#objects.delete(keyOf(resource, namespace, name));
    this.#tell({ type: 'DELETED', resource, object: this.#stamped(object), before: object });
    return object;
  }

  /** Hears every change from now on, until the returned function is called. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The changes after a version, oldest first; null: that is too long ago, or not a version. */
  since(version: string): readonly Change[] | null {
    const [oldest] = this.#history;
    const from = Number(version);
    if (!(from <= this.#version)) return null;
    if (oldest !== undefined && from < Number(oldest.object.metadata.resourceVersion) - 1) return null;
    return this.#history.filter(({ object }) => Number(object.metadata.resourceVersion) > from);
  }

  #put(type: 'ADDED' | 'MODIFIED', resource: string, before: ApiObject | null, object: ApiObject): ApiObject {
    const stamped = this.#stamped(object);
    this.#objects.set(keyOf(resource, stamped.metadata.namespace ?? '', stamped.metadata.name), stamped);
    this.#tell({ type, resource, object: stamped, before });
    return stamped;
  }

  #stamped(object: ApiObject): ApiObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #tell(change: Change): void {
    this.#history.push(change);
    if (this.#history.length > HISTORY) this.#history.splice(0, HISTORY / 2);
    for (const listener of [...this.#listeners]) listener(change);
  }
}

const HISTORY = 2_000;

function keyOf(resource: string, namespace: string, name: string): string {
  return `${resource}/${namespace}/${name}`;
}
