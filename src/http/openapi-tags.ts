/** What each tag of the operations is about, for the OpenAPI description and the reference page. */

/** By tag. A tag that is missing here is a gap that a test tells of. */
const descriptions: Readonly<Record<string, string>> = {
  account: "The operator itself: who it is, and what it has set.",
  agent: "How an agent comes by an account of its own, with a person's help.",
  audit: "The append-only log: entries, proofs, checkpoints and tiles, for whoever checks.",
  authorization: "OAuth 2.1: clients, grants and tokens.",
  compliance: "What law and people ask for: unsubscribing, export, erasure, retention.",
  contacts: "Whom a mailbox writes with.",
  destinations: "The queue by receiving domain: paused, resumed, flushed, and why.",
  domains: "Domains to send from and receive for: their records, checks and keys.",
  drafts: "Messages that an agent has not handed in yet.",
  events: "What happened, as a log to read on from where one stopped, and as a stream.",
  grants: "What people have allowed to programs, listed and taken back.",
  identity: "Public keys and claims that outsiders verify mail with.",
  inbound: "Care for received mail: spam, quarantine, release.",
  instance: "The running server: its health and its description of itself.",
  keys: "API keys: made, narrowed, revoked.",
  mailboxes: "Mailboxes, their oversight modes and their settings.",
  messages: "Mail: sent, received, answered, read, scheduled, cancelled, proven.",
  oversight: "People decide: what waits, decisions, and the kill switch.",
  people: "Members with roles, invitations, sessions and passkeys.",
  policies: "Standing rules that tighten or open the gate.",
  signup: "Opening an account, where the instance lets strangers.",
  suppression: "Addresses that are not written to, and why.",
  threads: "Conversations, and who may answer in them.",
  usage: "What was used, by day and mailbox, and what is left.",
  webhooks: "Events posted to a URL: subscriptions, deliveries, replay.",
};

/** The sentence of a tag; null for a tag that nobody has described. */
export function tagDescription(tag: string): string | null {
  return descriptions[tag] ?? null;
}
