/** `check_suppression`: may this address be written to? */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { lookedUp, suppression, suppressionOf } from "./views.ts";

export const checkSuppression = operation({
  name: "check_suppression",
  tag: "suppression",
  summary: "Check an address",
  description:
    "Says whether an address is suppressed, and why. Give mailbox_id to ask for one mailbox only.",
  method: "GET",
  path: "/v1/suppression/{address}",
  effect: "read",
  access: "read",
  input: z.strictObject({ address: z.string().min(3).max(320), mailbox_id: id.optional() }),
  output: z.object({
    address: z.string(),
    suppressed: z.boolean(),
    suppressions: z.array(suppression),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: true,
  cli: { command: "check-suppression", positional: ["address"] },
  async handle({ read, actor }, input) {
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    const address = lookedUp(input.address);
    const rows = await read.suppressionsOf(actor, address, input.mailbox_id);
    return { address, suppressed: rows.length > 0, suppressions: rows.map(suppressionOf) };
  },
});
