/** What several readers wait for, again and again: that something has changed. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  /** Everybody who waits now goes on. */
  tell(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves with the next change; rejects with the signal's reason. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', stop);
      };
      const wake = () => {
        leave();
        resolve();
      };
      const stop = () => {
        leave();
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.add(wake);
    });
  }
}
