/** Checks of what the message says and to whom: its digest, the opened commitments, its recipients and their receipts. */
import { contentDigest, UNSUBSCRIBE_TOKEN_LENGTH } from "../mail/digest.ts";
import type { BundleOpening } from "./bundle-format.ts";
import type { ReadBundle, ReadEntry } from "./bundle-parse.ts";
import { receiptHash } from "./bundle-receipt.ts";
import { CheckFailure, refuse } from "./bundle-report.ts";
import type { Outcome } from "./bundle-report.ts";
import { contentAt, erasureType, isOfLastContent, readContent, stepsOf } from "./bundle-story.ts";
import type { Story } from "./bundle-story.ts";
import {
  decodeArray,
  decodeObject,
  decodeString,
  encodeCanonical,
  FormatError,
} from "./encoding.ts";
import { verifyCommitment } from "./entry.ts";

/** Opened values and erased fields, by entry id and field. */
export type Openings = { opened: Map<string, string>; erased: Set<string>; named: string[] };

const key = (entryId: string, field: string): string => `${entryId}\n${field}`;

/** The commitments that an entry holds, by field. */
function commitmentsOf({ entry }: ReadEntry): [string, string][] {
  if (entry.type === "message.unsubscribed")
    return [["address", decodeString(entry.data["address"], "unsubscribed.address")]];
  if (entry.data["content"] === undefined) return [];
  const { to, subject, body, attachments } = readContent(entry.data["content"], "content");
  return [
    ...to.map((c, i): [string, string] => [`to[${i}]`, c]),
    ["subject", subject],
    ["body", body],
    ...attachments.map((c, i): [string, string] => [`attachments[${i}]`, c]),
  ];
}

/** Which fields of which leaves the erasure entries name, as `index field`. */
function erasures(entries: readonly ReadEntry[]): Map<string, number | null> {
  const erased = new Map<string, number | null>();
  for (const { entry, index } of entries) {
    if (entry.type !== erasureType) continue;
    decodeArray(entry.data["erased"], "erasure.erased", 10_000, (value, what) => {
      const leaf = decodeObject(value, what, ["index", "fields"]);
      decodeArray(leaf["fields"], `${what}.fields`, 10_000, (field, where) =>
        erased.set(`${String(leaf["index"])} ${decodeString(field, where)}`, index),
      );
    });
  }
  return erased;
}

/** Opens every commitment of every entry: each is opened, erased on the record, or missing, which is an alarm. */
export function readOpenings(bundle: ReadBundle): Openings {
  const given = new Map<string, BundleOpening>();
  const faults: string[] = [];
  for (const opening of bundle.openings) {
    const name = key(opening.entry_id, opening.field);
    if (given.has(name))
      faults.push(`${opening.field} of entry ${opening.entry_id} is opened twice`);
    given.set(name, opening);
  }
  const onRecord = erasures(bundle.entries);
  const result: Openings = { opened: new Map(), erased: new Set(), named: [] };
  for (const entry of bundle.entries)
    for (const [field, c] of commitmentsOf(entry)) {
      const name = key(entry.id, field);
      const opening = given.get(name);
      given.delete(name);
      const place = `${field} of entry ${entry.id}`;
      if (opening !== undefined) {
        const { r, data } = opening;
        if (opening.c !== c || !verifyCommitment(c, field, data, Buffer.from(r, "hex")))
          faults.push(`${place} does not open to what is stated`);
        else result.opened.set(name, data);
      } else if (onRecord.has(`${entry.index} ${field}`)) {
        result.erased.add(name);
        result.named.push(`${place} (leaf ${onRecord.get(`${entry.index} ${field}`)})`);
      } else faults.push(`${place} is missing, and no entry tells of an erasure`);
    }
  for (const { field, entry_id } of given.values())
    faults.push(`${field} of entry ${entry_id} opens nothing`);
  refuse(faults);
  return result;
}

/** Words for {@link readOpenings}, and that decisions were made on the content that stood then. */
export function checkOpenings({ opened, erased }: Openings, story: Story): Outcome {
  const faults: string[] = [];
  for (const { entry, content } of stepsOf(story, "decided")) {
    const stood = contentAt(story, entry);
    if (content.attachments.length !== stood.content?.attachments.length)
      faults.push(`the decision ${entry.id} is on another number of attachments`);
    for (const field of [
      "subject",
      "body",
      ...content.to.map((_, i) => `to[${i}]`),
      ...content.attachments.map((_, i) => `attachments[${i}]`),
    ]) {
      const submitted = opened.get(key(stood.entry.id, field));
      const decided = opened.get(key(entry.id, field));
      const isErased = erased.has(key(stood.entry.id, field)) || erased.has(key(entry.id, field));
      if (!isErased && !sameContent(field, submitted, decided))
        faults.push(`${field} of the decision ${entry.id} is not what was submitted`);
    }
  }
  refuse(faults);
  return `${opened.size} opened, ${erased.size} erased on the record, none missing`;
}

/** Attachments are described in JSON, in which the order of names says nothing. */
function sameContent(field: string, a: string | undefined, b: string | undefined): boolean {
  if (a === b || a === undefined || b === undefined || !field.startsWith("attachments"))
    return a === b;
  try {
    const [one, other] = [a, b].map((text) => encodeCanonical(JSON.parse(text), field));
    return one !== undefined && other !== undefined && one.equals(other);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof FormatError) return false;
    throw error;
  }
}

