/** DKIM signing with every protected header oversigned. [RFC 6376, RFC 8301, RFC 8463; formats §3] */
import { createPublicKey, hash, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import {
  findBareLineEnd,
  MessageSyntaxError,
  readMessage,
  relaxedBody,
  relaxedHeader,
} from "./headers.ts";
import type { HeaderField, Message } from "./headers.ts";

export type DkimAlgorithm = "rsa-sha256" | "ed25519-sha256";

/** A private key with its place in the DNS: `<selector>._domainkey.<domain>`. */
export interface DkimKey {
  domain: string;
  selector: string;
  algorithm: DkimAlgorithm;
  private_key: KeyObject;
}

/** Each is named in `h=` once more than it is present, so that none can be added or put on top unseen. */
export const OVERSIGNED_HEADERS: readonly string[] = [
  "from",
  "sender",
  "reply-to",
  "to",
  "cc",
  "subject",
  "date",
  "message-id",
  "in-reply-to",
  "references",
  "mime-version",
  "content-type",
  "content-transfer-encoding",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "feedback-id",
  "auto-submitted",
  "x-ai-generated",
  "x-multimail-identity",
];

/** Seconds from `t=` to `x=`: 14 days. */
export const SIGNATURE_LIFETIME = 14 * 86_400;

const DOMAIN =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Base64 SHA-256 of the relaxed body: the value of `bh=`. [RFC 6376 §3.7] */
export function relaxedBodyHash(body: Buffer): string {
  return hash("sha256", relaxedBody(body), "base64");
}

/**
 * The relaxed lines of the fields named in `names`, in that order, as one string of octets. Fields of one name are
 * taken from the bottom up and a name without a field left gives nothing. [RFC 6376 §5.4.2]
 */
export function signedHeaderLines(
  fields: readonly HeaderField[],
  names: readonly string[],
): string {
  const waiting = new Map<string, HeaderField[]>();
  for (const field of fields) {
    const same = waiting.get(field.key);
    if (same) same.push(field);
    else waiting.set(field.key, [field]);
  }
  let lines = "";
  for (const name of names) {
    const field = waiting.get(name)?.pop();
    if (field) lines += relaxedHeader(field);
  }
  return lines;
}

/**
 * The bytes a signature is over: the signed header lines, then the DKIM-Signature field itself with an empty `b=`
 * in relaxed form without its CRLF. `unsignedValue` is that field's value, ending in `b=`. [RFC 6376 §3.7]
 */
export function signingInput(headerLines: string, unsignedValue: string): Buffer {
  const own = relaxedHeader({ key: "dkim-signature", value: Buffer.from(unsignedValue, "latin1") });
  return Buffer.from(headerLines + own.slice(0, -2), "latin1");
}

/** Base64 signature over the input, made in the thread pool. Ed25519 signs the SHA-256 of it. [RFC 8463 §3] */
function signInput(input: Buffer, key: DkimKey): Promise<string> {
  const rsa = key.algorithm === "rsa-sha256";
  const data = rsa ? input : hash("sha256", input, "buffer");
  return new Promise((resolve, reject) => {
    sign(rsa ? "sha256" : null, data, key.private_key, (error, signature) => {
      if (error) reject(error);
      else resolve(signature.toString("base64"));
    });
  });
}

function checkKey(key: DkimKey): void {
  if (!DOMAIN.test(key.domain))
    throw new TypeError("a signing domain is a lower-case host name in A-labels");
  if (!DOMAIN.test(key.selector))
    throw new TypeError("a selector is one or more lower-case DNS labels");
  const wanted = key.algorithm === "rsa-sha256" ? "rsa" : "ed25519";
  if (key.private_key.type !== "private" || key.private_key.asymmetricKeyType !== wanted) {
    throw new TypeError(`${key.algorithm} needs a private key of type ${wanted}`);
  }
}

/** Joins `parts` with `separator`, starting a new folded line before one would pass 76 characters. */
function foldJoin(parts: readonly string[], separator: string, firstColumn: number): string {
  let out = "";
  let column = firstColumn;
  for (const [i, part] of parts.entries()) {
    const piece = i + 1 < parts.length ? part + separator : part;
    if (column + piece.length > 76 && i > 0) {
      out += "\r\n ";
      column = 1;
    }
    out += piece;
    column += piece.length;
  }
  return out;
}

function foldBase64(value: string, firstColumn: number): string {
  const lines = [value.slice(0, 76 - firstColumn)];
  for (let at = 76 - firstColumn; at < value.length; at += 75) lines.push(value.slice(at, at + 75));
  return lines.join("\r\n ");
}

function oversignedNames(fields: readonly HeaderField[]): string[] {
  const present = new Map<string, number>();
  for (const { key } of fields) present.set(key, (present.get(key) ?? 0) + 1);
  const names: string[] = [];
  for (const name of OVERSIGNED_HEADERS) {
    for (let times = present.get(name) ?? 0; times >= 0; times -= 1) names.push(name);
  }
  return names;
}

/**
 * Signs a message already cut into fields; for callers that have it so. See {@link signDkim}.
 * `bodyHash` is {@link relaxedBodyHash} of the body, for callers that need it elsewhere too.
 */
export async function signDkimFields(
  message: Message,
  keys: readonly DkimKey[],
  now: Date,
  bodyHash: string = relaxedBodyHash(message.body),
): Promise<Buffer> {
  if (!message.fields.some((field) => field.key === "from"))
    throw new MessageSyntaxError("there is no From field to sign", 0);
  const names = oversignedNames(message.fields);
  const lines = signedHeaderLines(message.fields, names);
  const signedAt = Math.floor(now.getTime() / 1000);
  const h = foldJoin(names, ":", 3);
  const signatures = await Promise.all(
    keys.map(async (key) => {
      checkKey(key);
      const value = ` v=1; a=${key.algorithm}; c=relaxed/relaxed;\r\n d=${key.domain};\r\n s=${key.selector};\r\n t=${signedAt}; x=${signedAt + SIGNATURE_LIFETIME}; bh=${bodyHash};\r\n h=${h};\r\n b=`;
      const signature = await signInput(signingInput(lines, value), key);
      return `DKIM-Signature:${value}${foldBase64(signature, 3)}\r\n`;
    }),
  );
  return Buffer.from(signatures.join(""), "latin1");
}

/**
 * DKIM-Signature fields (CRLF each, folded) for all keys, to be put on top of the message: relaxed/relaxed, no `l=`,
 * `t=` now, `x=` 14 days later, every header of {@link OVERSIGNED_HEADERS} named once more than present.
 * The body is hashed once unless `options.bodyHash` gives it. Throws {@link MessageSyntaxError} for a message with
 * a bare CR or LF anywhere (the next hop would change it and break the signature) or without From.
 */
export async function signDkim(
  message: Buffer,
  keys: readonly DkimKey[],
  now: Date,
  options: { bodyHash?: string } = {},
): Promise<Buffer> {
  const bare = findBareLineEnd(message);
  if (bare >= 0) throw new MessageSyntaxError("the message holds a bare CR or LF", bare);
  return await signDkimFields(readMessage(message), keys, now, options.bodyHash);
}

/** The TXT record that publishes the key (either half may be given), as one string without the cut into 255 octets. [RFC 6376 §3.6.1, RFC 8463 §4] */
export function dkimTxtRecord(key: Pick<DkimKey, "algorithm" | "private_key">): string {
  const publicKey =
    key.private_key.type === "public" ? key.private_key : createPublicKey(key.private_key);
  const spki = publicKey.export({ type: "spki", format: "der" });
  // Ed25519 is published as the bare 32 octets, which end the SPKI structure.
  return key.algorithm === "rsa-sha256"
    ? `v=DKIM1; k=rsa; p=${spki.toString("base64")}`
    : `v=DKIM1; k=ed25519; p=${spki.subarray(-32).toString("base64")}`;
}
