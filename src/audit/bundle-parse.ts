/** Reads a bundle and key files out of parsed JSON: form and sizes only, nothing they claim is checked. */
import type { JWK } from "jose";
import { bundleFormat } from "./bundle-format.ts";
import type { Bundle, BundleOpening, PublicKeys } from "./bundle-format.ts";
import { parseReceipt } from "./bundle-receipt.ts";
import {
  decodeArray,
  decodeBase64,
  decodeChoice,
  decodeObject,
  decodeString,
  FormatError,
  isObject,
} from "./encoding.ts";
import { decodeEntry, maxEntryBytes } from "./entry.ts";
import type { LogEntry } from "./entry.ts";
import { decisionClasses } from "../core/oversight/types.ts";
import { decisions, parseEnvelope } from "./statement.ts";
import { leafHash } from "./tree.ts";

/** An entry with its bytes read. `leaf` is the hex leaf hash, computed here; `place` counts in the order of the log. */
export type ReadEntry = {
  id: string;
  index: number | null;
  /** Entries that the log has not placed yet come last, as the bundle has them: the log will keep that order. */
  place: number;
  /** Counts in the order of the bundle, which its completeness statement keeps. */
  position: number;
  proof: string | null;
  leaf: string;
  entry: LogEntry;
};

/** A bundle of good form; entries in the order of the log. `mime` is null where it was erased. */
export type ReadBundle = Omit<Bundle, "mime" | "entries" | "directory"> & {
  mime: Buffer | null;
  entries: ReadEntry[];
  directory: {
    passkeys: { enrolled: ReadEntry; revoked: ReadEntry | null }[];
    heads: { statement: string; signature: string }[];
  } | null;
};

/** Bounds of what is read: a message with every attachment is smaller, and an honest bundle has far fewer parts. */
const max = {
  mimeText: 90_000_000,
  entries: 1000,
  recipients: 1000,
  decisions: 100,
  openings: 100_000,
  text: 2048,
  opened: 65_536,
  proof: 400_000,
  keys: 10_000,
} as const;

const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;
const hexDigest = /^[0-9a-f]{64}$/;

/** Reads a bundle; throws FormatError that names the place. */
export function parseBundle(value: unknown): ReadBundle {
  if (!isObject(value) || value["format"] !== bundleFormat)
    throw new FormatError(`bundle: not of the format ${bundleFormat}`);
  const bundle = decodeObject(
    value,
    "bundle",
    [
      ["format", "created_at", "email", "digest", "mime", "recipients"],
      ["decisions", "entries", "openings", "checkpoint", "completeness", "keys"],
    ].flat(),
    ["directory"],
  );
  const mime = bundle["mime"] === "" ? "" : text(bundle["mime"], "mime", undefined, max.mimeText);
  return {
    format: bundleFormat,
    created_at: text(bundle["created_at"], "created_at", time),
    email: parseEmail(bundle["email"]),
    digest: text(bundle["digest"], "digest", hexDigest),
    mime: mime === "" ? null : decodeBase64(mime, "mime"),
    recipients: decodeArray(bundle["recipients"], "recipients", max.recipients, parseRecipient),
    decisions: decodeArray(bundle["decisions"], "decisions", max.decisions, parseDecision),
    directory: bundle["directory"] === undefined ? null : parseDirectory(bundle["directory"]),
    entries: inOrder(decodeArray(bundle["entries"], "entries", max.entries, parseEntry)),
    openings: decodeArray(bundle["openings"], "openings", max.openings, parseOpening),
    checkpoint: nullable(bundle["checkpoint"], "checkpoint", max.proof),
    completeness: text(bundle["completeness"], "completeness", undefined, max.proof),
    keys: parsePublicKeys(bundle["keys"], "keys"),
  };
}

function parseEmail(value: unknown): Bundle["email"] {
  const email = decodeObject(
    value,
    "email",
    [
      ["id", "mailbox_id", "thread_id", "message_id", "status", "test"],
      ["oversight_mode", "gated", "approvals_required", "author"],
    ].flat(),
  );
  const author = decodeObject(email["author"], "email.author", ["kind", "id"]);
  return {
    id: text(email["id"], "email.id"),
    mailbox_id: text(email["mailbox_id"], "email.mailbox_id"),
    thread_id: text(email["thread_id"], "email.thread_id"),
    message_id: text(email["message_id"], "email.message_id"),
    status: text(email["status"], "email.status"),
    test: truth(email["test"], "email.test"),
    oversight_mode: text(email["oversight_mode"], "email.oversight_mode"),
    gated: truth(email["gated"], "email.gated"),
    approvals_required: count(email["approvals_required"], "email.approvals_required"),
    author: {
      kind: text(author["kind"], "email.author.kind"),
      id: text(author["id"], "email.author.id"),
    },
  };
}

function parseRecipient(value: unknown, what: string): Bundle["recipients"][number] {
  const one = decodeObject(value, what, [
    "position",
    "kind",
    "address",
    "token",
    "status",
    "receipt",
  ]);
  return {
    position: count(one["position"], `${what}.position`),
    kind: decodeChoice(one["kind"], `${what}.kind`, ["to", "cc", "bcc", "copy"]),
    // An erased recipient has an empty one.
    address: one["address"] === "" ? "" : text(one["address"], `${what}.address`),
    token: text(one["token"], `${what}.token`),
    status: text(one["status"], `${what}.status`),
    receipt: one["receipt"] === null ? null : parseReceipt(one["receipt"], `${what}.receipt`),
  };
}

