/** @jsxRuntime automatic @jsxImportSource preact */
import type { Hint } from '../core/errors.ts';
import type { Run, TokenFacts } from '../core/result.ts';
import { toVisible } from '../core/visible.ts';
import { compress } from '../secrets/compressed.ts';
import type { Masker } from '../secrets/masker.ts';
import { placeInHistory } from './folder.ts';
import { Changes } from './html/changes.tsx';
import { ComparisonSection } from './html/comparison.tsx';
import { DiagnosisSection } from './html/diagnosis-card.tsx';
import { Failures } from './html/failures.tsx';
import { Hero } from './html/hero.tsx';
import { Log } from './html/log-excerpt.tsx';
import { renderPage } from './html/page.tsx';
import { Entry, hintWords, marked, Section, Time } from './html/parts.tsx';
import { Cluster, Pods } from './html/pods.tsx';
import { Requests } from './html/requests.tsx';
import { SCRIPT } from './html/script.ts';
import { STYLE } from './html/style.ts';
import { Timeline } from './html/timeline.tsx';
import { maskRun } from './masked.ts';
import { nextSteps } from './outline.ts';
import { cut, formatCount, formatUtc, toLine } from './text.ts';
import { toView, type View } from './view.ts';
import { isPlan, toneOf, verdictWord } from './words.ts';

/**
 * The report page of one run: one self-contained HTML file.
 *
 * @param folder the name of the folder that it is in, beside those of other runs; null: it is elsewhere, and leads to no other file
 * @throws AppError `leak` where what the page would hold compressed has a secret in it
 */
export function renderHtml(run: Run, masker: Masker, folder: string | null = null): string {
  const shown = maskRun(run, masker, toVisible);
  return renderPage({
    title: titleOf(shown),
    tone: toneOf(shown.verdict),
    style: STYLE,
    script: SCRIPT,
    children: <Report view={toView(shown, (text) => compress(text, masker))} folder={folder} />,
  });
}

function titleOf(run: Run): string {
  const word = verdictWord(run, run.token !== null);
  const time = formatUtc(run.startedAt);
  const { title, name } = run.collection ?? { title: null, name: '' };
  const short = (text: string) => cut(toLine(text), 200);
  return title === null ? `${word}: ${short(name) || run.command}, ${time}` : `${short(title)}: ${word}, ${time}`;
}

/** In the order in which a reader asks: did it work, what now, where did the time go, why. */
function Report({ view, folder }: { readonly view: View; readonly folder: string | null }) {
  const { run } = view;
  const isPlanned = isPlan(run);
  const { kubernetes } = run;
  const changes = run.compose && <Changes change={run.compose} kubernetes={kubernetes ?? null} isPlan={isPlanned} />;
  const diagnosis = run.diagnosis && <DiagnosisSection diagnosis={run.diagnosis} />;
  const warnings = run.warnings.map((text) => ({ text }));
  return (
    <main>
      <Hero {...view} />
      <Contents view={view} folder={folder} />
      <Notice title="What to do next" kind="next" items={nextSteps(run)} />
      <Notice title={warnings.length === 1 ? 'Warning' : 'Warnings'} kind="warnings" items={warnings} />
      <ComparisonSection {...view} />
      <Failures {...view} />
      {run.verdict !== 'healthy' && diagnosis}
      {kubernetes && <Pods kubernetes={kubernetes} />}
      {kubernetes?.role && <Cluster kubernetes={kubernetes} />}
      {isPlanned && changes}
      <Timeline run={run} />
      {run.verdict === 'healthy' && diagnosis}
      <Log lines={run.log} />
      {!isPlanned && changes}
      <Requests view={view} />
      {kubernetes && !kubernetes.role && <Cluster kubernetes={kubernetes} />}
      <Facts run={run} />
      <footer>
        {folder !== null && <Beside folder={folder} />}
        <p>
          <i class="mask">‹…›</i> is shown in the place of a secret.
        </p>
      </footer>
    </main>
  );
}

/** What is in its folder, and the other runs. A page is also sent alone, and then it says so. */
function Beside({ folder }: { readonly folder: string }) {
  return (
    <p>
      Beside this page: <a href="junit.xml">junit.xml</a>, <a href="result.json">result.json</a>,{' '}
      <a href={`../index.html#${placeInHistory(folder)}`}>this run beside the one before</a>,{' '}
      <a href="../index.html">all runs</a>. They are not there where the page was sent alone.
    </p>
  );
}

/** Links to the parts of the page, and to the other runs. */
function Contents({ view: { run, failures }, folder }: { readonly view: View; readonly folder: string | null }) {
  const parts = [
    run.comparison && ['#comparison', 'Comparison'],
    failures.length > 0 && ['#failures', 'Failures'],
    run.diagnosis && ['#diagnosis', 'Diagnosis'],
    (run.kubernetes?.pods.length ?? 0) > 0 && ['#pods', 'Pods'],
    run.steps.length > 0 && ['#timeline', 'Timeline'],
    run.log.length > 0 && ['#log', 'Log'],
    run.compose && ['#changes', 'Changes'],
    ['#requests', 'Requests'],
    run.kubernetes && ['#cluster', 'Cluster'],
    ['#facts', 'Environment'],
    folder !== null && ['../index.html', 'All runs'],
  ].filter((part) => Array.isArray(part));
  return (
    <nav class="contents" aria-label="On this page">
      <ul>
        {parts.map(([href, word]) => (
          <li>
            <a href={href}>{word}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface NoticeProps {
  readonly title: string;
  readonly kind: 'next' | 'warnings';
  readonly items: readonly Hint[];
}

function Notice({ title, kind, items }: NoticeProps) {
  if (items.length === 0) return null;
  return (
    <Section id={kind} title={title} class={`card ${kind}`}>
      <ul class={items.length > 1 ? 'several' : undefined}>
        {items.map((item) => (
          <li>{hintWords(item)}</li>
        ))}
      </ul>
    </Section>
  );
}

/** Where it ran and with what; of the token only what may be shown. */
function Facts({ run }: { readonly run: Run }) {
  return (
    <Section id="facts" title="Environment">
      <dl class="facts">
        {run.token && tokenEntry(run.token)}
        {run.facts.map(([name, value]) => (
          <Entry term={cut(name, 100)}>{marked(value, 1000)}</Entry>
        ))}
        <Entry term="Written by">bff-iat {run.version}</Entry>
      </dl>
    </Section>
  );
}

function tokenEntry({ handle, expiresAt, maxUsages }: TokenFacts) {
  return (
    <Entry term="Initial Access Token">
      <code>{handle}</code>
      <br />
      {expiresAt ? ['expires ', <Time at={expiresAt} />] : 'the IdP did not say when it expires'}
      {maxUsages !== null && `, good for ${formatCount(maxUsages, 'use')}`}
    </Entry>
  );
}
