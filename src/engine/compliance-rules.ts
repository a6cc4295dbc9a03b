/** Who may export, erase and hold, and how a person is named in it. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { AddressError, parseAddress } from "../mail/address.ts";
import { liveThing } from "./credentials.ts";

/** What is about all of an operator is not for keys that are bound to mailboxes, nor for test keys. */
export function assertWholeOperator(actor: Actor): void {
  if (actor.mailbox_ids !== null)
    throw new Refusal(
      "scope_required",
      "This is about everything of the operator; the key is bound to mailboxes.",
      { hint: "Use a key for all mailboxes." },
    );
  if (actor.test) throw liveThing("A test key neither exports, erases nor holds: it is live mail.");
}

/** An address as people are found by it: read strictly, in lower case. Throws `validation_failed`. */
export function personalAddress(text: string): string {
  try {
    return parseAddress(text.trim()).address.toLowerCase();
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new Refusal("validation_failed", `address: ${error.reason}`, { field: "address" });
  }
}
