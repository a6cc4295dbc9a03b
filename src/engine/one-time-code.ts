/** Short codes that are mailed to a person: issued few an hour, stored as HMAC, tried five times, used once. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import {
  type CodeSubject,
  codesSince,
  countTry,
  holdLivingCodes,
  insertCode,
  lockCodes,
  removeOldCodes,
  useCodes,
} from "../store/one-time-codes.ts";
import type { EngineContext } from "./context.ts";

/** Letters and digits that no two people read differently: without I, L, O, 0 and 1. */
const alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const digits = "0123456789";
const length = 6;
const hour = 3_600_000;

/** Wrong tries after which a code is dead. */
export const codeTries = 5;

/** What a code is for, and what its use answers. `subject` is an id: a person, a mailbox, a change, a message. */
export type NewCode = CodeSubject & {
  data: Record<string, unknown>;
  /** How long it may be used, in milliseconds. */
  life_ms: number;
  /** How many codes of this purpose and subject an hour sees. */
  per_hour: number;
  /**
   * Six digits (`482913`, 20 bits) in place of letters, for codes that a person reads out to an agent. Only where each subject sees
   * one code and subjects are few a day.
   */
  digits?: boolean;
};

/**
 * Makes a code of the form `A7X-29K` (nearly 30 bits) and answers it; it is to be mailed and told to nobody else. Throws
 * `rate_limited` where the hour has seen enough of them; concurrent callers wait for each other.
 */
export async function issueCode(context: EngineContext, tx: Tx, wanted: NewCode): Promise<string> {
  await lockCodes(tx, wanted);
  const now = context.now();
  const hourAgo = new Date(now.getTime() - hour);
  const recent = await codesSince(tx, wanted, hourAgo);
  const [oldest] = recent;
  if (oldest && recent.length >= wanted.per_hour)
    throw new Refusal("rate_limited", "Too many codes were asked for within an hour.", {
      hint: "Use the code that was mailed last, or wait.",
      retry_after: Math.max(1, Math.ceil((oldest.getTime() + hour - now.getTime()) / 1000)),
    });
  await removeOldCodes(tx, hourAgo);
  const code = drawCode(context.random, wanted.digits === true ? digits : alphabet);
  await insertCode(tx, {
    code_id: context.new_id(),
    purpose: wanted.purpose,
    subject: wanted.subject,
    code_hash: hashOf(context.code_key, tx.operator_id, wanted, code),
    data: wanted.data,
    tries: 0,
    created_at: now,
    expires_at: new Date(now.getTime() + wanted.life_ms),
    used_at: null,
  });
  return wanted.digits === true ? code : `${code.slice(0, 3)}-${code.slice(3)}`;
}

/** Finds a code as {@link redeemCode} does and does not use it up: whoever does, with what it lets through, names its rows. */
export async function findCode(
  context: EngineContext,
  tx: Tx,
  given: CodeSubject & { code: string },
): Promise<{ code_ids: string[]; data: Record<string, unknown> } | null> {
  const living = await holdLivingCodes(tx, given, context.now(), codeTries);
  const hash = hashOf(context.code_key, tx.operator_id, given, normalCode(given.code));
  const right = living.filter((row) => timingSafeEqual(row.code_hash, hash));
  const [first] = right;
  if (!first) {
    await countTry(
      tx,
      living.map((row) => row.code_id),
    );
    return null;
  }
  return { code_ids: right.map((row) => row.code_id), data: first.data };
}

/**
 * Uses a code up and answers the data it was issued with; null when it is not one of the subject's living codes. Case, spaces
 * and hyphens do not matter. A wrong try counts on each living code of the subject, inside the caller's transaction: callers
 * return from it and refuse after its commit, or the try would be forgotten.
 */
export async function redeemCode(
  context: EngineContext,
  tx: Tx,
  given: CodeSubject & { code: string },
): Promise<{ data: Record<string, unknown> } | null> {
  const found = await findCode(context, tx, given);
  if (!found) return null;
  await useCodes(tx, found.code_ids, context.now());
  return { data: found.data };
}

/** Six characters, each as likely as any other: bytes beyond the last whole round of the alphabet are not used. */
function drawCode(random: (length: number) => Buffer, letters: string): string {
  const usable = 256 - (256 % letters.length);
  let code = "";
  while (code.length < length)
    for (const byte of random(16))
      if (byte < usable && code.length < length) code += letters[byte % letters.length];
  return code;
}

/** As it was drawn. What is longer than a person would type is no code. */
function normalCode(text: string): string {
  return text.length > 32 ? "" : text.replaceAll(/[\s\p{Pd}]/gu, "").toUpperCase();
}

/** The stored form: worth nothing without the key, and nothing for another operator, purpose or subject. */
function hashOf(key: Buffer, operatorId: string, of: CodeSubject, code: string): Buffer {
  return createHmac("sha256", key)
    .update(JSON.stringify([operatorId, of.purpose, of.subject, code]))
    .digest();
}
