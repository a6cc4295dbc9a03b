/** The loop that every worker runs: work until nothing is left, then sleep until woken or the polling floor. */

/** A running worker. */
export type Worker = {
  /** Says that there may be work; cheap, may be called at any time. */
  wake(): void;
  /** Lets the current round end and stops. */
  stop(): Promise<void>;
};

/** How a worker works. */
export type LoopOptions = {
  name: string;
  /** One round. Answers true when there may be more work at once. */
  round(): Promise<boolean>;
  /** Longest sleep in milliseconds: wakes are hints and may be lost. */
  poll_ms: number;
  log: { error(fields: object, message: string): void };
};

/** Starts a worker. A failing round is logged and tried again after a pause that grows to 5 seconds. */
export function startLoop(options: LoopOptions): Worker {
  let stopping = false;
  let woken = false;
  let wakeUp: (() => void) | null = null;
  let failures = 0;

  const sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, milliseconds);
      function done(): void {
        clearTimeout(timer);
        wakeUp = null;
        resolve();
      }
      wakeUp = done;
    });

  async function run(): Promise<void> {
    while (!stopping) {
      woken = false;
      try {
        const more = await options.round();
        failures = 0;
        if (more || woken || stopping) continue;
        await sleep(options.poll_ms);
      } catch (error) {
        failures++;
        options.log.error(
          { worker: options.name, error: error instanceof Error ? error.stack : String(error) },
          "a worker's round failed",
        );
        if (!stopping) await sleep(Math.min(5000, 250 * 2 ** failures));
      }
    }
  }

  const running = run();
  return {
    wake() {
      woken = true;
      // While rounds fail, wakes must not turn the pause into a busy loop.
      if (failures === 0) wakeUp?.();
    },
    async stop() {
      stopping = true;
      wakeUp?.();
      await running;
    },
  };
}
