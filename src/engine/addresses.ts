/** Addresses of ours that carry a token: where answers come back to, and where bounces do. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { encodeBase32, idPattern } from "../core/id.ts";

/** The part of a domain that takes bounces: `bounces.example.com` for `example.com`. */
export const bounceLabel = "bounces.";

/** Longest local part (RFC 5321 section 4.5.3.1.1). */
const maxLocal = 64;
const macLength = 10;
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** One copy of one message. */
export type CopyOf = { operator_id: string; message_id: string; position: number };

/**
 * The address that answers to a message come back to: `mailbox+<26 characters message><10 characters MAC>@domain`, in lower
 * case, since mail systems change case. Null where the mailbox's local part leaves no room; answers then thread by References.
 */
export function replyAddress(key: Buffer, mailbox: string, messageId: string): string | null {
  const at = mailbox.lastIndexOf("@");
  const token = messageId + mac(key, `reply\n${mailbox.toLowerCase()}\n${messageId}`);
  const local = `${mailbox.slice(0, at)}+${token.toLowerCase()}`;
  return local.length > maxLocal ? null : local + mailbox.slice(at);
}

/** The mailbox and, where the token is genuine, the message that a recipient address of ours stands for. */
export function readReplyAddress(
  key: Buffer,
  address: string,
): { mailbox: string; message_id: string | null } {
  const at = address.lastIndexOf("@");
  const plus = address.indexOf("+");
  if (plus < 1 || plus > at) return { mailbox: address.toLowerCase(), message_id: null };
  const mailbox = (address.slice(0, plus) + address.slice(at)).toLowerCase();
  const token = address.slice(plus + 1, at).toUpperCase();
  const messageId = token.slice(0, 26);
  const genuine =
    token.length === 26 + macLength &&
    idPattern.test(messageId) &&
    same(token.slice(26), mac(key, `reply\n${mailbox}\n${messageId}`));
  return { mailbox, message_id: genuine ? messageId : null };
}

/**
 * The envelope sender of one copy (VERP): 26 characters operator, 26 message, 2 position, 10 MAC (50 bits), which fill a local
 * part, at `bounces.` of the sender's domain.
 */
export function returnPath(key: Buffer, copy: CopyOf, domain: string): string {
  const position = (alphabet[copy.position >> 5] ?? "") + (alphabet[copy.position & 31] ?? "");
  const plain = copy.operator_id + copy.message_id + position;
  return `${(plain + mac(key, `bounce\n${plain}`)).toLowerCase()}@${bounceLabel}${domain}`;
}

/** The copy that a genuine return path of ours stands for, else null: only what we sent can bounce. */
export function readReturnPath(key: Buffer, address: string): CopyOf | null {
  const at = address.lastIndexOf("@");
  const token = address.slice(0, at).toUpperCase();
  if (!/^[0-9A-HJKMNP-TV-Z]{64}$/.test(token)) return null;
  if (
    !address
      .slice(at + 1)
      .toLowerCase()
      .startsWith(bounceLabel)
  )
    return null;
  const plain = token.slice(0, 54);
  if (!same(token.slice(54), mac(key, `bounce\n${plain}`))) return null;
  const operatorId = plain.slice(0, 26);
  const messageId = plain.slice(26, 52);
  if (!idPattern.test(operatorId) || !idPattern.test(messageId)) return null;
  const position = alphabet.indexOf(plain[52] ?? "") * 32 + alphabet.indexOf(plain[53] ?? "");
  return { operator_id: operatorId, message_id: messageId, position };
}

function mac(key: Buffer, plain: string): string {
  return encodeBase32(createHmac("sha256", key).update(plain).digest().subarray(0, 16)).slice(
    -macLength,
  );
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** The domain of an address, in lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}
