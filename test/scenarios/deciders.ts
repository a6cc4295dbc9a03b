/** People who decide by passkey, with devices in software: through the engine of a second node, as the pages call it. */
import { type Actor, type Role, roleScopes } from "../../src/core/actor.ts";
import { challenge } from "../../src/audit/statement.ts";
import type { CoseAlgorithm } from "../../src/audit/cose.ts";
import {
  type AssertionFaults,
  type AssertionJson,
  type Authenticator,
  createAuthenticator,
} from "../evidence/authenticator.ts";
import type { Answer } from "./running.ts";
import type { SecondNode } from "./second-node.ts";

/** A person with a fresh session. */
export type Person = Actor & { person_id: string };

let counter = 0;

/** Adds a member of the first operator who signed in this moment. */
export async function decider(node: SecondNode, role: Role): Promise<Person> {
  const id = `P${String(counter++).padStart(25, "0")}`;
  await node.asOwner(
    `INSERT INTO person (operator_id, person_id, name, email, role, created_at)
     VALUES ('${node.operator_id}', '${id}', 'Person ${id}', '${id.toLowerCase()}@people.example', '${role}', now())`,
  );
  return personOf(node, id, role);
}

/** A person who is there already, signed in this moment. */
export function personOf(node: SecondNode, id: string, role: Role): Person {
  return {
    kind: "person",
    operator_id: node.operator_id,
    credential_id: `S${id.slice(1)}`,
    person_id: id,
    role,
    scopes: roleScopes[role],
    mailbox_ids: null,
    test: false,
    signed_in_at: new Date().toISOString(),
  };
}

/** Where the instance's pages are. */
export function placeOf(node: SecondNode): { origin: string; rp_id: string } {
  const { origin, hostname } = new URL(node.context.public_url);
  return { origin, rp_id: hostname };
}

/** A new device of the person, in the directory. */
export async function enrolled(
  node: SecondNode,
  person: Person,
  algorithm: CoseAlgorithm = -7,
): Promise<{ device: Authenticator; passkey_id: string }> {
  const device = createAuthenticator(placeOf(node), algorithm);
  const options = await node.engine.decisionPasskeyOptions(person);
  const { passkey_id } = await node.engine.enrolDecisionPasskey(person, {
    name: "A device",
    response: device.enrol(options.challenge),
  });
  return { device, passkey_id };
}

type Verb = "approve" | "reject" | "revise";

/** What the device answers to the prompt for this decision. */
export async function answer(
  node: SecondNode,
  person: Person,
  device: Authenticator,
  message: Answer["body"],
  decision: Verb = "approve",
  faults: AssertionFaults = {},
): Promise<AssertionJson> {
  const wish = { email_id: message.id, decision, digest: message.digest };
  const [prompt] = await node.engine.promptForDecisions(person, [wish]);
  if (!prompt) throw new Error("no prompt");
  return device.assert(challenge(prompt.statement), faults);
}

/** Decides with an answer of a device. */
export function decideBy(
  node: SecondNode,
  person: Person,
  message: Answer["body"],
  assertion: AssertionJson,
  decision: Verb = "approve",
) {
  const proof = { class: "A", assertion } as const;
  const request = { email_id: message.id, decision, digest: message.digest, proof };
  return node.engine.decide(person, [request]);
}
