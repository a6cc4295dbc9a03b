/** `export_operator`: everything of the operator, to take along. */
import { z } from "zod";
import { stream } from "../../contract/operation.ts";
import { operation } from "../context.ts";

export const exportOperator = operation({
  name: "export_operator",
  tag: "compliance",
  summary: "Export everything",
  description:
    'Streams all data of the operator as JSON lines without secrets: {"type":"export"} first, then one line a row, with the bytes of each message in base64, and {"type":"end"} last, without which the export is not whole. Held and refused mail, and what leads to it, is in it for callers with oversight: withheld_mail in the first line says whether. For owners, admins and auditors, and for keys with admin. The log says that it was done.',
  method: "GET",
  path: "/v1/export",
  effect: "read",
  access: "admin",
  or_access: "audit",
  input: z.strictObject({}),
  output: { content_type: "application/x-ndjson" },
  status: 200,
  refusals: ["validation_failed", "scope_required", "test_key"],
  tool: false,
  cli: { command: "export" },
  async handle({ engine, actor }) {
    const lines = await engine.exportOperator(actor);
    return stream("application/x-ndjson", lines, { filename: "multimail-export.jsonl" });
  },
});
