/** How many messages may be under way to one destination: more after success, half after it pushes back (AIMD), and a bounded queue. */

export interface WindowLimits {
  /** Messages under way at first. */
  readonly initial: number;
  /** At most. */
  readonly max: number;
  /** Messages that may wait; one more is turned away at once. */
  readonly max_waiting: number;
  /** Milliseconds that one may wait. */
  readonly max_wait_ms: number;
}

/** What the destination made of a message, for the window: `neutral` says nothing about how much it can bear. */
export type WindowVerdict = "good" | "bad" | "neutral";

/** A place in the window. */
export interface Ticket {
  readonly round: number;
}

interface Waiter {
  readonly resolve: (ticket: Ticket | null) => void;
  readonly timer: NodeJS.Timeout;
}

/** The window of one destination; waiters are served in the order of asking. */
export class DestinationWindow {
  readonly #limits: WindowLimits;
  #size: number;
  #active = 0;
  /** Halvings so far. What was sent before the last one says nothing new. */
  #round = 0;
  readonly #waiting = new Set<Waiter>();

  constructor(limits: WindowLimits) {
    this.#limits = limits;
    this.#size = limits.initial;
  }

  /** Messages that may be under way now. */
  get size(): number {
    return Math.floor(this.#size);
  }

  get idle(): boolean {
    return this.#active === 0 && this.#waiting.size === 0;
  }

  /** A place, as soon as there is one; null when too many wait, or it took too long, or the window was closed. */
  enter(): Promise<Ticket | null> {
    if (this.#active < this.size && this.#waiting.size === 0) return Promise.resolve(this.#admit());
    if (this.#waiting.size >= this.#limits.max_waiting) return Promise.resolve(null);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        resolve,
        timer: setTimeout(() => {
          this.#waiting.delete(waiter);
          resolve(null);
        }, this.#limits.max_wait_ms),
      };
      this.#waiting.add(waiter);
    });
  }

  /** Gives the place back. */
  leave(ticket: Ticket, verdict: WindowVerdict): void {
    this.#active--;
    if (verdict === "bad") this.halve(ticket.round);
    else if (verdict === "good")
      this.#size = Math.min(this.#limits.max, this.#size + 1 / this.#size);
    while (this.#active < this.size) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      clearTimeout(next.timer);
      next.resolve(this.#admit());
    }
  }

  /** Half as much from now on, at least one; once for all that were sent in the same round. */
  halve(round: number): void {
    if (round !== this.#round) return;
    this.#round++;
    this.#size = Math.max(1, this.#size / 2);
  }

  /** Turns away all who wait. */
  close(): void {
    for (const { resolve, timer } of this.#waiting) {
      clearTimeout(timer);
      resolve(null);
    }
    this.#waiting.clear();
  }

  #admit(): Ticket {
    this.#active++;
    return { round: this.#round };
  }
}
