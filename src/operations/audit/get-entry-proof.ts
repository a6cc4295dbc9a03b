/** `get_entry_proof`: the receipt that an entry is in the log (C2SP tlog-proof). */
import { z } from "zod";
import { bytes } from "../../contract/operation.ts";
import { operation } from "../context.ts";

export const getEntryProof = operation({
  name: "get_entry_proof",
  tag: "audit",
  summary: "Get the receipt of a log entry",
  description:
    "Proves that the entry at this index is in the log: its audit path to the newest signed checkpoint (C2SP tlog-proof), as text.",
  method: "GET",
  path: "/v1/audit-log/{index}/proof",
  effect: "read",
  access: "audit",
  input: z.strictObject({ index: z.int().min(0).describe("Index of the entry, from 0") }),
  output: { content_type: "text/plain; charset=utf-8" },
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
  cli: { command: "audit proof", positional: ["index"] },
  async handle({ engine, actor }, input) {
    const receipt = await engine.entryProof(actor.operator_id, input.index);
    return bytes("text/plain; charset=utf-8", Buffer.from(receipt));
  },
});
