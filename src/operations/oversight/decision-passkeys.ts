/** `list_decision_passkeys` and what else a person does with the passkeys they decide with. */
import { z } from "zod";
import { decisionPasskey } from "../../contract/directory.ts";
import { personName } from "../../contract/people.ts";
import { id } from "../../contract/resources.ts";
import { creationOptions, registrationResponse } from "../../contract/webauthn.ts";
import type { Engine } from "../../engine/engine.ts";
import { operation } from "../context.ts";

type Row = Awaited<ReturnType<Engine["revokeFromDirectory"]>>;

function passkeyOf(row: Row): z.input<typeof decisionPasskey> {
  return {
    id: row.passkey_id,
    person_id: row.person_id,
    person_name: row.person_name,
    name: row.name,
    algorithm: row.algorithm,
    backed_up: row.backed_up,
    log_index: row.idx,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}

export const listDecisionPasskeys = operation({
  name: "list_decision_passkeys",
  tag: "oversight",
  summary: "List the approver directory",
  description:
    "Lists the passkeys that people decide with: everybody's, or with own the caller's. With all also those that were revoked. Not for keys.",
  method: "GET",
  path: "/v1/passkeys/decision",
  effect: "read",
  access: "read",
  input: z.strictObject({ own: z.boolean().optional(), all: z.boolean().optional() }),
  output: z.object({ passkeys: z.array(decisionPasskey) }),
  status: 200,
  refusals: ["validation_failed", "role_required"],
  tool: false,
  async handle({ engine, actor }, { own = false, all = false }) {
    return { passkeys: (await engine.findDecisionPasskeys(actor, { own, all })).map(passkeyOf) };
  },
});

export const createDecisionPasskeyOptions = operation({
  name: "create_decision_passkey_options",
  tag: "oversight",
  summary: "Begin to enrol a passkey for decisions",
  description:
    "Answers the options that the browser makes a passkey with. Needs a fresh sign-in. Not for keys.",
  method: "POST",
  path: "/v1/passkeys/decision/options",
  effect: "write",
  access: "oversight",
  input: z.strictObject({}),
  output: creationOptions,
  status: 200,
  refusals: [
    "validation_failed",
    "role_required",
    "fresh_sign_in_required",
    "passkeys_unavailable",
    "rate_limited",
  ],
  tool: false,
  handle: ({ engine, actor }) => engine.decisionPasskeyOptions(actor),
});

export const enrolDecisionPasskey = operation({
  name: "enrol_decision_passkey",
  tag: "oversight",
  summary: "Enrol a passkey for decisions",
  description:
    "Puts the passkey that the browser made into the approver directory: what it signs from then on are decisions of class A. It signs nobody in. Needs a fresh sign-in; the person is told by mail, and the log has it. Not for keys.",
  method: "POST",
  path: "/v1/passkeys/decision",
  effect: "write",
  access: "oversight",
  input: z.strictObject({ name: personName, response: registrationResponse }),
  output: decisionPasskey,
  status: 201,
  refusals: [
    "validation_failed",
    "role_required",
    "fresh_sign_in_required",
    "passkeys_unavailable",
    "invalid_passkey",
    "already_exists",
    "rate_limited",
  ],
  tool: false,
  async handle({ engine, actor }, input) {
    return passkeyOf(await engine.enrolDecisionPasskey(actor, input));
  },
});

export const revokeDecisionPasskey = operation({
  name: "revoke_decision_passkey",
  tag: "oversight",
  summary: "Revoke a passkey for decisions",
  description:
    "It approves nothing from now on; what it approved before stands. One's own, or for owners and admins anybody's. Its person is told by mail, and the log has it. Not for keys.",
  method: "DELETE",
  path: "/v1/passkeys/decision/{passkey_id}",
  effect: "destroy",
  access: "oversight",
  input: z.strictObject({ passkey_id: id }),
  output: decisionPasskey,
  status: 200,
  refusals: ["validation_failed", "not_found", "role_required"],
  tool: false,
  async handle({ engine, actor }, { passkey_id }) {
    return passkeyOf(await engine.revokeFromDirectory(actor, passkey_id));
  },
});
