/** The words of compliance: what is held, how far an erasure is, how long mail is kept. */

/** What a legal hold covers. */
export const holdScopes = ["operator", "mailbox", "thread", "email", "address"] as const;

/** One of {@link holdScopes}. */
export type HoldScope = (typeof holdScopes)[number];

/**
 * Where an erasure stands: `held` waits for a legal hold to be released, `retained` for a period in which mail must be kept to end,
 * `settling` only for other nodes to forget the person's key.
 */
export const erasureStatuses = ["running", "held", "retained", "settling", "done"] as const;

/** One of {@link erasureStatuses}. */
export type ErasureStatus = (typeof erasureStatuses)[number];

/** Kinds of mail that are kept for times of their own. */
export const retainedKinds = ["outbound", "inbound", "spam"] as const;

/** One of {@link retainedKinds}. */
export type RetainedKind = (typeof retainedKinds)[number];

/** Days that mail of a kind must be kept, and after which it is erased; null: never by age. */
export type RetentionRule = { keep_days: number; delete_after_days: number | null };

/** A rule for each kind. */
export type RetentionRules = Record<RetainedKind, RetentionRule>;
