/** Tokens of unsubscribe links: operator, message, recipient and a MAC, of one fixed length so that they fit the placeholder. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { encodeBase32, idPattern } from "../core/id.ts";

/** What a token stands for. */
export type UnsubscribeTarget = { operator_id: string; message_id: string; position: number };

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** 26 characters operator, 26 message, 2 position, 26 MAC (128 bits): 80 together. */
export function unsubscribeToken(key: Buffer, target: UnsubscribeTarget): string {
  const position = (alphabet[target.position >> 5] ?? "") + (alphabet[target.position & 31] ?? "");
  const plain = target.operator_id + target.message_id + position;
  return plain + mac(key, plain);
}

/** The target of a genuine token, else null. */
export function readUnsubscribeToken(key: Buffer, token: string): UnsubscribeTarget | null {
  if (!/^[0-9A-HJKMNP-TV-Z]{80}$/.test(token)) return null;
  const plain = token.slice(0, 54);
  if (!timingSafeEqual(Buffer.from(mac(key, plain)), Buffer.from(token.slice(54)))) return null;
  const operatorId = plain.slice(0, 26);
  const messageId = plain.slice(26, 52);
  if (!idPattern.test(operatorId) || !idPattern.test(messageId)) return null;
  const position = alphabet.indexOf(plain[52] ?? "") * 32 + alphabet.indexOf(plain[53] ?? "");
  return { operator_id: operatorId, message_id: messageId, position };
}

function mac(key: Buffer, plain: string): string {
  return encodeBase32(
    createHmac("sha256", key).update(`unsubscribe\n${plain}`).digest().subarray(0, 16),
  );
}
