/** `get_account`: the operator and what the credential may do. */
import { z } from "zod";
import { heldScope, id, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const getAccount = operation({
  name: "get_account",
  tag: "account",
  summary: "Get the account",
  description: "Answers the operator (the organisation) and what this credential may do.",
  method: "GET",
  path: "/v1/account",
  effect: "read",
  access: "read",
  input: z.strictObject({}),
  output: z.object({
    id,
    name: z.string(),
    slug: z.string(),
    postal_address: z.string(),
    oversight_address: z.string().nullable(),
    domains: z.array(z.string()),
    stopped_at: time.nullable().describe("When the operator's kill switch was pulled"),
    stopped_reason: z.string().nullable(),
    created_at: time,
    credential: z.object({
      kind: z.string(),
      id: z.string(),
      scopes: z.array(heldScope),
      mailbox_ids: z.array(id).nullable(),
      test: z.boolean(),
    }),
  }),
  status: 200,
  refusals: [],
  tool: true,
  cli: { command: "account" },
  async handle({ read, actor }) {
    const operator = await read.operator(actor);
    return {
      id: operator.operator_id,
      name: operator.name,
      slug: operator.slug,
      postal_address: operator.postal_address,
      oversight_address: operator.oversight_address,
      domains: operator.domains,
      stopped_at: operator.stopped_at?.toISOString() ?? null,
      stopped_reason: operator.stopped_reason,
      created_at: operator.created_at.toISOString(),
      credential: {
        kind: actor.kind,
        id: actor.credential_id,
        scopes: [...actor.scopes],
        mailbox_ids: actor.mailbox_ids === null ? null : [...actor.mailbox_ids],
        test: actor.test,
      },
    };
  },
});