/** The frozen message and its recipients have the stated digest, and every entry names this one. */
export function checkDigest(bundle: ReadBundle, story: Story, openings: Openings | null): Outcome {
  const faults = bundle.entries
    .filter(
      (one) =>
        isOfLastContent(story, one) &&
        one.entry.data["digest"] !== undefined &&
        one.entry.data["digest"] !== bundle.digest,
    )
    .map(({ id, entry }) => `${entry.type} (entry ${id}) names another digest`);
  refuse(faults);
  const { mime, recipients } = bundle;
  if (mime === null || recipients.some(({ address }) => address === "")) {
    const erased = openings?.erased ?? new Set<string>();
    const gone = mime === null ? ["body"] : [];
    for (const [i, { address }] of recipients.entries()) if (address === "") gone.push(`to[${i}]`);
    refuse(
      gone
        .filter((field) => !erased.has(key(story.submitted.entry.id, field)))
        .map((field) => `${field} is missing, and no entry tells of an erasure`),
    );
    return { absent: "the message or a recipient was erased: its digest cannot be computed again" };
  }
  let digest: string;
  try {
    digest = contentDigest(
      mime,
      recipients.map(({ address }) => address),
    );
  } catch (error) {
    if (error instanceof TypeError) throw new CheckFailure(error.message);
    throw error;
  }
  if (digest !== bundle.digest)
    throw new CheckFailure("the message with its recipients has another digest");
  if (mime.length !== story.submitted.size)
    throw new CheckFailure("the message is not as long as the submission says");
  return `the message and its ${recipients.length} recipient(s) have the digest that every entry names`;
}

/** Recipients are those whose addresses the submission and each decision committed to, in order. */
export function checkRecipients(bundle: ReadBundle, story: Story, openings: Openings): Outcome {
  const { recipients } = bundle;
  const faults: string[] = [];
  const decided = stepsOf(story, "decided").filter(({ entry }) => isOfLastContent(story, entry));
  const committed = [story.submitted, ...decided];
  for (const { entry, content } of committed) {
    if (content.to.length !== recipients.length)
      faults.push(
        `entry ${entry.id} commits to ${content.to.length} recipients, the bundle names ${recipients.length}`,
      );
    for (const [i, { kind, address }] of recipients.entries()) {
      const opened = openings.opened.get(key(entry.id, `to[${i}]`));
      if (opened !== undefined && opened !== `${kind}:${address}`)
        faults.push(`recipient ${i} is not the one of entry ${entry.id}`);
    }
  }
  for (const [i, { position, token }] of recipients.entries()) {
    if (position !== i) faults.push(`recipient ${i} has position ${position}`);
    if (token.length !== UNSUBSCRIBE_TOKEN_LENGTH || !/^[0-9A-HJKMNP-TV-Z]+$/.test(token))
      faults.push(`recipient ${i} has no token of the right form`);
  }
  if (new Set(recipients.map(({ token }) => token)).size < recipients.length)
    faults.push("two recipients have one token");
  refuse(faults);
  return `${recipients.length} recipient(s), as committed to`;
}

/** Recipients who were not written to any more when others had the message already. */
function endedIn(story: Story): ReadonlySet<unknown> {
  return new Set(
    stepsOf(story, "other")
      .filter(({ entry }) => entry.entry.type === "message.sent")
      .flatMap(({ entry }) => entry.entry.data["ended"] ?? []),
  );
}

/** Statuses and receipts of recipients are those of the last attempt in the log. */
export function checkReceipts({ recipients }: ReadBundle, story: Story): Outcome {
  const faults: string[] = [];
  const handed = new Map(
    stepsOf(story, "handed_off").map((step) => [step.attempt, step.recipients]),
  );
  const last = new Map<
    number,
    ReturnType<typeof stepsOf<"attempted">>[number]["results"][number]
  >();
  for (const { attempt, results } of stepsOf(story, "attempted"))
    for (const result of results) {
      if (!handed.get(attempt)?.includes(result.recipient))
        faults.push(
          `attempt ${attempt} reports on recipient ${result.recipient}, who was not handed off`,
        );
      last.set(result.recipient, result);
    }
  const ended = endedIn(story);
  for (const { position, address, status, receipt } of recipients) {
    // What the remote server said goes with an erased recipient: it may name them.
    if (address === "" && receipt === null) continue;
    const result = last.get(position);
    const isEnd = status === "failed" && ended.has(position);
    if (result === undefined) {
      if ((!["suppressed", "pending"].includes(status) && !isEnd) || receipt !== null)
        faults.push(`recipient ${position} is stated as ${status}, the log says untried`);
      continue;
    }
    // Suppressed, or ended, between two attempts: the receipt of the first stands.
    const isOpen = result.status === "deferred" || result.status === "pending";
    const stopped = (status === "suppressed" || isEnd) && isOpen;
    if (status !== result.status && !stopped)
      faults.push(`recipient ${position} is stated as ${status}, the log says ${result.status}`);
    const fields = ["outcome", "host", "code", "enhanced_status_code"] as const;
    if (
      receipt === null ||
      receiptHash(receipt) !== result.receipt ||
      fields.some((name) => receipt[name] !== result[name])
    )
      faults.push(`the receipt of recipient ${position} is not what the log says`);
  }
  refuse(faults);
  return last.size === 0 ? { absent: "no attempt was made yet" } : "receipts are those of the log";
}
