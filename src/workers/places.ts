/** Places of a delivery worker: how many messages, and bytes of them, each operator may have under way, so that none takes all. */

/** Most that is under way at once. */
export type PlaceLimits = { messages: number; bytes: number };

/** How many messages may be claimed next: of those who have some under way, and of everybody else. */
export type Shares = { held: Map<string, number>; others: number };

/** Bytes that an operator's next messages may have together, and that the first of them may have by itself. */
export type Room = { bytes: number; first: number };

type Held = { messages: number; bytes: number };

const none: Held = { messages: 0, bytes: 0 };

/**
 * An operator may hold as much as is left free for others: one alone gets half, a second one a third, and somebody who comes
 * later still finds a place. Nothing has to be known of who waits.
 */
export class Places {
  readonly #limits: PlaceLimits;
  readonly #held = new Map<string, Held>();
  readonly #total = { ...none };
  /** Bytes of a message that did not fit, by operator. */
  readonly #turned_away = new Map<string, number>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** Places that nobody holds. */
  get free(): number {
    return Math.max(0, this.#limits.messages - this.#total.messages);
  }

  /** One message is under way. */
  take(operatorId: string, bytes: number): void {
    this.#change(operatorId, 1, bytes);
  }

  /** It has landed. */
  leave(operatorId: string, bytes: number): void {
    this.#change(operatorId, -1, -bytes);
  }

  /** Says that a message of so many bytes was put back for lack of room: until there is room, none of the operator's is claimed. */
  turnedAway(operatorId: string, bytes: number | null): void {
    if (bytes === null) this.#turned_away.delete(operatorId);
    else this.#turned_away.set(operatorId, bytes);
  }

  /** How many messages the next claim may take of whom. */
  shares(): Shares {
    const held = new Map<string, number>();
    for (const [operatorId, { messages }] of this.#held)
      held.set(operatorId, Math.max(0, Math.floor((this.free - messages) / 2)));
    for (const [operatorId, bytes] of this.#turned_away)
      if (!this.#fits(operatorId, bytes)) held.set(operatorId, 0);
    return { held, others: Math.ceil(this.free / 2) };
  }

  /** How much the operator's next messages may weigh. Where nothing at all is under way, one may be of any size. */
  roomOf(operatorId: string): Room {
    const own = this.#held.get(operatorId) ?? none;
    const free = this.#limits.bytes - this.#total.bytes;
    const bytes = Math.max(0, (free - own.bytes) / 2);
    if (this.#total.messages === 0) return { bytes, first: Number.POSITIVE_INFINITY };
    // Who has nothing under way gets a large one through as soon as there is room for it.
    return { bytes, first: own.messages === 0 ? Math.max(0, free) : bytes };
  }

  #fits(operatorId: string, bytes: number): boolean {
    return bytes <= this.roomOf(operatorId).first;
  }

  #change(operatorId: string, messages: number, bytes: number): void {
    const own = this.#held.get(operatorId) ?? none;
    const now = { messages: own.messages + messages, bytes: own.bytes + bytes };
    if (now.messages === 0) this.#held.delete(operatorId);
    else this.#held.set(operatorId, now);
    this.#total.messages += messages;
    this.#total.bytes += bytes;
  }
}
