import { type NewmanWorker, startNewmanWorker } from '../../scripts/postman/newman-worker.ts';

/** Those that wait for the next run of this test process. */
const resting: NewmanWorker[] = [];

/**
 * As `startNewmanWorker`, but with a worker that an earlier run has left in peace, where there is one: to start one takes a third
 * of a second of the processor. One that was cut off, or whose run was limited to some hosts, ends as it does in the product.
 */
export function startSharedWorker(env: Readonly<Record<string, string>>): NewmanWorker {
  let worker = resting.pop();
  while (worker?.isAlive === false) worker = resting.pop();
  return share(worker ?? startNewmanWorker(env));
}

function share(worker: NewmanWorker): NewmanWorker {
  let isHeld = true;
  let isClean = true;
  return {
    get isAlive() {
      return isHeld && worker.isAlive;
    },
    start(order, listener) {
      isClean = false;
      worker.start(order, {
        ...listener,
        report(report) {
          isClean = report.kind === 'end' && order.origins === null;
          listener.report(report);
        },
      });
    },
    rest: () => worker.rest(),
    async end() {
      if (isHeld && isClean) resting.push(worker);
      else await worker.end();
      isHeld = false;
    },
  };
}
