/** The story that a message's log entries tell: typed reading of what was hashed, and whether it hangs together. */
import {
  type DecisionClass,
  type Mode,
  type Status,
  decisionClasses,
  modes,
  statuses,
} from "../core/oversight/types.ts";
import type { ReadBundle, ReadEntry } from "./bundle-parse.ts";
import { CheckFailure, refuse } from "./bundle-report.ts";
import type { Outcome } from "./bundle-report.ts";
import {
  decodeArray,
  decodeChoice,
  decodeObject,
  decodeString,
  FormatError,
  isObject,
} from "./encoding.ts";
import type { EntryActor } from "./entry.ts";
import { decisions } from "./statement.ts";
import type { ContentCommitments, Decision } from "./statement.ts";

/** Entries that tell of an erasure: `data.erased` lists leaves by index with the fields whose openings are gone. */
export const erasureType = "erasure";

/** The content of a message at one moment, as it was hashed: written, submitted, edited, or submitted again. */
export type Written = {
  entry: ReadEntry;
  author: EntryActor;
  /** Whose key or account it was: two keys of one person are one principal. */
  principal: string;
  digest: string;
  message_id: string;
  mode: Mode;
  status: Status;
  test: boolean;
  gated: boolean;
  required: number;
  /** Whether only approvals by passkey count; entries of releases that knew no passkeys do not say. */
  passkey: boolean;
  size: number;
  /** Null for a draft that has no recipients to seal its text for. */
  content: ContentCommitments | null;
};

/** What was asked for in the end: the last content, in the name of who wrote the message first. */
export type Submitted = Written & { content: ContentCommitments };

/** One decision, as it was hashed. */
export type Decided = {
  entry: ReadEntry;
  digest: string;
  decision: Decision;
  class: DecisionClass;
  approver: EntryActor;
  principal: string;
  statement: string;
  content: ContentCommitments;
};

/** One permission to send. */
export type HandedOff = {
  entry: ReadEntry;
  attempt: number;
  digest: string;
  mode: string;
  recipients: number[];
  approvals: string[];
};

/** What one attempt came to, for one recipient. */
export type AttemptOutcome = {
  recipient: number;
  status: string;
  outcome: unknown;
  host: unknown;
  code: unknown;
  enhanced_status_code: unknown;
  /** Hex SHA-256 of the whole receipt. */
  receipt: string;
};

/** What one attempt came to. */
export type Attempted = {
  entry: ReadEntry;
  attempt: number;
  status: string;
  results: AttemptOutcome[];
};

/** One entry, read. Entries that need no reading are `other`. */
export type StoryStep =
  | ({ kind: "written" } & Written)
  | ({ kind: "decided" } & Decided)
  | ({ kind: "handed_off" } & HandedOff)
  | ({ kind: "attempted" } & Attempted)
  | { kind: "other"; entry: ReadEntry };

/**
 * What was submitted and what came of it, in the order of the log. `written` are all contents, the first in front; `steps` has
 * everything but that first one.
 */
export type Story = { submitted: Submitted; written: [Written, ...Written[]]; steps: StoryStep[] };

/** Entries that carry the message's content. After each, only decisions on that content count. */
const contentTypes: ReadonlySet<string> = new Set([
  "message.drafted",
  "message.submitted",
  "message.edited",
  "message.resubmitted",
]);

const hexDigest = /^[0-9a-f]{64}$/;

/** Most recipients and approvals that an entry lists. */
const maxListed = 1000;

/** Reads the story; throws FormatError or CheckFailure where an entry does not say what it must. */
export function readStory(entries: readonly ReadEntry[]): Story {
  const submissions = entries.filter(({ entry }) => entry.type === "message.submitted");
  if (submissions.length !== 1)
    throw new CheckFailure(`${submissions.length} submissions in place of one`);
  const [first, ...more] = entries
    .filter(({ entry }) => contentTypes.has(entry.type))
    .map((entry) => readWritten(entry));
  if (first === undefined) throw new CheckFailure("no entry has the message's content");
  const last = more.at(-1) ?? first;
  if (last.content === null) throw new CheckFailure("the last content is committed to nowhere");
  return {
    submitted: { ...last, author: first.author, content: last.content },
    written: [first, ...more],
    steps: entries.filter((entry) => entry !== first.entry).map(readStep),
  };
}

/** The content that stood when an entry was written. */
export function contentAt({ written }: Story, entry: ReadEntry): Written {
  return written.findLast((one) => one.entry.place < entry.place) ?? written[0];
}

/** True for an entry about the content that stands in the end; what came before an edit is history. */
export function isOfLastContent({ submitted }: Story, entry: ReadEntry): boolean {
  return entry.place >= submitted.entry.place;
}

