/** Hand-off: from the frozen message a person decided on to the bytes on the wire for one recipient. [formats §1–3] */
import { relaxedBodyHash, signDkimFields } from "./dkim.ts";
import type { DkimKey } from "./dkim.ts";
import {
  contentDigest,
  countPlaceholders,
  DigestMismatch,
  fillPlaceholder,
  restorePlaceholder,
} from "./digest.ts";
import { findBareLineEnd, MessageSyntaxError, readMessage } from "./headers.ts";
import type { HeaderField } from "./headers.ts";
import { signIdentityFields } from "./identity.ts";
import type { IdentityKey, IdentityStatement } from "./identity.ts";

/** `recipients` are all of the message, as digested; `recipient` is the one this copy goes to. */
export interface FinalizeInput {
  /** The frozen message, with the placeholder in it. */
  mime: Buffer;
  recipients: readonly string[];
  /** Hex content digest that was decided on. */
  digest: string;
  /** The recipient's unsubscribe token; null only for a message frozen without a placeholder. */
  token: string | null;
  date: Date;
  recipient: string;
  identity: { claims: IdentityStatement; key: IdentityKey };
  dkim: readonly DkimKey[];
}

const ADDED_HERE = new Set(["date", "x-multimail-identity", "dkim-signature"]);

/** `Fri, 21 Nov 2025 08:00:00 +0000`. [RFC 5322 §3.3; "GMT" is its obsolete zone] */
function dateLine(date: Date): Buffer {
  return Buffer.from(`Date: ${date.toUTCString().replace("GMT", "+0000")}\r\n`, "latin1");
}

/** Equal but for the case of the domain. [RFC 5321 §2.4] */
function sameMailbox(a: string, b: string): boolean {
  const at = a.lastIndexOf("@");
  return (
    a.slice(0, at) === b.slice(0, b.lastIndexOf("@")) &&
    a.slice(at).toLowerCase() === b.slice(b.lastIndexOf("@")).toLowerCase()
  );
}

/** The message for this recipient, after proving that the token is all that differs from what was decided on. */
function fill(input: FinalizeInput): Buffer {
  if (contentDigest(input.mime, input.recipients) !== input.digest) {
    throw new DigestMismatch("the message or its recipients differ from what was decided on");
  }
  if (!input.recipients.some((recipient) => sameMailbox(recipient, input.recipient))) {
    throw new DigestMismatch("the recipient of this copy is not among those decided on");
  }
  if (input.token === null) {
    if (countPlaceholders(input.mime) > 0)
      throw new DigestMismatch("the message has a placeholder but no token to fill it");
    return input.mime;
  }
  const filled = fillPlaceholder(input.mime, input.token);
  if (!restorePlaceholder(filled, input.token).equals(input.mime)) {
    throw new DigestMismatch("the filled message does not lead back to what was decided on");
  }
  return filled;
}

/**
 * The final bytes of one copy: recomputes the digest of the frozen message and throws {@link DigestMismatch} on any
 * difference, fills the token, then puts Date, X-MultiMail-Identity and the DKIM signatures on top, in that order,
 * and changes nothing else. The identity comes first because DKIM signs it; both use one body hash.
 * Throws {@link MessageSyntaxError} for bytes that could not have been frozen by us.
 */
export async function finalize(input: FinalizeInput): Promise<Buffer> {
  const filled = fill(input);
  const bare = findBareLineEnd(filled);
  if (bare >= 0) throw new MessageSyntaxError("the frozen message holds a bare CR or LF", bare);
  const message = readMessage(filled);
  for (const { key, name } of message.fields) {
    if (ADDED_HERE.has(key))
      throw new MessageSyntaxError(`the frozen message has a ${name} field already`, 0);
  }
  const date = dateLine(input.date);
  const bodyHash = relaxedBodyHash(message.body);
  const dated: HeaderField[] = [...readMessage(date).fields, ...message.fields];
  const identity = await signIdentityFields(
    input.identity.claims,
    { fields: dated, body: message.body },
    input.identity.key,
    {
      recipients: [input.recipient],
      now: input.date,
      bodyHash,
    },
  );
  const signed = [...readMessage(identity).fields, ...dated];
  const signatures = await signDkimFields(
    { fields: signed, body: message.body },
    input.dkim,
    input.date,
    bodyHash,
  );
  return Buffer.concat([signatures, identity, date, filled]);
}
