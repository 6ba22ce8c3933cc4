/** One row of `npm run bench`: measures and prints its lines; throws when something could not be measured. */
export type Row = (options: RowOptions) => Promise<void>;

export interface RowOptions {
  /** How many runs count; null: as many as the row thinks enough. */
  readonly rounds: number | null;
  /** Further commands to measure beside the project's own, such as `node --import tsx scripts/iat.ts`. */
  readonly also: readonly string[];
}
