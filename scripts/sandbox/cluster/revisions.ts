import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { ControllerTools } from './controller-tools.ts';
import { templateHash } from './deployment-controller.ts';
import { createIn, isOwnedBy, listOf, ownerReference } from './typed-store.ts';

/** The name of the ControllerRevision that keeps a template of a StatefulSet or DaemonSet; it is made where it is missing. */
export function revisionOf(
  { store }: ControllerTools,
  owner: { readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string } },
  kind: 'StatefulSet' | 'DaemonSet',
  template: PodTemplateSpec,
): string {
  const { name, namespace, uid } = owner.metadata;
  const revision = `${name}-${templateHash(template)}`;
  const all = listOf(store, 'controllerrevisions', namespace).filter((each) => isOwnedBy(each, uid));
  createIn(store, 'controllerrevisions', {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: revision, namespace, ownerReferences: [ownerReference(kind, owner)] },
    data: { spec: { template } },
    revision: Math.max(0, ...all.map((each) => each.revision)) + 1,
  });
  return revision;
}
