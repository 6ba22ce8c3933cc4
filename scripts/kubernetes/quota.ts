import type { ResourceQuota } from 'kubernetes-types/core/v1.d.ts';

/** From this share on one more pod may be one too many. */
const NEARLY = 0.9;

/**
 * What of a quota a new pod may not fit into.
 *
 * @returns "pods: 19 of 20"; null: there is room
 */
export function nearlyUsedUp({ status }: ResourceQuota): string | null {
  const { hard = {}, used = {} } = status ?? {};
  const full = Object.entries(hard)
    .filter(([name]) => OF_PODS.test(name))
    .filter(([name, limit]) => toNumber(used[name] ?? '0') >= toNumber(limit) * NEARLY)
    .map(([name, limit]) => `${name}: ${used[name] ?? '0'} of ${limit}`);
  return full.length === 0 ? null : full.join(', ');
}

const OF_PODS = /^(?:pods|count\/pods|cpu|memory|(?:requests|limits)\.(?:cpu|memory|ephemeral-storage))$/;

const UNITS: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity such as `1500m`, `2`, `4Gi` or `1e3`; NaN for any other text. */
function toNumber(quantity: string): number {
  const [, number = '', unit = ''] = /^([\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]{0,2})$/.exec(quantity) ?? [];
  return number === '' ? Number.NaN : Number(number) * (UNITS[unit] ?? Number.NaN);
}
