/** Sign-up of an account where the instance is open: challenge, request, confirmation by a mailed code. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { assertOpen, line, mailboxName, mailedCode, oversightEmail } from "./fields.ts";

const signUpCall = { tag: "signup", access: "public", tool: false } as const;

export const getSignUpChallenge = operation({
  ...signUpCall,
  name: "get_sign_up_challenge",
  summary: "Get a proof-of-work challenge",
  description:
    "A challenge in the form of ALTCHA: find the number from 0 to maxnumber for which the SHA-256 of salt followed by the number, in hex, is challenge. A solution opens one sign-up, within 20 minutes.",
  method: "GET",
  path: "/v1/signup/challenge",
  effect: "read",
  input: z.strictObject({}),
  output: z.object({
    algorithm: z.literal("SHA-256"),
    challenge: z.string(),
    maxnumber: z.int(),
    salt: z.string(),
    signature: z.string(),
  }),
  status: 200,
  refusals: ["sign_up_closed"],
  async handle({ engine, instance }) {
    assertOpen(instance);
    return engine.proofChallenge();
  },
});

export const signUp = operation({
  ...signUpCall,
  name: "sign_up",
  summary: "Sign up",
  description:
    "Asks for an account. A code is mailed to the oversight address; who oversees an account already is mailed that instead, and the answer is the same.",
  method: "POST",
  path: "/v1/signup",
  effect: "write",
  input: z.strictObject({
    operator_name: line(100).describe("Who answers for the agents: a company or a person"),
    postal_address: line(500).describe(
      "Stands in the footer of every message, as the law asks of commercial mail; one line",
    ),
    oversight_email: oversightEmail,
    owner_name: line(100).optional().describe("Name of that person; the operator's if absent"),
    mailbox_local_part: mailboxName
      .default("agent")
      .describe("Name of the first mailbox, before the @"),
    altcha: z
      .string()
      .min(1)
      .max(2000)
      .describe(
        "Base64 of the JSON {algorithm, challenge, number, salt, signature}: the challenge with the number that solves it",
      ),
  }),
  output: z.object({
    status: z.literal("code_mailed"),
    sign_up_id: id.describe("Goes with the code to /v1/signup/confirm"),
    expires_at: time,
    hint: z.string(),
  }),
  status: 202,
  refusals: ["validation_failed", "sign_up_closed", "invalid_proof", "rate_limited"],
  async handle({ engine, instance }, input) {
    assertOpen(instance);
    const owner_name = input.owner_name ?? input.operator_name;
    const asked = await engine.requestSignUp({ ...input, owner_name });
    return {
      status: "code_mailed" as const,
      sign_up_id: asked.sign_up_id,
      expires_at: asked.expires_at.toISOString(),
      hint: "Mail went to the oversight address. Ask its reader for the code, and POST it with sign_up_id to /v1/signup/confirm.",
    };
  },
});

export const confirmSignUp = operation({
  ...signUpCall,
  name: "confirm_sign_up",
  summary: "Confirm a sign-up",
  description:
    "Makes the account with the mailed code: an operator with its own log and keys, its owner, a mailbox in gated_send, and one key, which is shown once. The owner signs in with a code that is mailed to the same address.",
  method: "POST",
  path: "/v1/signup/confirm",
  effect: "write",
  input: z.strictObject({ sign_up_id: id, code: mailedCode }),
  output: z.object({
    account_id: id,
    slug: z.string(),
    api_key: z.string().describe("The secret: shown once. Holds read, send, admin and audit"),
    mailbox_id: id,
    mailbox_address: z.string(),
    oversight_mode: z.literal("gated_send"),
    dashboard_url: z.string().describe("Where the owner signs in and decides"),
  }),
  status: 201,
  refusals: ["validation_failed", "sign_up_closed", "invalid_code"],
  async handle({ engine, instance }, input) {
    assertOpen(instance);
    const made = await engine.confirmSignUp(input);
    return {
      account_id: made.operator_id,
      slug: made.operator_slug,
      api_key: made.key,
      mailbox_id: made.mailbox_id,
      mailbox_address: made.mailbox_address,
      oversight_mode: "gated_send" as const,
      dashboard_url: `${instance.public_url}/`,
    };
  },
});
