/** @jsxRuntime automatic @jsxImportSource preact */
import type { InstanceFacts, KubernetesFacts } from '../../core/result.ts';
import { clusterInWords, groupPods, type PodGroups, podsInWords, problemOf } from '../pods.ts';
import { formatCount, formatNumber, head } from '../text.ts';
import { CodeBlock, Entry, marked, Section, StatusMark, sentence } from './parts.tsx';

/** How each pod stands: those that are not well first, and many others folded. */
export function Pods({ kubernetes }: { readonly kubernetes: KubernetesFacts }) {
  const { pods } = kubernetes;
  if (pods.length === 0) return null;
  const groups = groupPods(pods);
  const others = [...groups.well, ...groups.old];
  const isLong = pods.length > MANY && groups.notWell.length < pods.length;
  const hasNew = pods.some(({ isNew }) => isNew);
  const first = isLong ? groups.notWell : [...groups.notWell, ...others];
  return (
    <Section id="pods" title="Pods">
      <p>{podsInWords(groups)}.</p>
      {first.length > 0 && (
        <Table pods={first} caption={isLong ? 'Pods that are not well' : 'Pods'} hasNew={hasNew} groups={groups} />
      )}
      {isLong && (
        <details class="earlier">
          <summary>{formatCount(others.length, first.length === 0 ? 'pod' : 'other pod')}</summary>
          <Table pods={others} caption="Other pods" hasNew={hasNew} groups={groups} />
        </details>
      )}
    </Section>
  );
}

/** More than these are folded where they are well. */
const MANY = 12;

function Table(props: {
  readonly pods: readonly InstanceFacts[];
  readonly caption: string;
  /** The run has made pods, so that each is new or old. */
  readonly hasNew: boolean;
  readonly groups: PodGroups;
}) {
  const { pods, caption, hasNew, groups } = props;
  return (
    <table class="pods">
      <caption class="sr-only">{caption}</caption>
      <thead>
        <tr>
          {COLUMNS.map((name) => (
            <th scope="col">{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {pods.map((pod) => (
          <Row pod={pod} age={hasNew ? (pod.isNew ? 'new' : 'old') : ''} groups={groups} />
        ))}
      </tbody>
    </table>
  );
}

const COLUMNS = ['Pod', 'State', 'Restarts', 'Exit code', 'Registered', 'Healthy', 'Key', 'Problem'];

function Row(props: { readonly pod: InstanceFacts; readonly age: string; readonly groups: PodGroups }) {
  const { pod, age, groups } = props;
  const { name, state, restarts, exitCode, registered, healthy, key } = pod;
  return (
    <tr>
      <th scope="row">
        <code>{marked(name, 253)}</code>
        {age !== '' && <small> {age}</small>}
      </th>
      <td data-label="State" class="state">
        {marked(state, 200)}
      </td>
      <td data-label="Restarts" class="number">
        {formatNumber(restarts)}
      </td>
      <td data-label="Exit code" class="number">
        {exitCode ?? '–'}
      </td>
      <td data-label="Registered">{answer(registered)}</td>
      <td data-label="Healthy">{answer(healthy)}</td>
      <td data-label="Key" class="key">
        {key === null ? '–' : <code>{head(key, SHOWN_OF_KEY)}</code>}
      </td>
      <td data-label="Problem" class="problem">
        {sentence(problemOf(pod, groups)) || '–'}
      </td>
    </tr>
  );
}

/** Enough to see that two differ; the result has all of it. */
const SHOWN_OF_KEY = 8;

function answer(value: boolean | null) {
  if (value === null) return <StatusMark status="skipped" word="Not known" />;
  return <StatusMark status={value ? 'passed' : 'failed'} word={value ? 'Yes' : 'No'} />;
}

/** Where on which cluster it was, whose objects these are, and the rights that are missing. */
export function Cluster({ kubernetes }: { readonly kubernetes: KubernetesFacts }) {
  const { role } = kubernetes;
  return (
    <Section id="cluster" title="Cluster">
      <dl class="facts">
        {clusterInWords(kubernetes).map(([name, text]) => (
          <Entry term={name}>{sentence(text)}</Entry>
        ))}
      </dl>
      {role !== null && (
        <>
          <h3 class="role">A Role that grants the missing rights</h3>
          <CodeBlock label="Role" text={role} limit={LONGEST_ROLE} />
        </>
      )}
    </Section>
  );
}

const LONGEST_ROLE = 10_000;
