/** What MultiMail promises, sentence by sentence; tests carry these sentences as their titles. */

/** Enforced: `test/promises.test.ts` fails while one of these is the title of no test. */
export const promises = {
  "house.rooms": "A room imports only the rooms that ARCHITECTURE.md lets it import",
  "house.generated": "Generated files are what the generator writes today",
  "house.promises": "Every promise is the title of a test that runs",
  "decide.one-outcome": "Racing decisions on one message end in exactly one outcome",
  "send.kill-loses-nothing": "kill -9 loses no message that was answered with 202",
  "start.unknown-setting": "An unknown setting is refused by name",
  "start.port-taken": "A taken port ends the start with one line that says so",
  "start.folder-locked": "A data folder in use ends the start with one line that says so",
  "start.database-unreachable": "An unreachable database ends the start with one line that says so",
  "send.second-start": "A second start finds everything that the first one left",
  "start.printed-request":
    "An ordinary user without any right starts the server, and the printed request works as printed",
  "start.database-rights":
    "A database user that lacks a right ends the start with one line, and the statement in it mends that",
  "start.master-key":
    "A master key that does not fit the database ends the start with one line that says so",
  "nodes.one-operator":
    "Nodes that start at once on an empty database found one operator, and deliver each message once",
  "start.disk-full": "A full disk refuses new messages in one line and loses none",
  "relay.deferred":
    "A temporary refusal defers the message, with the relay's words and a next attempt by the schedule",
  "relay.bounced": "A permanent refusal bounces the recipient and is not tried again",
  "relay.mixed": "Each recipient has an outcome of their own, and only who is open is tried again",
  "relay.outcome-unknown":
    "A connection lost behind the final dot is a doubt that the receipt names, and the message is repeated with its Message-ID",
  "relay.certificate": "A relay with a wrong certificate gets neither password nor mail",
  "relay.connections": "A thousand messages go over few connections",
  "stop.graceful": "A stop under load ends in bounded time, loses nothing and sends nothing twice",
  "stop.relay-hangs":
    "A relay that hangs does not hold a stop, and its mail goes out after the next start",
  "stop.second-signal":
    "A second signal within a second is an echo, and a later one ends the server at once",
  "send.database-gone":
    "A database that dies is answered with 503, and comes back without hands and without loss",
  "send.database-hangs":
    "A database that hangs is answered with 503 in bounded time, and work goes on when it does",
  "decide.link-once": "A sign-in link works once",
  "send.message-id-fixed": "The Message-ID answered at submission is the one that arrives",
  "mail.delivered-passes-mailauth": "A delivered message passes mailauth, aligned with From",
  "mail.delivered-passes-dkimpy": "A delivered message passes dkimpy with both signatures",
  "mail.delivered-passes-opendkim": "A delivered message passes opendkim",
  "mail.bcc-unseen": "No recipient can learn from a message who was in Bcc",
  "mail.disclosure":
    "Every message says that it was written by an AI, in a header and in a signed claim",
  "mail.second-from": "A message with a second From fails verification",
  "mail.second-identity": "A message with a second identity header fails verification",
  "mail.added-reply-to": "A message with an added Reply-To fails verification",
  "mail.changed-body": "A message with a changed body fails verification",
  "mail.appended-body": "A message with an appended body fails verification",
  "mail.identity-plain-jose": "The identity header verifies with plain jose and the published keys",
  "mail.identity-names-oversight":
    "The identity header says who answers for the agent, under which oversight mode, and which class of approval it had",
  "mail.one-click-unsubscribe":
    "Every recipient gets an unsubscribe link of their own, in the header and in the footer",
  "notice.at-once": "Whoever may decide has a signed mail as soon as a message begins to wait",
  "notice.no-strangers": "Mail of the service cannot be used to write to strangers",
  "notice.restart": "A restart between what happened and its notice loses none and doubles none",
  "notice.reminder-escalation":
    "At half of its time those who were asked are reminded, at four fifths the others are asked",
  "notice.decided": "Once a message is decided nobody is told of it any more",
  "notice.quiet-hours":
    "What falls into quiet hours comes when they end, over midnight and over a change of the clock",
  "notice.hostile-text":
    "What a message says is quoted in its notice: it cannot pass for our words, add a header, or bring markup",
  "notice.chat-private": "A chat's webhook on a private address is refused before anything is sent",

  // Events and webhooks.
  "webhook.all-arrive":
    "Every event reaches each webhook at least once, in order in each thread where that was asked for, and nobody else",
  "webhook.private": "No webhook is called at an address that is not public, and the log says why",
  "webhook.test-key": "Of a test key no webhook is told: nothing of it reaches a socket",
  "events.none-missed":
    "A stream that goes on behind its last event misses nothing and repeats nothing",
  "signup.llms-txt":
    "Whoever knows /llms.txt and an oversight address gets from nothing to a pending message, which the person's approval sends",
  "signup.no-enumeration":
    "Signing up a known address is answered as a new one, and its owner is told instead of mailed a code",
  "signup.one-account": "A code confirmed twice at once makes one account",
  "signup.flood":
    "One address is mailed three times an hour and six times a day, in whatever case and known or not",
  "gate.exact-bytes": "What is handed to the wire is, byte for byte, what was approved",
  "gate.rejected": "A rejected message never reaches a socket",
  "gate.cancelled": "A cancelled message never reaches a socket",
  "gate.expired": "An expired message never reaches a socket",
  "gate.test-key": "A message of a test key ends in sandboxed and never reaches a socket",
  "decide.revise":
    "A revised message goes back to its agent with the note and cannot be sent as it was",
  "gate.suppressed": "A message to a suppressed recipient never reaches a socket",
  "gate.stopped": "While the operator is stopped no message reaches a socket",
  "evidence.offline": "The evidence of a message verifies offline, without the server",
  "passkey.offline":
    "An outsider with one file and pinned keys checks that this person's device approved exactly this message",
  "passkey.sent":
    "A message that a passkey approved leaves, and its evidence holds here and with another implementation",
  "passkey.browser":
    "In a browser a person enrols a passkey and approves what the page shows; the message leaves and one file proves it",
  "passkey.required": "Where a passkey is demanded, no other approval lets a message out",
  "passkey.once": "What a device signed decides once, and only what it was asked for",
  "passkey.directory-head":
    "Where the operator signs the approver directory with a key of their own, no approver counts whom that key does not vouch for",
  "evidence.tampering": "Each tampering with the evidence of a message makes its verification fail",
  "gate.database-refuses":
    "The database refuses a hand-off without approvals, whatever the application does",
  "decide.edit-voids": "An edit voids the approvals given before it",
  "policy.expired-never-lets-through":
    "A rule that has expired or was revoked lets nothing through",
  "policy.loosening-needs-person": "A rule that loosens is made by a person and ends",
  "gate.mode-checked-twice":
    "A mailbox that was lowered after submission does not let scheduled mail out ungated",
  "log.no-send-without-leaf":
    "No message is sent without its leaf: if the log cannot append, nothing is sent",
  "log.append-only": "Log rows refuse UPDATE and DELETE",
  "keys.send-xor-oversight": "A key can never hold both send and oversight",
  "tenant.row-level-security":
    "Row-level security walls each operator's rows off, whatever the query",
  "gate.mode-read-only": "A read_only mailbox refuses to send and says how to ask for an upgrade",
  "mcp.send-tools-absent": "In read_only the send tools are absent from the MCP list",
  "gate.mode-gated-send":
    "A gated_send mailbox holds a message unless every recipient in To, Cc and Bcc is on its allowlist",
  "gate.mode-monitored": "A monitored mailbox sends, with a copy to the oversight address",
  "gate.mode-autonomous": "An autonomous mailbox sends without asking",
  "gate.raise-needs-person": "A mode is raised only by a person",
  "gate.read-only-tools":
    "An agent whose mailboxes are all read_only sees no tool that sends, and the way to ask for more",
  "gate.upgrade-by-code":
    "A mode is raised by the code that a person was mailed for it, once, and by no other",
  "gate.sensitive-by-key":
    "A sensitive change that a key asks for happens only once a person has let that very call through",
  "gate.allowlist-needs-person": "An allowlist grows only by a person, and shrinks at once",
  "gate.kill-switch":
    "Once sending is stopped nothing begins to leave on any node, and once it goes on everything leaves, once",
  "gate.mode-unknown": "An unknown or unreadable mode counts as read_only",
  "gate.no-handoff-without-approval":
    "A message in a gated mailbox is never handed to the wire without the approvals its mode needs",
  "decide.self-approval": "Whoever composed or edited a message can never decide on it",
  "decide.stale-digest":
    "A decision on other content than the present is refused with stale_digest",
  "decide.distinct-people": "Approving twice by the same person counts once",
  "edit.needs-the-digest-seen":
    "An approver's edit names the digest it saw, and is refused when the message changed since",
  "link.scanners-never-decide":
    "Opening a decision link never decides, nor does a POST without the token of its page",
  "reply.forged-from-never-decides": "A forged From with the right code never decides",
  "race.approve-edit": "An approval and an edit that meet are never both taken",
  "decide.passkey-only": "Where a passkey is demanded, only approvals by passkey count",
  "keys.only-narrower": "A key can create only keys that are narrower than itself",
  "api.names-the-field": "Each wrong field gives a 400 that names it",
  "api.unknown-field": "An unknown field in a write is refused by name",
  "mail.header-injection": "No field of a message can add a header line",
  "mail.envelope-injection": "An address cannot add a command or a recipient to the SMTP dialogue",
  "api.foreign-mailbox": "An unknown mailbox and another operator's mailbox give the same 404",
  "api.body-too-large": "A 60 MB body is refused early, before it is read",
  "send.replay": "The same idempotency key with the same content replays the first answer",
  "send.conflict": "The same idempotency key with other content is refused with 409",
  "send.empty-key": "An empty idempotency key is refused with 400",
  "api.authorisation-matrix":
    "Every operation answers every kind of credential, own and foreign, as the authorisation matrix says",
  "mcp.only-callable": "The MCP list holds only the tools that the credential can really call",
  "keys.shown-once": "A key is shown once and stored only as a hash",

  "inbound.accepted-is-kept":
    "A message that was answered with 250 is in its mailbox, with what it says",
  "inbound.once":
    "The same message comes once, however often and by whichever way; another under its Message-ID comes, too",
  "inbound.no-relay":
    "An unknown recipient is told 550 5.1.1, and so is whoever would have us relay",
  "thread.reply-address":
    "An answer to the reply address of a message joins its thread, and a wrong token joins none",
  "thread.not-by-subject": "No message joins a thread by its subject alone",
  "send.schedule": "A scheduled message leaves at its time and not before",
  "gate.lowered-binds-scheduled":
    "A mailbox lowered while its mail is scheduled does not let it out ungated",
  "gate.edit-races": "When edits race with an approval, what leaves is what was approved",
  "gate.editor-never-decides": "Whoever edits a message becomes an author of it, and cannot decide",
  "search.tenant": "A search never sees another operator's mail",
  "gate.mode-gated-all": "A gated_all mailbox holds every message for a decision, inbound mail too",
  "inbound.kill-loses-nothing":
    "kill -9 of the server or of its database loses no mail that was answered with 250, and doubles none",
  "inbound.no-smuggling": "A false end of data ends in one message or none, never in a second one",
  "unsubscribe.four-ways":
    "Each of the four ways to unsubscribe stops every message that was not handed off before it",
  "suppression.hard-only":
    "Of all reports that come back only hard bounces and complaints suppress a recipient",
  "direct.mta-sts-enforced":
    "Under an enforced MTA-STS policy a bad certificate, or none, gets no mail, in the clear neither",
  "sign-in.says-nothing":
    "Whoever asks for a code or tries one does not learn whether the address is a member's",
  "sign-in.copied-token":
    "A session token that comes back after it was rotated away ends its session for everybody who holds one",
  "sign-in.passkey-once": "A passkey's answer signs in once",
  "oauth.code-once":
    "An OAuth code that comes twice ends the grant and its tokens, and the log says so once",
  "oauth.refresh-once": "A refresh token that comes twice ends everything that came of it",
  "oauth.never-both": "No program that people let in both writes mail and decides on it",
  "people.roles":
    "Owners change everybody, admins everybody but owners, and approvers, auditors and keys nobody",
  "people.role-matrix":
    "Every operation answers each role as its scopes say: auditors change nothing, approvers no settings",
  "people.last-owner": "Of owners who all leave at once one stays",
  "people.removal-ends-all":
    "With a member end their sessions, links, keys and the invitations they sent",
  "people.invitation-once": "Of many who accept one invitation at once exactly one gets in",
  "domains.one-prover": "Of two who can both prove a domain and verify at once, exactly one has it",
} as const;

