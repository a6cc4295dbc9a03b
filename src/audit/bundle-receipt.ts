/** The receipt of one recipient in a bundle: its form, and the hash by which the log commits to the whole of it. */
import { hash } from "node:crypto";
import {
  decodeChoice,
  decodeObject,
  decodeString,
  encodeCanonical,
  FormatError,
} from "./encoding.ts";

/** What the remote answered in the recipient's last attempt. `at` is ISO 8601, `reply` the text without its codes. */
export type BundleReceipt = {
  at: string;
  host: string | null;
  address: string | null;
  code: number | null;
  enhanced_status_code: string | null;
  reply: string;
  tls: {
    version: string;
    cipher: string;
    authorized: boolean;
    /** What the destination demanded of TLS, where that was looked up, and whether the certificate fits it. */
    policy?: TlsPolicy;
    verified?: boolean;
  } | null;
  outcome: "accepted" | "temporary" | "permanent" | "unknown";
  /** What a reader should know of the way: hosts tried in vain before, a handshake that failed. */
  note?: string;
};

const tlsPolicies = ["none", "mta-sts", "dane"] as const;

/** What a destination demands of TLS. */
export type TlsPolicy = (typeof tlsPolicies)[number];

/** Longest text of a reply; the SMTP client keeps less. */
const maxReply = 20_000;
const maxText = 2048;

const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/** Hex SHA-256 of the receipt's RFC 8785 bytes, as the `message.attempted` entry has it. Throws FormatError on lone surrogates. */
export function receiptHash(receipt: BundleReceipt): string {
  return hash("sha256", encodeCanonical(receipt, "receipt"), "hex");
}

/** Reads a receipt; throws FormatError, also for a field that receipts do not have. */
export function parseReceipt(value: unknown, what: string): BundleReceipt {
  const one = decodeObject(
    value,
    what,
    ["at", "host", "address", "code", "enhanced_status_code", "reply", "tls", "outcome"],
    ["note"],
  );
  const { code, reply, note } = one;
  if (typeof reply !== "string" || reply.length > maxReply)
    throw new FormatError(`${what}.reply: not a text, or too long`);
  if (code !== null && (typeof code !== "number" || !Number.isSafeInteger(code)))
    throw new FormatError(`${what}.code: not a number`);
  const outcomes = ["accepted", "temporary", "permanent", "unknown"] as const;
  return {
    at: decodeString(one["at"], `${what}.at`, time),
    host: textOrNull(one["host"], `${what}.host`),
    address: textOrNull(one["address"], `${what}.address`),
    code,
    enhanced_status_code: textOrNull(one["enhanced_status_code"], `${what}.enhanced_status_code`),
    reply,
    tls: one["tls"] === null ? null : parseTls(one["tls"], `${what}.tls`),
    outcome: decodeChoice(one["outcome"], `${what}.outcome`, outcomes),
    ...(note === undefined ? {} : { note: text(note, `${what}.note`) }),
  };
}

function parseTls(value: unknown, what: string): NonNullable<BundleReceipt["tls"]> {
  const { version, cipher, authorized, policy, verified } = decodeObject(
    value,
    what,
    ["version", "cipher", "authorized"],
    ["policy", "verified"],
  );
  if (typeof authorized !== "boolean")
    throw new FormatError(`${what}.authorized: not true or false`);
  if (verified !== undefined && typeof verified !== "boolean")
    throw new FormatError(`${what}.verified: not true or false`);
  return {
    version: text(version, `${what}.version`),
    cipher: text(cipher, `${what}.cipher`),
    authorized,
    ...(policy === undefined
      ? {}
      : { policy: decodeChoice(policy, `${what}.policy`, tlsPolicies) }),
    ...(verified === undefined ? {} : { verified }),
  };
}

function textOrNull(value: unknown, what: string): string | null {
  return value === null ? null : text(value, what);
}

function text(value: unknown, what: string): string {
  if (typeof value !== "string" || value.length > maxText)
    throw new FormatError(`${what}: not a text, or too long`);
  return value;
}
