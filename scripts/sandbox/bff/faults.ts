import type { BffFaultName } from '../faults.ts';
import type { HealthReport } from './health.ts';
import type { Jwk, SigningKey } from './keys.ts';
import type { Log } from './log.ts';
import type { BffSettings } from './settings.ts';

/** Where a fault takes hold of the BFF, in the order of its life. */
export interface BffFault {
  /** Bends what the BFF believes of its environment. */
  readonly settings?: (settings: BffSettings) => BffSettings | Promise<BffSettings>;
  /** Before the first line. */
  readonly start?: (settings: BffSettings, log: Log) => void | Promise<void>;
  /** Another key to request tokens with. */
  readonly signingKey?: (key: SigningKey) => SigningKey;
  /** After the bootstrap, before it listens. */
  readonly booted?: (log: Log) => void | Promise<void>;
  /** What the JWKS endpoint serves. */
  readonly jwks?: (jwk: Jwk) => readonly Jwk[];
  /** What a health endpoint says, the `turn`th time it is asked. */
  readonly health?: (report: HealthReport, turn: number) => HealthReport;
  /** The BFF was found healthy for the first time. */
  readonly healthy?: (log: Log) => void;
}

export const BFF_FAULTS = {} as Record<BffFaultName, (number: number | null) => BffFault>;
