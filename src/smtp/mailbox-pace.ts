/** How much mail one mailbox takes in a minute, and how much of that from one source. */
import { sourceOf } from "./session-limits.ts";

/** Mailboxes remembered; the one counted longest ago goes first. */
const MAX_MAILBOXES = 20_000;
const MINUTE = 60_000;

interface Pace {
  readonly since: number;
  total: number;
  readonly sources: Map<string, number>;
}

/**
 * Counts messages that came whole, by mailbox. Under a flood from many sources the others' mail must still get through, so a
 * mailbox takes so many a minute; and no source may have more than half of them, so that none can keep the others out alone.
 */
export class MailboxPace {
  readonly #most: number;
  readonly #now: () => Date;
  readonly #paces = new Map<string, Pace>();

  /** `most`: messages a minute. */
  constructor(most: number, now: () => Date) {
    this.#most = most;
    this.#now = now;
  }

  /** Whether the mailbox behind an address takes another message of a source now. Counts nothing. */
  hasRoom(address: string, remote_address: string): boolean {
    const pace = this.#current(mailboxOf(address));
    if (pace === null) return this.#most > 0;
    const of_source = pace.sources.get(sourceOf(remote_address)) ?? 0;
    return pace.total < this.#most && of_source < Math.ceil(this.#most / 2);
  }

  /** Notes one message, which is one to each mailbox, under however many of its addresses it came. */
  count(addresses: readonly string[], remote_address: string): void {
    const source = sourceOf(remote_address);
    for (const mailbox of new Set(addresses.map(mailboxOf))) {
      const pace = this.#current(mailbox) ?? {
        since: this.#now().getTime(),
        total: 0,
        sources: new Map<string, number>(),
      };
      pace.total++;
      pace.sources.set(source, (pace.sources.get(source) ?? 0) + 1);
      this.#paces.delete(mailbox);
      this.#paces.set(mailbox, pace);
    }
    while (this.#paces.size > MAX_MAILBOXES) {
      const [oldest] = this.#paces.keys();
      if (oldest === undefined) return;
      this.#paces.delete(oldest);
    }
  }

  /** What was counted in the minute that is not over yet. */
  #current(mailbox: string): Pace | null {
    const pace = this.#paces.get(mailbox);
    return pace !== undefined && this.#now().getTime() - pace.since < MINUTE ? pace : null;
  }
}

/** The address in lower case without what stands behind a plus: all such forms are one mailbox (RFC 5233). */
function mailboxOf(address: string): string {
  return address.toLowerCase().replace(/\+[^@]*(?=@[^@]*$)/, "");
}
