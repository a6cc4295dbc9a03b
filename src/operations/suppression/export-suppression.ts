/** `export_suppression`: the whole list as CSV, in the form that import takes. */
import { z } from "zod";
import { bytes } from "../../contract/operation.ts";
import { operation } from "../context.ts";
import { writeCsv } from "./csv.ts";
import { suppressionOf } from "./views.ts";

const mediaType = "text/csv; charset=utf-8";
const rowsAtOnce = 5000;

export const exportSuppression = operation({
  name: "export_suppression",
  tag: "suppression",
  summary: "Export suppressed addresses",
  description:
    "All suppressions that count now, as CSV with a header line. A value that a spreadsheet would compute has an apostrophe before it.",
  method: "GET",
  path: "/v1/suppression/export",
  effect: "read",
  access: "admin",
  input: z.strictObject({}),
  output: { content_type: mediaType },
  status: 200,
  refusals: ["validation_failed"],
  tool: false,
  async handle({ read, actor }) {
    const parts = [
      Buffer.from("address,mailbox_id,reason,note,created_by,created_at,expires_at\r\n"),
    ];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await read.suppressions(actor, {}, { limit: rowsAtOnce, cursor });
      cursor = page.next_cursor;
      parts.push(
        Buffer.from(
          writeCsv(
            page.rows.map((row) => {
              const one = suppressionOf(row);
              return [
                one.address,
                one.mailbox_id ?? "",
                one.reason,
                one.note ?? "",
                one.created_by,
                one.created_at,
                one.expires_at ?? "",
              ];
            }),
          ),
        ),
      );
    }
    return bytes(mediaType, Buffer.concat(parts), { filename: "suppression.csv" });
  },
});
