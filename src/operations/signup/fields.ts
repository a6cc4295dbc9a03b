/** Fields that sign-up and the registration of agents share, in zod. */
import { z } from "zod";
import { Refusal } from "../../core/refusal.ts";

const message = "must be one line without control characters";

/** One line that a person reads: nothing in it breaks lines, hides, or turns the order of letters. */
export const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}]*$/u, message)
    // Beyond what patterns of JSON Schema say alike in every language.
    .refine((text) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text), message);

/** The address of the person who oversees. */
export const oversightEmail = z
  .string()
  .trim()
  .min(3)
  .max(254)
  .describe("Address of the person who oversees; a code is mailed there. Agents must not read it");

/** The part of a mailbox's address before the @. */
export const mailboxName = z
  .string()
  .trim()
  .toLowerCase()
  .regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?$/,
    "must be 1 to 40 letters, digits, dots, hyphens or underscores, with a letter or digit at both ends",
  )
  .refine((name) => !name.includes(".."), "must not have two dots in a row");

/** A mailed code as a person types it. */
export const mailedCode = z
  .string()
  .min(1)
  .max(32)
  .describe("The code that was mailed to the oversight address; case and hyphens do not matter");

/** Throws `sign_up_closed` unless the instance takes new accounts. */
export function assertOpen(instance: { sign_up_open: boolean }): void {
  if (!instance.sign_up_open)
    throw new Refusal("sign_up_closed", "This instance takes no new accounts.", {
      hint: "Ask whoever runs it for a key. An agent whose overseer is a member here can register itself: see /auth.md.",
    });
}
