import type { LogLine } from './result.ts';

/**
 * The time of the newest line of a log that was read, and how many lines bear it: who reads on from that time gets all of those
 * again. Times are texts that sort.
 */
export class NewestLine {
  stamp = '';
  #counts = { stdout: 0, stderr: 0 };

  note(stamp: string, stream: LogLine['stream']): void {
    // Two streams may come by two pipes: an older line may come after a newer one of the other stream.
    if (stamp < this.stamp) return;
    if (stamp > this.stamp) {
      this.stamp = stamp;
      this.#counts = { stdout: 0, stderr: 0 };
    }
    this.#counts[stream] += 1;
  }

  /** Knows the lines that come again when the log is read from the newest line's time on; each is asked for once. */
  repeated(): { has(stamp: string, stream: LogLine['stream']): boolean } {
    const { stamp: newest } = this;
    const left = { ...this.#counts };
    return { has: (stamp, stream) => newest !== '' && stamp === newest && left[stream]-- > 0 };
  }
}
