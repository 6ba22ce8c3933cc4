import process from 'node:process';
import { fill, hostileTexts } from './pattern-texts.ts';
import { type Pattern, patternsBuiltBy } from './patterns.ts';

/** Every `step`th expression from the number `from` on: those given, and those that the modules build. */
export interface PatternWork {
  readonly patterns: readonly Pattern[];
  /** Addresses of modules. */
  readonly modules: readonly string[];
  readonly from: number;
  readonly step: number;
}

/** What is about to be tried, which time was not linear, and how many were tried in the end. */
export type PatternReport =
  | { readonly kind: 'trying'; readonly index: number; readonly what: string }
  | { readonly kind: 'slow'; readonly what: string }
  | { readonly kind: 'done'; readonly patterns: number; readonly texts: number };

const LENGTH = 200_000;
/** Whatever takes no longer for 200,000 characters is linear: their square takes seconds. */
const QUICK_MS = 100;
/** Twice the text takes twice the time; a square takes four times. */
const WORST_RATIO = 3;

/** One sign, and a few that begin what many expressions look for. */
const SIGNS = [...'a0 \n"\\/-.:@={$'];
const BEGINNINGS = ['a.', '-eyJ', 'a=', ' \n', '\r\n', 'a b ', 'http://a', '"a":'];

const {
  patterns: given,
  modules,
  from,
  step,
} = await new Promise<PatternWork>((resolve) => process.once('message', (work) => resolve(work as PatternWork)));
const built = await patternsBuiltBy(modules);
const all = [...new Map([...given, ...built].map((each) => [`/${each.source}/${each.flags}`, each])).values()];
const report = (message: PatternReport) => process.send?.(message);
const counts = { patterns: 0, texts: 0 };

for (let index = from; index < all.length; index += step) {
  const pattern = all[index];
  if (pattern === undefined) break;
  counts.patterns++;
  const texts = textsFor(pattern, LENGTH);
  for (const [number, text] of texts.entries()) {
    counts.texts++;
    const what = `${pattern.where} /${pattern.source.slice(0, 80)}/${pattern.flags} on ${JSON.stringify(text.slice(0, 24))}…`;
    report({ kind: 'trying', index, what });
    if (timeOf(pattern, text) < QUICK_MS) continue;
    const half = textsFor(pattern, LENGTH / 2)[number] ?? '';
    // The shortest of five, in turn: any one of them may hold a collection of garbage, and V8 compiles a pattern on its way.
    const pairs = [1, 2, 3, 4, 5].map(() => [timeOf(pattern, text), timeOf(pattern, half)] as const);
    const ms = Math.min(...pairs.map(([whole]) => whole));
    if (ms < QUICK_MS || ms < WORST_RATIO * Math.min(...pairs.map(([, part]) => part))) continue;
    report({ kind: 'slow', what: `${what}: ${Math.round(ms)} ms` });
    break;
  }
}
report({ kind: 'done', ...counts });

function textsFor({ source, flags }: Pattern, length: number): string[] {
  const own = hostileTexts(source, flags, length);
  // Without an unbounded repeat nothing can take longer.
  if (own.length === 0) return [];
  const common = [...SIGNS, ...BEGINNINGS].map((unit) => `${fill(unit, length)}\u0000`);
  return [...common, ...own];
}

function timeOf({ source, flags }: Pattern, text: string): number {
  const pattern = new RegExp(source, flags);
  // Of this process alone, so that a busy machine changes nothing.
  const start = process.cpuUsage();
  if (pattern.global) text.replace(pattern, '');
  else pattern.exec(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

process.disconnect();