/** Entries of one kind. */
export function stepsOf<K extends StoryStep["kind"]>(
  story: Story,
  kind: K,
): Extract<StoryStep, { kind: K }>[] {
  return story.steps.filter((step): step is Extract<StoryStep, { kind: K }> => step.kind === kind);
}

function readStep(entry: ReadEntry): StoryStep {
  if (contentTypes.has(entry.entry.type)) return { kind: "written", ...readWritten(entry) };
  switch (entry.entry.type) {
    case "message.decided":
      return { kind: "decided", ...readDecided(entry) };
    case "message.handed_off":
      return { kind: "handed_off", ...readHandedOff(entry) };
    case "message.attempted":
      return { kind: "attempted", ...readAttempted(entry) };
    default:
      return { kind: "other", entry };
  }
}

function readWritten(entry: ReadEntry): Written {
  const { data } = entry.entry;
  return {
    entry,
    author: entry.entry.actor,
    principal: readPrincipal(data["author"], entry.entry.actor, "submitted.author"),
    digest: decodeString(data["digest"], "submitted.digest", hexDigest),
    message_id: decodeString(data["message_id"], "submitted.message_id"),
    mode: decodeChoice(data["mode"], "submitted.mode", modes),
    status: decodeChoice(data["status"], "submitted.status", statuses),
    test: truth(data["test"], "submitted.test"),
    gated: truth(data["gated"], "submitted.gated"),
    required: count(data["approvals_required"], "submitted.approvals_required", 1),
    passkey:
      data["passkey_required"] !== undefined &&
      truth(data["passkey_required"], "submitted.passkey_required"),
    size: count(data["size"], "submitted.size"),
    content:
      data["content"] === undefined && data["status"] === "draft"
        ? null
        : readContent(data["content"], "submitted.content"),
  };
}

/** The principal that an entry names beside its actor, else the actor's own; a key without a person is its own principal. */
function readPrincipal(value: unknown, { kind, id }: EntryActor, what: string): string {
  const own = `${kind === "api_key" ? "key" : kind}:${id}`;
  if (value === undefined) return own;
  const named = decodeString(value, what, /^(?:person|key):\S{1,100}$/);
  if (named !== own && (kind === "person" || named.startsWith("key:")))
    throw new FormatError(`${what}: not the principal of the one who acted`);
  return named;
}

function readDecided(entry: ReadEntry): Decided {
  const { data, actor, approval } = entry.entry;
  const [link] = approval ?? [];
  if (link === undefined || approval?.length !== 1)
    throw new FormatError("decided: not exactly one link of approval");
  const decided: Decided = {
    entry,
    digest: decodeString(data["digest"], "decided.digest", hexDigest),
    decision: decodeChoice(data["decision"], "decided.decision", decisions),
    class: decodeChoice(data["class"], "decided.class", decisionClasses),
    approver: actor,
    principal: readPrincipal(data["principal"], actor, "decided.principal"),
    statement: decodeString(data["statement"], "decided.statement", hexDigest),
    content: readContent(data["content"], "decided.content"),
  };
  const same =
    link.decision === decided.decision &&
    link.class === decided.class &&
    link.statement === decided.statement &&
    link.approver.kind === actor.kind &&
    link.approver.id === actor.id;
  if (!same) throw new FormatError("decided: its link of approval says something else");
  return decided;
}

function readHandedOff(entry: ReadEntry): HandedOff {
  const { data } = entry.entry;
  return {
    entry,
    attempt: count(data["attempt"], "handed_off.attempt", 1),
    digest: decodeString(data["digest"], "handed_off.digest", hexDigest),
    mode: decodeString(data["mode"], "handed_off.mode"),
    recipients: decodeArray(data["recipients"], "handed_off.recipients", maxListed, count),
    approvals: decodeArray(data["approvals"], "handed_off.approvals", maxListed, (leaf, what) =>
      decodeString(leaf, what, hexDigest),
    ),
  };
}

function readAttempted(entry: ReadEntry): Attempted {
  const { data } = entry.entry;
  return {
    entry,
    attempt: count(data["attempt"], "attempted.attempt", 1),
    status: decodeString(data["status"], "attempted.status"),
    results: decodeArray(data["results"], "attempted.results", maxListed, (value, what) => {
      if (!isObject(value)) throw new FormatError(`${what}: not an object`);
      return {
        recipient: count(value["recipient"], `${what}.recipient`),
        status: decodeString(value["status"], `${what}.status`),
        outcome: value["outcome"],
        host: value["host"],
        code: value["code"],
        enhanced_status_code: value["enhanced_status_code"],
        receipt: decodeString(value["receipt"], `${what}.receipt`, hexDigest),
      };
    }),
  };
}

