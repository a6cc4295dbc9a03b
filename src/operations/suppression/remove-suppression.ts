/** `remove_suppression`: an address may be written to again. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { lookedUp, suppression, suppressionOf } from "./views.ts";

export const removeSuppression = operation({
  name: "remove_suppression",
  tag: "suppression",
  summary: "Remove a suppression",
  description:
    "Lets an address be written to again. Without mailbox_id every suppression of it goes. Where it unsubscribed or complained, a note must say why it may be written to again; it stands in the audit log.",
  method: "DELETE",
  path: "/v1/suppression/{address}",
  effect: "destroy",
  access: "admin",
  input: z.strictObject({
    address: z.string().min(3).max(320),
    mailbox_id: id.optional(),
    note: z.string().max(500).optional(),
  }),
  output: z.object({ address: z.string(), removed: z.array(suppression) }),
  status: 200,
  refusals: ["validation_failed", "not_found", "test_key"],
  tool: true,
  cli: { command: "remove-suppression", positional: ["address"] },
  async handle({ engine, actor }, input) {
    const address = lookedUp(input.address);
    const removed = await engine.removeSuppression(actor, {
      address,
      mailbox_id: input.mailbox_id ?? null,
      note: input.note ?? null,
    });
    return { address, removed: removed.map(suppressionOf) };
  },
});
