/** `list_sign_in_passkeys` and what else a person does with the passkeys they sign in with. */
import { z } from "zod";
import { passkey, personName } from "../../contract/people.ts";
import { id } from "../../contract/resources.ts";
import { creationOptions, registrationResponse } from "../../contract/webauthn.ts";
import { operation } from "../context.ts";
import { passkeyOf } from "./views.ts";

export const listSignInPasskeys = operation({
  name: "list_sign_in_passkeys",
  tag: "people",
  summary: "List own sign-in passkeys",
  description: "Lists the passkeys that the person who asks signs in with. Not for keys.",
  method: "GET",
  path: "/v1/passkeys/sign-in",
  effect: "read",
  access: "read",
  input: z.strictObject({}),
  output: z.object({ passkeys: z.array(passkey) }),
  status: 200,
  refusals: ["validation_failed", "role_required"],
  tool: false,
  async handle({ engine, actor }) {
    return { passkeys: (await engine.findPasskeys(actor)).map(passkeyOf) };
  },
});

export const createSignInPasskeyOptions = operation({
  name: "create_sign_in_passkey_options",
  tag: "people",
  summary: "Begin to enrol a sign-in passkey",
  description:
    "Answers the options that the browser makes a passkey with. Needs a fresh sign-in. Not for keys.",
  method: "POST",
  path: "/v1/passkeys/sign-in/options",
  effect: "write",
  access: "read",
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
  handle: ({ engine, actor }) => engine.passkeyOptions(actor),
});

export const enrolSignInPasskey = operation({
  name: "enrol_sign_in_passkey",
  tag: "people",
  summary: "Enrol a sign-in passkey",
  description:
    "Keeps the passkey that the browser made for the options asked for before. It signs its person in and decides nothing. Needs a fresh sign-in; the person is told by mail.",
  method: "POST",
  path: "/v1/passkeys/sign-in",
  effect: "write",
  access: "read",
  input: z.strictObject({ name: personName, response: registrationResponse }),
  output: passkey,
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
    return passkeyOf(await engine.enrolPasskey(actor, input));
  },
});

export const renameSignInPasskey = operation({
  name: "rename_sign_in_passkey",
  tag: "people",
  summary: "Rename an own sign-in passkey",
  description: "Needs a fresh sign-in; the person is told by mail. Not for keys.",
  method: "PATCH",
  path: "/v1/passkeys/sign-in/{passkey_id}",
  effect: "write",
  access: "read",
  input: z.strictObject({ passkey_id: id, name: personName }),
  output: passkey,
  status: 200,
  refusals: ["validation_failed", "not_found", "role_required", "fresh_sign_in_required"],
  tool: false,
  async handle({ engine, actor }, { passkey_id, name }) {
    return passkeyOf(await engine.renamePasskey(actor, passkey_id, name));
  },
});

export const revokeSignInPasskey = operation({
  name: "revoke_sign_in_passkey",
  tag: "people",
  summary: "Revoke an own sign-in passkey",
  description:
    "It signs nobody in any more. Needs a fresh sign-in; the person is told by mail. Not for keys.",
  method: "DELETE",
  path: "/v1/passkeys/sign-in/{passkey_id}",
  effect: "destroy",
  access: "read",
  input: z.strictObject({ passkey_id: id }),
  output: passkey,
  status: 200,
  refusals: ["validation_failed", "not_found", "role_required", "fresh_sign_in_required"],
  tool: false,
  async handle({ engine, actor }, { passkey_id }) {
    return passkeyOf(await engine.revokePasskey(actor, passkey_id));
  },
});
