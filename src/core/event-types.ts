/** Types of events: their names, the spellings that existing clients use, and which of them a subscription means. */

/** Every event that subscribers are told of (product contract, section 10, and what else happens to mailboxes and operators). */
export const eventTypes = [
  "message.received",
  "message.held",
  "message.scheduled",
  "message.rescheduled",
  "message.edited",
  "message.queued",
  "message.sent",
  "message.delivered",
  "message.deferred",
  "message.bounced",
  "message.failed",
  "message.complained",
  "message.unsubscribed",
  "message.expired",
  "message.cancelled",
  "oversight.pending",
  "oversight.approved",
  "oversight.rejected",
  "oversight.revised",
  "oversight.reminder",
  "mailbox.mode_changed",
  "mailbox.paused",
  "domain.verified",
  "domain.failing",
  "suppression.added",
  "suppression.removed",
  "suppression.imported",
  "operator.stopped",
  "operator.resumed",
] as const;

/** Other spellings, by ours: each subscriber gets the one it asked for. */
const otherSpellings: Readonly<Record<string, string>> = {
  "message.received": "email.received",
  "oversight.pending": "email.pending_approval",
};

/** What a test of a webhook is called; nobody can subscribe to it, and it goes to the webhook that is tested. */
export const testEvent = "webhook.test";

const spellings = Object.entries(otherSpellings);
const ours = new Map(spellings.map(([type, other]) => [other, type]));

/** Every name that a subscription may hold: types in both spellings, `message.*` and the like, `*`. */
export const eventNames: ReadonlySet<string> = new Set([
  ...eventTypes,
  ...ours.keys(),
  ...[...eventTypes, ...ours.keys()].map((name) => `${name.split(".")[0]}.*`),
  "*",
]);

/** Our spelling of a type, whichever was given. */
export function ownSpelling(name: string): string {
  return ours.get(name) ?? name;
}

/**
 * How a subscription to `names` is told of an event: the type in the spelling of the first name that means it, or null where none
 * does. `email.*` means the types that are spelled so, and `*` all in our spelling.
 */
export function spellingFor(names: readonly string[], type: string): string | null {
  const other = otherSpellings[type];
  for (const name of names) {
    if (name === type || name === "*" || name === `${type.split(".")[0]}.*`) return type;
    if (other !== undefined && (name === other || name === "email.*")) return other;
  }
  return null;
}

/** The types, in our spelling, that a list of names means. */
export function typesOf(names: readonly string[]): string[] {
  return [...eventTypes, testEvent].filter((type) => spellingFor(names, type) !== null);
}