function parseDecision(value: unknown, what: string): Bundle["decisions"][number] {
  const one = decodeObject(value, what, ["decision", "class", "at", "entry_id", "statement"]);
  return {
    decision: decodeChoice(one["decision"], `${what}.decision`, decisions),
    class: decodeChoice(one["class"], `${what}.class`, decisionClasses),
    at: text(one["at"], `${what}.at`, time),
    entry_id: text(one["entry_id"], `${what}.entry_id`),
    statement: placed(`${what}.statement`, () => parseEnvelope(one["statement"])),
  };
}

function parseEntry(value: unknown, what: string): ReadEntry {
  const one = decodeObject(value, what, ["id", "index", "body", "proof"]);
  const encoded = text(one["body"], `${what}.body`, undefined, Math.ceil(maxEntryBytes / 3) * 4);
  const body = decodeBase64(encoded, `${what}.body`);
  return {
    id: text(one["id"], `${what}.id`),
    index: one["index"] === null ? null : count(one["index"], `${what}.index`),
    place: 0,
    position: 0,
    proof: nullable(one["proof"], `${what}.proof`, max.proof),
    leaf: leafHash(body).toString("hex"),
    entry: placed(`${what}.body`, () => decodeEntry(body)),
  };
}

function parseDirectory(value: unknown): NonNullable<ReadBundle["directory"]> {
  const directory = decodeObject(value, "directory", ["passkeys", "heads"]);
  return {
    passkeys: decodeArray(
      directory["passkeys"],
      "directory.passkeys",
      max.decisions,
      (one, what) => {
        const { enrolled, revoked } = decodeObject(one, what, ["enrolled", "revoked"]);
        return {
          enrolled: parseEntry(enrolled, `${what}.enrolled`),
          revoked: revoked === null ? null : parseEntry(revoked, `${what}.revoked`),
        };
      },
    ),
    heads: decodeArray(directory["heads"], "directory.heads", max.decisions, (one, what) => {
      const { statement, signature } = decodeObject(one, what, ["statement", "signature"]);
      return {
        statement: text(statement, `${what}.statement`, undefined, max.proof),
        signature: text(signature, `${what}.signature`),
      };
    }),
  };
}

function inOrder(entries: readonly ReadEntry[]): ReadEntry[] {
  const index = (entry: ReadEntry): number => entry.index ?? Number.MAX_SAFE_INTEGER;
  return entries
    .map((entry, position) => ({ ...entry, position }))
    .toSorted((a, b) => index(a) - index(b))
    .map((entry, place) => ({ ...entry, place }));
}

function parseOpening(value: unknown, what: string): BundleOpening {
  const one = decodeObject(value, what, ["entry_id", "field", "c", "r", "data"]);
  const data = one["data"];
  if (typeof data !== "string" || data.length > max.opened)
    throw new FormatError(`${what}.data: not a text, or too long`);
  return {
    entry_id: text(one["entry_id"], `${what}.entry_id`),
    field: text(one["field"], `${what}.field`),
    c: text(one["c"], `${what}.c`, hexDigest),
    r: text(one["r"], `${what}.r`, hexDigest),
    data,
  };
}

/** Reads keys as a bundle carries them and as a file of pinned keys holds them; throws FormatError. */
export function parsePublicKeys(value: unknown, what: string): PublicKeys {
  const keys = decodeObject(value, what, ["jwks", "dkim", "logs"], ["directory"]);
  const jwks = decodeObject(keys["jwks"], `${what}.jwks`, ["keys"]);
  return {
    jwks: { keys: decodeArray(jwks["keys"], `${what}.jwks.keys`, max.keys, parseJwk) },
    dkim: parseTexts(keys["dkim"], `${what}.dkim`),
    logs: parseTexts(keys["logs"], `${what}.logs`),
    ...(keys["directory"] === undefined
      ? {}
      : { directory: parseTexts(keys["directory"], `${what}.directory`) }),
  };
}

function parseJwk(value: unknown, what: string): JWK {
  if (!isObject(value) || Object.keys(value).length > 32)
    throw new FormatError(`${what}: not a key`);
  if (value["d"] !== undefined) throw new FormatError(`${what}: a private key`);
  for (const name of ["kty", "crv", "x", "y", "kid"])
    if (value[name] !== undefined) text(value[name], `${what}.${name}`);
  return value;
}

function parseTexts(value: unknown, what: string): Record<string, string> {
  if (!isObject(value)) throw new FormatError(`${what}: not an object`);
  const pairs = Object.entries(value);
  if (pairs.length > max.keys) throw new FormatError(`${what}: more than ${max.keys} keys`);
  // A name like __proto__ stays a plain name in an object without prototype.
  const texts = Object.create(null) as Record<string, string>;
  for (const [name, one] of pairs) texts[name] = text(one, what, undefined, 8192);
  return texts;
}

function text(value: unknown, what: string, pattern?: RegExp, longest: number = max.text): string {
  const found = decodeString(value, what);
  if (found.length > longest) throw new FormatError(`${what}: longer than ${longest} characters`);
  return pattern === undefined ? found : decodeString(found, what, pattern);
}

function nullable(value: unknown, what: string, longest: number): string | null {
  return value === null ? null : text(value, what, undefined, longest);
}

function truth(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new FormatError(`${what}: not true or false`);
  return value;
}

function count(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new FormatError(`${what}: not a whole number`);
  return value;
}

function placed<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`${place}: ${error.message}`);
    throw error;
  }
}