/** The commitments of an entry's content; throws FormatError. */
export function readContent(value: unknown, what: string): ContentCommitments {
  const content = decodeObject(value, what, ["to", "subject", "body", "attachments"]);
  const hex = (one: unknown, where: string): string => decodeString(one, where, hexDigest);
  return {
    to: decodeArray(content["to"], `${what}.to`, maxListed, hex),
    subject: hex(content["subject"], `${what}.subject`),
    body: hex(content["body"], `${what}.body`),
    attachments: decodeArray(content["attachments"], `${what}.attachments`, maxListed, hex),
  };
}

function truth(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new FormatError(`${what}: not true or false`);
  return value;
}

function count(value: unknown, what: string, least: number | string = 0): number {
  const floor = typeof least === "number" ? least : 0;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < floor)
    throw new FormatError(`${what}: not a whole number from ${floor}`);
  return value;
}

/** Every entry speaks of this message, in its mailbox and thread. */
export function checkEntries({ email, entries }: ReadBundle): Outcome {
  refuse(
    entries
      .filter(({ entry }) => entry.type !== erasureType)
      .filter(
        ({ entry }) =>
          entry.resource !== email.id ||
          entry.mailbox !== email.mailbox_id ||
          entry.thread !== email.thread_id,
      )
      .map(({ id }) => `entry ${id} speaks of another message`),
  );
  return `${entries.length} entries speak of this message, one is its submission`;
}

/** What an entry says that the gate asks for from then on; 1 and no passkey where it says nothing. */
export function demandsOf({ entry }: ReadEntry): { required: number; passkey: boolean } {
  const { approvals_required: required, passkey_required: passkey } = entry.data;
  return {
    required: required === undefined ? 1 : count(required, `${entry.type}.approvals_required`, 1),
    passkey: passkey !== undefined && truth(passkey, `${entry.type}.passkey_required`),
  };
}

/** What the bundle says beside the log agrees with what was hashed. A held message counts as gated from then on. */
export function checkSubmission({ email }: ReadBundle, story: Story): Outcome {
  const { submitted } = story;
  const held = stepsOf(story, "other").some(
    ({ entry }) => entry.entry.type === "message.held" && isOfLastContent(story, entry),
  );
  const required = Math.max(
    submitted.required,
    ...story.steps.map(({ entry }) => demandsOf(entry).required),
  );
  const pairs: [string, unknown, unknown][] = [
    ["message_id", email.message_id, submitted.message_id],
    ["test", email.test, submitted.test],
    ["oversight_mode", email.oversight_mode, submitted.mode],
    ["gated", email.gated, submitted.gated || held],
    ["approvals_required", email.approvals_required, required],
    ["author.kind", email.author.kind, submitted.author.kind],
    ["author.id", email.author.id, submitted.author.id],
  ];
  refuse(
    pairs
      .filter(([, stated, hashed]) => stated !== hashed)
      .map(
        ([name, stated, hashed]) =>
          `${name} is stated as ${String(stated)}, the log says ${String(hashed)}`,
      ),
  );
  const gate = email.gated ? `${required} approval(s) required` : "no approval required";
  return `mode ${submitted.mode}, ${gate}`;
}

/** Submitted, then decided, then handed off, then attempted, by index in the log. */
export function checkOrder(story: Story): Outcome {
  const faults: string[] = [];
  const decided = new Map(stepsOf(story, "decided").map((step) => [step.entry.leaf, step]));
  let out = false;
  let attempt = 0;
  for (const step of story.steps) {
    if (step.entry.place < story.written[0].entry.place)
      faults.push(`${step.entry.entry.type} stands before the submission`);
    if (step.entry.entry.type === "message.held") out = false;
    if (step.kind === "decided" && out) faults.push("a decision stands after the hand-off");
    if (step.kind === "attempted" && step.attempt !== attempt)
      faults.push(`attempt ${step.attempt} has no hand-off before it`);
    if (step.kind !== "handed_off") continue;
    out = true;
    if (step.attempt !== attempt + 1)
      faults.push(`hand-off ${step.attempt} follows hand-off ${attempt}`);
    attempt = step.attempt;
    for (const leaf of step.approvals) {
      const approval = decided.get(leaf);
      if (approval && approval.entry.place > step.entry.place)
        faults.push(`hand-off ${step.attempt} stands before an approval that it names`);
    }
  }
  refuse(faults);
  return "submitted, decided, handed off and attempted stand in this order";
}
