/** `get_reputation`: how a mailbox fares, for whoever has mail from it. */
import { z } from "zod";
import { id, mode, time } from "../../contract/resources.ts";
import { readMode } from "../../core/oversight/mode.ts";
import { standingDays, standings } from "../../engine/mailbox-reputation.ts";
import { operation } from "../context.ts";

export const getReputation = operation({
  name: "get_reputation",
  tag: "identity",
  summary: "How a mailbox fares",
  description: `Who answers for a mailbox, under what oversight it writes, and how its mail of the last ${standingDays} days was taken, in words without figures. The hash is the SHA-256 (hex) of its address in lower case, which whoever has mail from it knows.`,
  method: "GET",
  path: "/.well-known/reputation/{hash}",
  effect: "read",
  access: "public",
  input: z.strictObject({
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "is no SHA-256 in lower-case hex")
      .describe("Hex SHA-256 of the mailbox's address in lower case"),
  }),
  output: z.object({
    hash: z.string(),
    operator: z.object({
      id,
      name: z.string(),
      verified: z.boolean().describe("True where the mailbox's domain is proven to be theirs"),
    }),
    standing: z
      .enum(standings)
      .describe(
        "new: too little was sent to say; poor: too much bounces or is complained about; paused: it was stopped",
      ),
    oversight: mode,
    since: time.describe("The month in which the mailbox was made"),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
  async handle({ engine }, { hash }) {
    const { operator, standing, oversight, since } = await engine.reputation(hash);
    return { hash, operator, standing, oversight: readMode(oversight), since: since.toISOString() };
  },
});
