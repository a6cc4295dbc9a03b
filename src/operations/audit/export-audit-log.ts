/** `export_audit_log`: the log as JSON lines, as a table, or as an archive that verifies offline. */
import { z } from "zod";
import { type StreamReply, stream } from "../../contract/operation.ts";
import { Refusal } from "../../core/refusal.ts";
import type { EntryDetail } from "../../engine/read.ts";
import { operation } from "../context.ts";
import { writeCsv } from "../suppression/csv.ts";
import { entryFilter, entryOf, filterOf } from "./views.ts";

const formats = ["jsonl", "csv", "bundle"] as const;

export const exportAuditLog = operation({
  name: "export_audit_log",
  tag: "audit",
  summary: "Export the audit log",
  description:
    "Streams the log, oldest first: as JSON lines (jsonl), as a table (csv), or as a tar archive of checkpoint and tiles (bundle), which takes no filters; unpacked it verifies without the server: multimail audit verify <folder> --keys <folder>/keys.json",
  method: "GET",
  path: "/v1/audit-log/export",
  effect: "read",
  access: "audit",
  input: z.strictObject({
    format: z.enum(formats).default("jsonl").describe("jsonl, csv, or bundle (a tar archive)"),
    ...entryFilter,
  }),
  output: { content_type: "application/octet-stream" },
  status: 200,
  refusals: ["validation_failed", "scope_required", "not_found"],
  tool: false,
  async handle({ engine, read, actor }, { format, ...input }): Promise<StreamReply> {
    if (format === "bundle") {
      const [filter] = Object.keys(input);
      if (filter !== undefined)
        throw new Refusal("validation_failed", `${filter}: the bundle is the whole log`, {
          field: filter,
          hint: "Take format=jsonl or csv for a part of it.",
        });
      const parts = await engine.exportBundle(actor);
      return stream("application/x-tar", parts, { filename: "audit-log.tar" });
    }
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    const pages = engine.exportEntries(actor, filterOf(input));
    return format === "csv"
      ? stream("text/csv; charset=utf-8; header=present", csv(pages), {
          filename: "audit-log.csv",
        })
      : stream("application/x-ndjson", jsonl(pages), { filename: "audit-log.jsonl" });
  },
});

async function* jsonl(pages: AsyncIterable<EntryDetail[]>): AsyncGenerator<string> {
  for await (const page of pages)
    yield page.map((entry) => `${JSON.stringify(entryOf(entry))}\n`).join("");
}

const columns = [
  "index",
  "id",
  "at",
  "type",
  "actor_kind",
  "actor_id",
  "resource",
  "mailbox_id",
  "thread_id",
  "leaf_hash",
  "data",
];

async function* csv(pages: AsyncIterable<EntryDetail[]>): AsyncGenerator<string> {
  yield writeCsv([columns]);
  for await (const page of pages)
    yield writeCsv(
      page.map((detail) => {
        const one = entryOf(detail);
        return [
          one.index === null ? "" : String(one.index),
          one.id,
          one.at,
          one.type,
          one.actor.kind,
          one.actor.id,
          one.resource ?? "",
          one.mailbox_id ?? "",
          one.thread_id ?? "",
          one.leaf_hash,
          JSON.stringify(one.data),
        ];
      }),
    );
}
