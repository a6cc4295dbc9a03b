/** `show_approval` and `decide_by_link`: what a mailed link shows, and the decision that its page sends. */
import { z } from "zod";
import { email, id, time, wireStatus } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { detailOf, toWire } from "../messages/views.ts";

const link = {
  tag: "oversight",
  path: "/v1/approve/{token}",
  access: "public",
  status: 200,
  tool: false,
} as const;
const token = z.string().min(1).max(600);

export const showApproval = operation({
  ...link,
  name: "show_approval",
  summary: "Show what a decision link is about",
  description:
    "Answers the email that the link's person was asked about. Opening it decides nothing, however often and by whatever program. page_token must come back with the decision.",
  method: "GET",
  effect: "read",
  input: z.strictObject({ token }),
  output: z.object({
    email,
    person: z.object({ id, name: z.string() }),
    open: z
      .boolean()
      .describe("False where this person has nothing to decide here any more, or it was edited"),
    sign_in: z
      .string()
      .nullable()
      .describe("Why one has to sign in to approve it; null where the link will do"),
    page_token: z.string(),
  }),
  refusals: ["validation_failed", "invalid_link"],
  async handle({ engine }, input) {
    const shown = await engine.showApproval(input.token);
    return {
      email: detailOf(shown.message),
      person: shown.person,
      open: shown.open,
      sign_in: shown.sign_in,
      page_token: shown.page_token,
    };
  },
});

export const decideByLink = operation({
  ...link,
  name: "decide_by_link",
  summary: "Decide by link",
  description:
    "Decides as the link's person, on the content that they were told of (class C). Needs the page_token of a GET within the hour. The link dies with the decision.",
  method: "POST",
  effect: "decide",
  input: z.strictObject({
    token,
    page_token: z.string().max(100),
    decision: z.enum(["approve", "reject", "revise"]),
    reason: z.string().max(2000).optional(),
  }),
  output: z.object({
    id,
    status: wireStatus,
    decision: z.enum(["approve", "reject", "revise"]),
    approvals: z.int(),
    approvals_required: z.int(),
    leaves_at: time.nullable(),
  }),
  refusals: [
    "validation_failed",
    "invalid_link",
    "csrf_failed",
    "not_found",
    "not_pending",
    "stale_digest",
    "self_approval",
    "already_decided",
    "passkey_required",
    "needs_sign_in",
  ],
  async handle({ engine }, input) {
    const done = await engine.decideByLink(input);
    return { ...done, status: toWire(done.status), decision: input.decision };
  },
});
