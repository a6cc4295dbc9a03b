/** Suppressions as REST shows and takes them. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { type SuppressionReason, suppressionReasons } from "../../engine/suppression.ts";
import { AddressError, parseAddress } from "../../mail/address.ts";
import type { Reader } from "../../engine/read.ts";

/** Why an address is suppressed. */
export const reason = z.enum(suppressionReasons);

/** A suppression. */
export const suppression = z.object({
  address: z.string(),
  mailbox_id: id.nullable().describe("The mailbox it holds for; null for all of them"),
  reason,
  message_id: id.nullable().describe("Id of the email that it came from"),
  note: z.string().nullable(),
  created_by: z.string(),
  created_at: time,
  expires_at: time.nullable().describe("When it ends by itself"),
});

type Row = Awaited<ReturnType<Reader["suppressions"]>>["rows"][number];

/** A row as a resource. */
export function suppressionOf(row: Row): z.infer<typeof suppression> {
  return {
    address: row.address,
    mailbox_id: row.mailbox_id || null,
    reason: suppressionReasons.find((one) => one === row.reason) ?? "manual",
    message_id: row.message_id,
    note: row.note,
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
  };
}

/** An address as it is looked up: lower case, its domain in A-labels where it is one we could write to. */
export function lookedUp(address: string): string {
  try {
    return parseAddress(address.trim()).address.toLowerCase();
  } catch {
    return address.trim().toLowerCase();
  }
}

/** An address to be suppressed. Throws `validation_failed`. */
export function suppressible(address: string): string {
  try {
    return parseAddress(address.trim()).address.toLowerCase();
  } catch (error) {
    if (error instanceof AddressError)
      throw new Refusal("validation_failed", `address: ${error.reason}`, { field: "address" });
    throw error;
  }
}

const otherNames: Readonly<Record<string, SuppressionReason>> = {
  bounce: "bounced",
  bounces: "bounced",
  hardbounce: "bounced",
  blocked: "bounced",
  invalid: "bounced",
  complaint: "complained",
  spam: "complained",
  spamcomplaint: "complained",
  spamreport: "complained",
  unsubscribe: "unsubscribed",
  unsubscribes: "unsubscribed",
  optout: "unsubscribed",
  manualsuppression: "manual",
};

/** A reason by our name, or by those other services export; null for none of them. */
export function reasonOf(text: string): SuppressionReason | null {
  const name = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]/g, "");
  if (name === "") return "manual";
  return suppressionReasons.find((one) => one === name) ?? otherNames[name] ?? null;
}