/**
 * What later releases must prove: not enforced, so that the list can be written before the tests.
 * The first test that cites one moves it to `promises`; `test/promises.test.ts` insists on that.
 */
export const upcoming = {
  // Signatures and identity: what a recipient can check without us.

  // Decisions.
  "decide.class-stated":
    "The class of an approval stands in the log, in the evidence and in the identity header",
  "decide.link-get-only-shows": "Opening an approval link decides nothing; only its POST does",

  // Submission, storage, idempotency.
  "send.concurrent": "200 concurrent sends end in 200 messages, each with exactly one outcome",
  "send.cancel-until-wire":
    "Cancel works until the message is handed to the wire, and after that says 409",

  // The API.
  "api.www-authenticate": "A 401 carries WWW-Authenticate with the protected-resource metadata",
  "api.openapi-holds": "Every answer of the API has the shape that openapi.json gives it",

  // Keys.

  // The log and the evidence.
  "log.order": "The decision's leaf comes before the hand-off's leaf in the log",
  "log.consistent": "Each checkpoint is consistent with every earlier one",

  // Walls.

  // The instance.
} as const;

/** An id of {@link promises} or {@link upcoming}. */
export type PromiseId = keyof typeof promises | keyof typeof upcoming;

const sentences: Record<PromiseId, string> = { ...promises, ...upcoming };

/** The sentence of a promise, to be used as the title of the test that proves it. */
export function promise(id: PromiseId): string {
  return sentences[id];
}
