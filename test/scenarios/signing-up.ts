/** Newcomers for tests: proofs of work solved, and sign-ups whose code is known. */
import { createHash } from "node:crypto";
import type { ProofChallenge } from "../../src/engine/proof-of-work.ts";
import { issueCode } from "../../src/engine/one-time-code.ts";
import { insertSignUp } from "../../src/store/sign-ups.ts";
import type { SecondNode } from "./second-node.ts";

/** Solves a challenge as a client does; the base64 that is sent. */
export function solved(challenge: ProofChallenge): string {
  const { maxnumber, ...rest } = challenge;
  for (let number = 0; number <= maxnumber; number++) {
    const hash = createHash("sha256").update(`${challenge.salt}${number}`).digest("hex");
    if (hash === challenge.challenge) return encoded({ ...rest, number });
  }
  throw new Error("the challenge has no solution");
}

/** A payload as it travels. */
export function encoded(payload: unknown): string {
  return Buffer.from(JSON.stringify(payload)).toString("base64");
}

/** A sign-up of the kind whose code is known: what confirms it. */
export async function openSignUp(
  node: SecondNode,
  kind: "account" | "agent",
  email: string,
): Promise<{ id: string; code: string }> {
  const id = node.context.new_id();
  const now = node.context.now();
  const expires_at = new Date(now.getTime() + 3_600_000);
  const account = {
    operator_name: `Newcomer ${id.slice(-4)}`,
    postal_address: "2 New Street",
    owner_name: "Grace",
    mailbox_local_part: "agent",
  };
  const agent = { agent_name: "Helper", scopes: ["read", "send"], mailbox: "helper" };
  const code = await node.as(async (tx) => {
    await insertSignUp(tx, {
      sign_up_id: id,
      kind,
      email,
      known: kind === "agent",
      joins: kind === "agent" ? node.operator_id : null,
      wanted: kind === "agent" ? agent : account,
      created_at: now,
      expires_at,
    });
    const purpose = kind === "agent" ? "agent" : "sign_up";
    const life = { life_ms: 3_600_000, per_hour: 1, digits: kind === "agent" };
    return issueCode(node.context, tx, { purpose, subject: id, data: {}, ...life });
  });
  return { id, code };
}

let counter = 0;

/** Rows of the authorisation matrix: each makes a newcomer of its own. */
export function newcomerInputs(
  node: () => SecondNode,
): Record<string, () => Promise<object> | object> {
  const stranger = (): string => `new${counter++}@people.example`;
  return {
    get_sign_up_challenge: () => ({}),
    sign_up: async () => ({
      operator_name: "A newcomer",
      postal_address: "2 New Street",
      oversight_email: stranger(),
      altcha: solved(await node().engine.proofChallenge()),
    }),
    confirm_sign_up: async () => {
      const { id, code } = await openSignUp(node(), "account", stranger());
      return { sign_up_id: id, code };
    },
    register_agent: () => ({ oversight_email: stranger(), agent_name: "Helper" }),
    confirm_agent: async () => {
      const { id, code } = await openSignUp(node(), "agent", "oversight@multimail.localhost");
      return { registration_id: id, code };
    },
  };
}
