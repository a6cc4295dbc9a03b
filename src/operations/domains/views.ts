/** Domains as REST shows them. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { unicodeName } from "../../core/domain-name.ts";
import { zoneLine } from "../../core/domain-records.ts";
import type { DomainView } from "../../engine/domain-calls.ts";

/** How a domain stands. */
export const domainStatus = z
  .enum(["pending", "verified", "failing"])
  .describe(
    "pending: DNS has not shown that it is yours. failing: it is, but required records are gone or wrong now; mail still leaves",
  );

/** A domain without its records. */
export const domainSummary = z.object({
  id,
  domain: z.string().describe("In A-labels, as DNS has it"),
  unicode: z.string().describe("As people read it"),
  status: domainStatus,
  instance: z.boolean().describe("The instance's own: no verification, no deletion"),
  mta_sts: z.enum(["none", "testing", "enforce"]),
  verified_at: time.nullable(),
  checked_at: time.nullable(),
  created_at: time,
});

/** One DNS record, and what the last check found. */
export const domainRecord = z.object({
  type: z.enum(["TXT", "MX", "CNAME", "A", "AAAA"]),
  name: z.string(),
  value: z.string().describe("Whole; providers cut TXT into strings of 255 octets themselves"),
  priority: z.int().optional().describe("Of MX records"),
  ttl: z.int().describe("Seconds"),
  purpose: z.string(),
  required: z.boolean(),
  note: z.string(),
  zone_line: z.string().describe("To be copied into a zone file"),
  status: z
    .enum(["ok", "missing", "wrong", "not_required", "unknown"])
    .nullable()
    .describe("Of the last check; unknown: DNS did not answer; null: not checked yet"),
  message: z.string().nullable().describe("What is wrong, in words"),
});

/** A domain whole. */
export const domain = domainSummary.extend({
  records: z.array(domainRecord),
  dkim: z
    .array(
      z.object({
        selector: z.string(),
        algorithm: z.enum(["rsa2048", "ed25519"]),
        status: z.enum(["pending", "active", "retired"]),
        created_at: time,
        keep_until: time.nullable().describe("Until when the record of a retired key must stay"),
      }),
    )
    .describe("Keys that will sign, sign, and signed mail that is still under way"),
});

/** A row as its summary. */
export function domainSummaryOf(row: DomainView["row"]): z.infer<typeof domainSummary> {
  return {
    id: row.domain_id,
    domain: row.name,
    unicode: unicodeName(row.name),
    status: row.verified_at === null ? "pending" : row.failures > 0 ? "failing" : "verified",
    instance: row.instance,
    mta_sts: row.sts_mode,
    verified_at: row.verified_at?.toISOString() ?? null,
    checked_at: row.checked_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}

/** A view as the resource. */
export function domainOf({ row, keys, records }: DomainView): z.infer<typeof domain> {
  const selectors = new Set(
    records.map(({ name, purpose }) => (purpose === "dkim" ? name.split(".", 1)[0] : "")),
  );
  return {
    ...domainSummaryOf(row),
    records: records.map((record) => {
      const check = row.checks.find(
        ({ type, name, purpose }) =>
          type === record.type && name === record.name && purpose === record.purpose,
      );
      return {
        ...record,
        zone_line: zoneLine(record),
        status: check?.status ?? null,
        message: check?.message ?? null,
      };
    }),
    dkim: keys.flatMap(({ selector, algorithm, status, not_before, expires_at }) =>
      selector === null || !selectors.has(selector) || algorithm === "es256" || status === "revoked"
        ? []
        : {
            selector,
            algorithm,
            status,
            created_at: not_before.toISOString(),
            keep_until: expires_at?.toISOString() ?? null,
          },
    ),
  };
}
