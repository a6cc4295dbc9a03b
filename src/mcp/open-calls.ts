/** Waiting calls that a client may cancel by a request of its own (revision 2025-11-25, which knows no other way over HTTP). */

/** The waiting calls of this process. */
export type OpenCalls = {
  /** Runs `work` with a signal that aborts with `signal`, or when the credential cancels the call by its id. */
  run<T>(call: Call, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /**
   * Aborts the call. Clients that share a key count their ids alike: where two calls could be meant, none is, since to
   * wait a little longer harms less than to end somebody else's waiting.
   */
  cancel(call: Call): void;
};

/** A call as its client knows it. */
export type Call = { credential_id: string; id: string | number };

/** Without calls. */
export function createOpenCalls(): OpenCalls {
  const open = new Map<string, Set<AbortController>>();
  // A number and the same number as a string are two ids.
  const keyOf = ({ credential_id, id }: Call): string => JSON.stringify([credential_id, id]);
  return {
    async run(call, signal, work) {
      const key = keyOf(call);
      const own = new AbortController();
      const calls = open.get(key) ?? new Set();
      open.set(key, calls.add(own));
      try {
        return await work(AbortSignal.any([signal, own.signal]));
      } finally {
        calls.delete(own);
        if (calls.size === 0) open.delete(key);
      }
    },
    cancel(call) {
      const [only, ...others] = open.get(keyOf(call)) ?? [];
      if (only !== undefined && others.length === 0) only.abort();
    },
  };
}
