/** How long mail is kept: read and changed. */
import { z } from "zod";
import { time } from "../../contract/resources.ts";
import type { Retention } from "../../engine/retention.ts";
import { operation } from "../context.ts";

/** A hundred years. */
const mostDays = 36_525;

const rule = z.strictObject({
  keep_days: z
    .int()
    .min(0)
    .max(mostDays)
    .default(0)
    .describe("Days that mail must be kept: nobody erases it before"),
  delete_after_days: z
    .int()
    .min(1)
    .max(mostDays)
    .nullable()
    .default(null)
    .describe("Days after which mail is erased; null: never by age"),
});

const shown = z.object({
  outbound: rule,
  inbound: rule,
  spam: rule,
  version: z.int().describe("0 before anybody changed them"),
  updated_by: z.string().nullable(),
  updated_at: time.nullable(),
});

function retentionOf({ rules, version, updated_by, updated_at }: Retention): z.infer<typeof shown> {
  return { ...rules, version, updated_by, updated_at: updated_at?.toISOString() ?? null };
}

const retention = { tag: "compliance", access: "admin", tool: false } as const;

export const getRetention = operation({
  ...retention,
  name: "get_retention",
  summary: "Get how long mail is kept",
  description: "The rules by kind of mail. Nothing is erased by age unless a rule says so.",
  method: "GET",
  path: "/v1/retention",
  effect: "read",
  input: z.strictObject({}),
  output: shown,
  status: 200,
  refusals: ["scope_required", "test_key"],
  handle: async ({ engine, actor }) => retentionOf(await engine.readRetention(actor)),
});

export const putRetention = operation({
  ...retention,
  name: "put_retention",
  summary: "Change how long mail is kept",
  description:
    "Replaces the rules of the kinds that are given. Mail past its age is erased within hours, once it has come to its end and no legal hold covers it. What had to be kept under earlier rules is still kept as long, and what has been both spam and ordinary mail as long as either rule asks for. Asked for by a key it needs a person.",
  method: "PUT",
  path: "/v1/retention",
  effect: "destroy",
  sensitive: true,
  input: z.strictObject({
    outbound: rule.optional(),
    inbound: rule.optional(),
    spam: rule.optional().describe("Received mail that screening or somebody called spam"),
  }),
  output: shown,
  status: 200,
  refusals: [
    "validation_failed",
    "scope_required",
    "role_required",
    "fresh_sign_in_required",
    "invalid_code",
    "rate_limited",
    "test_key",
  ],
  async handle({ engine, actor }, { outbound, inbound, spam }) {
    return retentionOf(
      await engine.changeRetention(actor, {
        ...(outbound === undefined ? {} : { outbound }),
        ...(inbound === undefined ? {} : { inbound }),
        ...(spam === undefined ? {} : { spam }),
      }),
    );
  },
});
