/** The approver directory in the log: what enrolments and revocations say, and the head that the operator signs with their own key. */
import { hash } from "node:crypto";
import { type CoseAlgorithm, parseCoseKey } from "./cose.ts";
import {
  decodeArray,
  decodeBase64url,
  decodeCanonical,
  decodeObject,
  decodeString,
  encodeCanonical,
  FormatError,
} from "./encoding.ts";
import type { LogEntry } from "./entry.ts";

/** Types of entries that change the directory; their resource is the passkey's id. */
export const directoryTypes = {
  enrolled: "approver.enrolled",
  revoked: "approver.revoked",
} as const;

/** A passkey for decisions, as its enrolment's entry has it. */
export type Enrolment = {
  /** `person:<id>`. */
  member: string;
  /** Credential id in base64url, as envelopes name it in `keyid`. */
  credential_id: string;
  /** COSE_Key. */
  public_key: Buffer;
  algorithm: CoseAlgorithm;
  /** Where it signs: scheme, host and port of the pages. Its relying party is the host alone. */
  origin: string;
};

/** The `data` of an enrolment's entry. */
export function enrolmentData(enrolment: Enrolment): Record<string, unknown> {
  return {
    member: enrolment.member,
    credential_id: enrolment.credential_id,
    public_key: enrolment.public_key.toString("base64url"),
    public_key_sha256: hash("sha256", enrolment.public_key, "hex"),
    algorithm: enrolment.algorithm,
    origin: enrolment.origin,
  };
}

const fields = [
  "member",
  "credential_id",
  "public_key",
  "public_key_sha256",
  "algorithm",
  "origin",
];
const hexDigest = /^[0-9a-f]{64}$/;

/** Reads an enrolment's entry; throws FormatError where it is not one, or its key is not the key it says. */
export function readEnrolment(entry: LogEntry): Enrolment & { passkey_id: string } {
  if (entry.type !== directoryTypes.enrolled || entry.resource === null)
    throw new FormatError("enrolment: the entry is of another type");
  const data = decodeObject(entry.data, "enrolment", fields);
  const text = decodeString(data["public_key"], "enrolment.public_key");
  const publicKey = decodeBase64url(text, "enrolment.public_key");
  const { algorithm } = parseCoseKey(publicKey);
  if (data["public_key_sha256"] !== hash("sha256", publicKey, "hex"))
    throw new FormatError("enrolment: its key has another hash");
  if (data["algorithm"] !== algorithm) throw new FormatError("enrolment: of another algorithm");
  const credentialId = decodeString(data["credential_id"], "enrolment.credential_id");
  decodeBase64url(credentialId, "enrolment.credential_id");
  return {
    passkey_id: entry.resource,
    member: decodeString(data["member"], "enrolment.member", /^person:\S+$/),
    credential_id: credentialId,
    public_key: publicKey,
    algorithm,
    origin: readOrigin(decodeString(data["origin"], "enrolment.origin")),
  };
}

/** An origin is written as browsers write it, and safe: https, or http on this machine. */
function readOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url?.hostname === "localhost" || url?.hostname.endsWith(".localhost") === true;
  if (url === null || url.origin !== text || !(url.protocol === "https:" || isLocal))
    throw new FormatError("enrolment.origin: not an origin that passkeys have");
  return text;
}

/** Marks a head; a reader refuses any other. */
const headFormat = "multimail-directory/v1";

/** Most passkeys that a head lists, and its longest text. */
export const maxLiving = 1000;
const maxHeadBytes = 200_000;

/** The living passkeys for decisions, by the leaves of their enrolments. */
export type DirectoryHead = {
  format: typeof headFormat;
  /** Origin of the log. */
  log: string;
  /** By index, rising. `leaf` is the hex leaf hash. */
  entries: { index: number; leaf: string }[];
};

/** The head's one spelling (RFC 8785): what the operator signs. The same directory always gives the same text. */
export function formatHead(
  log: string,
  entries: readonly { index: number; leaf: string }[],
): string {
  const head: DirectoryHead = {
    format: headFormat,
    log,
    entries: entries
      .map(({ index, leaf }) => ({ index, leaf }))
      .toSorted((a, b) => a.index - b.index),
  };
  return encodeCanonical(head, "directory head").toString();
}

/** Reads a head; throws FormatError on any other form than {@link formatHead} writes. */
export function parseHead(text: string): DirectoryHead {
  const value = decodeCanonical(Buffer.from(text), maxHeadBytes, "directory head");
  const head = decodeObject(value, "directory head", ["format", "log", "entries"]);
  if (head["format"] !== headFormat) throw new FormatError(`directory head: not ${headFormat}`);
  const entries = decodeArray(head["entries"], "directory head", maxLiving, (one, what) => {
    const { index, leaf } = decodeObject(one, what, ["index", "leaf"]);
    if (typeof index !== "number" || !Number.isSafeInteger(index) || index < 0)
      throw new FormatError(`${what}.index: not a whole number`);
    return { index, leaf: decodeString(leaf, `${what}.leaf`, hexDigest) };
  });
  if (entries.some(({ index }, i) => i > 0 && index <= (entries[i - 1]?.index ?? -1)))
    throw new FormatError("directory head: its entries do not rise");
  return { format: headFormat, log: decodeString(head["log"], "directory head.log"), entries };
}
