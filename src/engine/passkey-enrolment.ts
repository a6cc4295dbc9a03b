/** Making a passkey, of either purpose: the prompt that a session opens, and the answer that only that session may give. */
import type { CreationOptions, RegistrationResponse } from "../contract/webauthn.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { type PasskeyRow, listCredentials } from "../store/sign-in-passkeys.ts";
import type { EngineContext } from "./context.ts";
import {
  type Enrolled,
  challengeOf,
  consumeChallenge,
  enrolmentOptions,
  issueChallenge,
  verifyRegistration,
} from "./webauthn.ts";

const promptLife = 10 * 60_000;

/** Whose passkey, and what it is for. */
type Wanted = { purpose: PasskeyRow["purpose"]; person_id: string };

/** Opens the prompt of the actor's session. Throws `rate_limited`, `passkeys_unavailable`. */
export async function openEnrolment(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  { purpose, person_id }: Wanted,
  more: Pick<Parameters<typeof enrolmentOptions>[1], "user" | "discoverable">,
): Promise<CreationOptions> {
  const challenge = await issueChallenge(context, tx, {
    purpose: `enrol_${purpose}`,
    person_id,
    session_id: actor.credential_id,
    data: {},
    life_ms: promptLife,
  });
  const exclude = await listCredentials(tx, person_id, purpose);
  return enrolmentOptions(context, { challenge, exclude, ...more });
}

/** The credential that the browser made for the prompt of this session; the prompt is used up. Throws `invalid_passkey`. */
export async function answeredEnrolment(
  context: EngineContext,
  actor: Actor,
  { purpose, person_id }: Wanted,
  response: RegistrationResponse,
): Promise<Enrolled> {
  const challenge = challengeOf(response);
  const by = { purpose: `enrol_${purpose}`, challenge, person_id } as const;
  const open = await context.database.as(actor.operator_id, (tx) =>
    consumeChallenge(context, tx, by),
  );
  if (open?.session_id !== actor.credential_id)
    throw new Refusal("invalid_passkey", "This prompt was answered already, or is too old.", {
      hint: "Begin again.",
    });
  return verifyRegistration(context, { challenge, response });
}
