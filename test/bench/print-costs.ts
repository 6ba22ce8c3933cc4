import { type Cost, median } from './measure.ts';

/** A line for each contender, with how it compares to the one named `first`. */
export function printCosts(first: string, costs: Map<string, Cost[]>): void {
  const medians = (name: string) => {
    const all = costs.get(name) ?? [];
    const of = (what: keyof Cost) => median(all.map((cost) => cost[what]));
    return [of('wall') / 1_000, of('cpu') / 1_000, of('memory')] as const;
  };
  const base = medians(first);
  console.log(`${'wall'.padStart(14)}${'CPU'.padStart(16)}${'peak memory'.padStart(18)}   command`);
  for (const name of costs.keys()) {
    const cells = medians(name).map((value, index) => {
      const unit = index === 2 ? `${value.toFixed(0)} MB` : `${value.toFixed(2)} s`;
      return `${unit} ×${(value / (base[index] ?? 1)).toFixed(2)}`;
    });
    console.log(`${cells[0]?.padStart(14)}${cells[1]?.padStart(16)}${cells[2]?.padStart(18)}   ${name}`);
  }
}
