/** Micro-batching: callers hand in single items, one call serves as many as wait; nobody waits when idle. */

/** Options of a batcher. */
export type BatcherOptions<I, O> = {
  /**
   * Serves a batch; the results stand in the order of the items. If it throws, every item of the batch fails, unless
   * `retry_alone` says otherwise. Items share a batch only where `group` gives the same.
   */
  serve(items: I[]): Promise<(O | Error)[]>;
  /** What items must have in common to travel together, such as their operator. */
  group?(item: I): string;
  /**
   * True for an error that may be the fault of one item and left nothing behind: then each item is served alone,
   * so that one cannot fail the others. `serve` must be all or nothing for this.
   */
  retry_alone?(error: unknown): boolean;
  /** Largest batch. */
  max_items: number;
  /** Batches in flight at once. While all are busy, items gather. */
  max_in_flight: number;
  /** Weight of an item and largest weight of a batch, where items differ much in size. */
  weight?: { of(item: I): number; max: number };
};

type Waiting<I, O> = { item: I; resolve(value: O): void; reject(error: unknown): void };

/**
 * Returns a function that serves one item. The first item of an idle batcher goes at once (after the current
 * turn of the event loop, so that what arrived together travels together); under load batches grow by themselves.
 */
export function batcher<I, O>(options: BatcherOptions<I, O>): (item: I) => Promise<O> {
  const queue: Waiting<I, O>[] = [];
  let inFlight = 0;
  let woken = false;

  async function serve(batch: Waiting<I, O>[]): Promise<void> {
    try {
      const results = await options.serve(batch.map((waiting) => waiting.item));
      for (const [i, waiting] of batch.entries()) {
        const result = results[i];
        if (result instanceof Error) waiting.reject(result);
        else waiting.resolve(result as O);
      }
    } catch (error) {
      if (batch.length > 1 && options.retry_alone?.(error) === true)
        for (const waiting of batch) await serve([waiting]);
      else for (const waiting of batch) waiting.reject(error);
    }
  }

  async function run(batch: Waiting<I, O>[]): Promise<void> {
    await serve(batch);
    inFlight--;
    pump();
  }

  function pump(): void {
    while (queue.length > 0 && inFlight < options.max_in_flight) {
      inFlight++;
      void run(takeBatch(queue, options));
    }
  }

  return (item) =>
    new Promise<O>((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (woken) return;
      woken = true;
      setImmediate(() => {
        woken = false;
        pump();
      });
    });
}

/** Takes the next batch off the queue: one group, within the limits, in order. */
function takeBatch<I, O>(queue: Waiting<I, O>[], options: BatcherOptions<I, O>): Waiting<I, O>[] {
  const batch: Waiting<I, O>[] = [];
  const others: Waiting<I, O>[] = [];
  let weight = 0;
  let group: string | undefined;
  while (batch.length < options.max_items) {
    const next = queue.shift();
    if (!next) break;
    const own = options.weight?.of(next.item) ?? 0;
    const ownGroup = options.group?.(next.item);
    if (batch.length > 0 && ownGroup !== group) {
      others.push(next);
      continue;
    }
    if (batch.length > 0 && options.weight && weight + own > options.weight.max) {
      others.push(next);
      break;
    }
    group = ownGroup;
    weight += own;
    batch.push(next);
  }
  // Passed over, not overtaken: they stand in front again.
  queue.unshift(...others);
  return batch;
}
