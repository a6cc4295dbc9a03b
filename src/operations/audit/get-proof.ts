/** `get_proof`: the evidence bundle of one message, for `multimail verify`. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const getProof = operation({
  name: "get_proof",
  tag: "audit",
  summary: "Get an email's evidence bundle",
  description:
    "Answers everything an outsider needs to check the email's story offline: the exact content, signed decisions, log entries with inclusion proofs, the signed checkpoint and public keys. Check it with: multimail verify bundle.json",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}/proof",
  effect: "read",
  access: "read",
  input: z.strictObject({ mailbox_id: id.optional(), email_id: id }),
  output: z.looseObject({ format: z.literal("multimail-bundle/v1") }),
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: true,
  foreign_words: "whole",
  resource: { uri: "multimail://proof/{email_id}" },
  cli: { command: "proof", positional: ["email_id"], json: true },
  async handle({ read, engine, actor }, input) {
    if (input.mailbox_id !== undefined) await read.message(actor, input.email_id, input.mailbox_id);
    return { ...(await engine.evidence(actor, input.email_id)) };
  },
});
