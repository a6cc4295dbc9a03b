/** Mail that was taken in a moment ago, still in memory, so that opening it up need not read it back from the database. */

/** How long bytes are held, in milliseconds: what has not been opened by then waits for another node or for its turn. */
const maxAge = 30_000;

/** Holds bytes of mail between taking it in and opening it up. Losing one costs a read. */
export type FreshMail = {
  put(operatorId: string, id: string, raw: Buffer): void;
  /** How many bytes it has; null where it is not held. */
  size(operatorId: string, id: string): number | null;
  /** The bytes, held no longer; null where they were not. */
  take(operatorId: string, id: string): Buffer | null;
};

/** Holds at most so many bytes together; what is too much is not held. `now` in milliseconds. */
export function createFreshMail(maxBytes: number, now: () => number): FreshMail {
  const held = new Map<string, { raw: Buffer; until: number }>();
  let bytes = 0;
  const nameOf = (operatorId: string, id: string): string => `${operatorId}/${id}`;
  const drop = (name: string): Buffer | null => {
    const raw = held.get(name)?.raw ?? null;
    if (raw && held.delete(name)) bytes -= raw.length;
    return raw;
  };
  return {
    put(operatorId, id, raw) {
      const time = now();
      // In the order in which they came, so the oldest stand first.
      for (const [name, { until }] of held) {
        if (until > time) break;
        drop(name);
      }
      const name = nameOf(operatorId, id);
      drop(name);
      if (bytes + raw.length > maxBytes) return;
      held.set(name, { raw, until: time + maxAge });
      bytes += raw.length;
    },
    size: (operatorId, id) => held.get(nameOf(operatorId, id))?.raw.length ?? null,
    take: (operatorId, id) => drop(nameOf(operatorId, id)),
  };
}
