/** A log entry: its canonical bytes, and the commitments that stand in it for personal data. */
import { hash, randomBytes } from "node:crypto";
import {
  decodeArray,
  decodeCanonical,
  decodeChoice,
  decodeObject,
  decodeString,
  encodeCanonical,
  FormatError,
  isObject,
} from "./encoding.ts";
import { type DecisionClass, decisionClasses } from "../core/oversight/types.ts";
import { decisions } from "./statement.ts";
import type { Decision } from "./statement.ts";

/** The longest entry: its length travels as an uint16 in entry bundles (C2SP tlog-tiles). */
export const maxEntryBytes = 65_535;

/** Most links in an approval chain; the quorum is at most 5, edits and rejections add a few. */
const maxApprovals = 100;

/** Who did it: the kind of principal and its opaque id. */
export type EntryActor = { kind: string; id: string };

/** One link of the approval chain: who decided what, how strongly, and the hash of the signed statement. */
export type EntryApproval = {
  decision: Decision;
  class: DecisionClass;
  approver: EntryActor;
  /** Hex SHA-256 of the decision statement's canonical bytes. */
  statement: string;
};

/** What the log says about one change. Personal fields in `data` are commitments (see {@link commit}). */
export type LogEntry = {
  v: 1;
  /** What happened, a dotted name. */
  type: string;
  /** When, ISO 8601 in UTC. */
  at: string;
  actor: EntryActor;
  resource: string | null;
  mailbox: string | null;
  thread: string | null;
  approval?: readonly EntryApproval[];
  data: Record<string, unknown>;
};

const utcTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;
const hexDigest = /^[0-9a-f]{64}$/;

/** The entry's RFC 8785 bytes, which are hashed into the leaf; throws FormatError when malformed or longer than 65,535 bytes. */
export function encodeEntry(entry: LogEntry): Buffer {
  checkEntry(entry);
  const bytes = encodeCanonical(entry, "entry");
  if (bytes.length > maxEntryBytes)
    throw new FormatError(`entry: longer than ${maxEntryBytes} bytes`);
  return bytes;
}

/** Reads entry bytes from anywhere; throws FormatError on any other form than {@link encodeEntry} writes. */
export function decodeEntry(bytes: Uint8Array): LogEntry {
  const value = decodeCanonical(bytes, maxEntryBytes, "entry");
  checkEntry(value);
  return value;
}

function checkEntry(value: unknown): asserts value is LogEntry {
  const entry = decodeObject(
    value,
    "entry",
    ["v", "type", "at", "actor", "resource", "mailbox", "thread", "data"],
    ["approval"],
  );
  if (entry["v"] !== 1) throw new FormatError("entry.v: not 1");
  decodeString(entry["type"], "entry.type");
  const at = decodeString(entry["at"], "entry.at", utcTime);
  if (Number.isNaN(Date.parse(at))) throw new FormatError("entry.at: no such time");
  checkActor(entry["actor"], "entry.actor");
  for (const name of ["resource", "mailbox", "thread"]) {
    if (entry[name] !== null) decodeString(entry[name], `entry.${name}`);
  }
  if (entry["approval"] !== undefined)
    decodeArray(entry["approval"], "entry.approval", maxApprovals, checkApproval);
  if (!isObject(entry["data"])) throw new FormatError("entry.data: not an object");
}

function checkActor(value: unknown, what: string): void {
  const actor = decodeObject(value, what, ["kind", "id"]);
  decodeString(actor["kind"], `${what}.kind`);
  decodeString(actor["id"], `${what}.id`);
}

function checkApproval(value: unknown, what: string): void {
  const approval = decodeObject(value, what, ["decision", "class", "approver", "statement"]);
  decodeChoice(approval["decision"], `${what}.decision`, decisions);
  decodeChoice(approval["class"], `${what}.class`, decisionClasses);
  checkActor(approval["approver"], `${what}.approver`);
  decodeString(approval["statement"], `${what}.statement`, hexDigest);
}

/** Bytes of randomness in a commitment; enough that no guess at the data can be confirmed once they are erased. */
export const openingBytes = 32;

/**
 * Commits to `data` under the name `field`: c = SHA-256("mm-commit/v1\n" ‖ field ‖ "\n" ‖ r ‖ data), c as hex.
 * `r` is 32 random bytes, new for each field of each leaf; with `r` and `data` erased, c says nothing.
 */
export function commit(
  field: string,
  data: string | Buffer,
  r: Buffer = randomBytes(openingBytes),
): { c: string; r: Buffer } {
  if (r.length !== openingBytes)
    throw new FormatError(`commitment: r is not ${openingBytes} bytes`);
  // A line end in the name would let two different fields share one commitment.
  if (field === "" || /[\r\n]/.test(field))
    throw new FormatError("commitment: field name is empty or has a line end");
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  const input = Buffer.concat([Buffer.from(`mm-commit/v1\n${field}\n`), r, bytes]);
  return { c: hash("sha256", input, "hex"), r };
}

/** True when `c` opens to `data` under `field` with `r`; false on anything else, also on malformed arguments. */
export function verifyCommitment(
  c: string,
  field: string,
  data: string | Buffer,
  r: Buffer,
): boolean {
  if (!hexDigest.test(c) || r.length !== openingBytes || field === "" || /[\r\n]/.test(field))
    return false;
  return commit(field, data, r).c === c;
}
