/** Addresses that were suppressed a moment ago, so that copies which are handed off and not on the wire yet stay here. */

/** Kept for longer than any claim holds, in milliseconds; what is handed off later is checked in the database. */
const keptFor = 3_600_000;

/** Most that is remembered; the oldest go first. */
const most = 100_000;

/** What this process has suppressed of late. Remembering too much costs a copy one more hand-off, which decides. */
export type Recall = {
  /** Notes a suppression, also before it is committed. `mailbox_id` '' is all mailboxes of the operator. */
  note(operatorId: string, mailboxId: string, address: string): void;
  /** True where a copy for this address must not go to the wire without another hand-off. */
  holds(operatorId: string, mailboxId: string, address: string): boolean;
};

/** Makes an empty memory. */
export function createRecall(now: () => Date): Recall {
  const noted = new Map<string, number>();
  const keyOf = (operatorId: string, mailboxId: string, address: string): string =>
    `${operatorId} ${mailboxId} ${address.toLowerCase()}`;
  const has = (key: string): boolean => (noted.get(key) ?? -Infinity) > now().getTime() - keptFor;
  return {
    note(operatorId, mailboxId, address) {
      const key = keyOf(operatorId, mailboxId, address);
      noted.delete(key);
      noted.set(key, now().getTime());
      for (const oldest of noted.keys()) {
        if (noted.size <= most && has(oldest)) break;
        noted.delete(oldest);
      }
    },
    holds: (operatorId, mailboxId, address) =>
      noted.size > 0 &&
      (has(keyOf(operatorId, "", address)) || has(keyOf(operatorId, mailboxId, address))),
  };
}
