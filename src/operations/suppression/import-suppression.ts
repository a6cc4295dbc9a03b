/** `import_suppression`: addresses that another service had on its list, as CSV or JSON. */
import { z } from "zod";
import { idPattern } from "../../core/id.ts";
import { Refusal } from "../../core/refusal.ts";
import type { ManualSuppression } from "../../engine/suppression.ts";
import { operation } from "../context.ts";
import { readCsv } from "./csv.ts";
import { reasonOf, suppressible } from "./views.ts";

/** Rows of one import. */
const maxRows = 50_000;

/** Rows at fault that are named; the others are counted. */
const maxErrors = 1000;

const text = z.string().max(500).nullish();

export const importSuppression = operation({
  name: "import_suppression",
  tag: "suppression",
  summary: "Import suppressed addresses",
  description:
    "Suppresses up to 50,000 addresses at once. Give `csv` (columns address or email, reason, mailbox_id, note, expires_at; without a header line the first column is the address) or `suppressions`. Rows that are at fault are left out and named by their line.",
  method: "POST",
  path: "/v1/suppression/import",
  effect: "write",
  access: "admin",
  input: z.strictObject({
    csv: z
      .string()
      .max(16 * 1024 * 1024)
      .optional(),
    suppressions: z
      .array(
        z.strictObject({
          address: text,
          email: text,
          mailbox_id: text,
          reason: text,
          note: text,
          expires_at: text,
        }),
      )
      .max(maxRows)
      .optional(),
  }),
  output: z.object({
    rows: z.int(),
    added: z.int().describe("Suppressed anew, or more firmly than before"),
    unchanged: z.int().describe("Suppressed already, or named twice"),
    failed: z.int(),
    errors: z.array(z.object({ line: z.int(), error: z.string() })).describe("At most 1,000"),
  }),
  status: 200,
  refusals: ["validation_failed", "payload_too_large", "test_key"],
  tool: false,
  max_body: 24 * 1024 * 1024,
  async handle({ engine, actor, now }, input) {
    const rows = rowsOf(input);
    const mailboxIds = rows.flatMap(({ mailbox_id: id }) => (id && idPattern.test(id) ? [id] : []));
    const known = await engine.knownMailboxes(actor, [...new Set(mailboxIds)]);
    const errors: { line: number; error: string }[] = [];
    const wanted = new Map<string, ManualSuppression>();
    for (const row of rows)
      try {
        const one = readRow(row, known, now());
        if (one.mailbox_id === null && actor.mailbox_ids !== null)
          throw invalid("mailbox_id: is missing, and this credential is bound to mailboxes");
        const key = `${one.mailbox_id ?? ""} ${one.address}`;
        if (!wanted.has(key)) wanted.set(key, one);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        errors.push({ line: row.line, error: error.message });
      }
    const added = await engine.importSuppressions(actor, [...wanted.values()]);
    return {
      rows: rows.length,
      added,
      unchanged: rows.length - errors.length - added,
      failed: errors.length,
      errors: errors.slice(0, maxErrors),
    };
  },
});

type Row = { line: number } & Partial<
  Record<"address" | "mailbox_id" | "reason" | "note" | "expires_at", string | null | undefined>
>;

const columns: Readonly<Record<string, Exclude<keyof Row, "line">>> = {
  address: "address",
  email: "address",
  emailaddress: "address",
  mailbox_id: "mailbox_id",
  reason: "reason",
  suppressionreason: "reason",
  note: "note",
  expires_at: "expires_at",
};

/** The rows, from whichever form was given, with the line or place of each. */
function rowsOf(input: {
  csv?: string | undefined;
  suppressions?: readonly (Omit<Row, "line"> & { email?: string | null | undefined })[] | undefined;
}): Row[] {
  if ((input.csv === undefined) === (input.suppressions === undefined))
    throw new Refusal("validation_failed", "csv: give either csv or suppressions.", {
      field: "csv",
    });
  if (input.suppressions)
    return input.suppressions.map(({ email, ...row }, i) => ({
      ...row,
      address: row.address ?? email,
      line: i + 1,
    }));
  const records = readCsv(input.csv ?? "");
  const named = records[0]?.fields.map((field) => columns[field.toLowerCase()]) ?? [];
  const hasHeader = named.includes("address");
  const lines = hasHeader ? records.slice(1) : records;
  if (lines.length > maxRows)
    throw new Refusal("validation_failed", `csv: has more than ${maxRows} rows.`, { field: "csv" });
  const order = hasHeader ? named : (["address"] as const);
  return lines.map(({ line, fields }) => {
    const row: Row = { line };
    for (const [i, name] of order.entries()) if (name !== undefined) row[name] = fields[i];
    return row;
  });
}

/** One row as it is to be kept. Throws `validation_failed` with what is wrong with it. */
function readRow(row: Row, known: ReadonlySet<string>, now: Date): ManualSuppression {
  const reason = reasonOf(row.reason ?? "");
  if (reason === null) throw invalid(`reason: ${(row.reason ?? "").slice(0, 40)} is none we know`);
  const mailboxId = row.mailbox_id || null;
  if (mailboxId !== null && !known.has(mailboxId))
    throw invalid("mailbox_id: there is no such mailbox");
  const note = row.note || null;
  if (note !== null && note.length > 500) throw invalid("note: is longer than 500 characters");
  const expiresAt = row.expires_at ? new Date(row.expires_at) : null;
  if (expiresAt && !(expiresAt > now && expiresAt.getUTCFullYear() < 10_000))
    throw invalid("expires_at: is no time to come");
  return {
    address: suppressible(row.address ?? ""),
    mailbox_id: mailboxId,
    reason,
    note,
    expires_at: expiresAt,
  };
}

function invalid(message: string): Refusal {
  return new Refusal("validation_failed", message);
}
