/** Signing in by passkey: any passkey for signing in that the device offers, one answer to one prompt. */
import type { Admission } from "../contract/sign-in.ts";
import {
  type AssertionResponse,
  type RequestOptions,
  assertionResponse,
} from "../contract/webauthn.ts";
import { Refusal } from "../core/refusal.ts";
import { type Tx, everyOperator } from "../store/database.ts";
import { type PasskeyRow, findSignInPasskey, useSignInPasskey } from "../store/sign-in-passkeys.ts";
import type { EngineContext } from "./context.ts";
import { beginSession } from "./sessions.ts";
import {
  assertionOptions,
  challengeOf,
  consumeChallenge,
  issueChallenge,
  relyingParty,
  verifyAssertion,
} from "./webauthn.ts";

/** A prompt may stay open as long as the page with it usually does. */
const challengeLife = 10 * 60_000;

/** Options of a prompt for whatever passkey the device has. Throws `passkeys_unavailable`. */
export async function signInPasskeyOptions(context: EngineContext): Promise<RequestOptions> {
  relyingParty(context);
  const challenge = await context.database.as(everyOperator, (tx) =>
    issueChallenge(context, tx, {
      purpose: "sign_in",
      person_id: null,
      session_id: null,
      data: {},
      life_ms: challengeLife,
    }),
  );
  return assertionOptions(context, { challenge, allow: [] });
}

/**
 * Begins a session for the person whose sign-in passkey answered; throws `invalid_passkey`. The challenge is used up before anything
 * is checked, so that no answer is tried twice. Null when the person went meanwhile.
 */
export async function signInByPasskey(
  context: EngineContext,
  answer: unknown,
  user_agent: string | null,
): Promise<Admission | null> {
  const response = readAnswer(answer);
  const challenge = challengeOf(response);
  const known = await context.database.as(everyOperator, (tx) =>
    consumeChallenge(context, tx, { purpose: "sign_in", challenge, person_id: null }),
  );
  if (!known) throw stalePrompt();
  const passkey = await findSignInPasskey(context.database, Buffer.from(response.id, "base64url"));
  if (!passkey) throw unknownPasskey();
  const proof = verifyAssertion(context, { challenge, response, public_key: passkey.public_key });
  return context.database.transaction(passkey.operator_id, async (tx) => {
    await noteUse(context, tx, passkey, proof);
    return beginSession(context, tx, { person_id: passkey.person_id, by: "passkey", user_agent });
  });
}

/** Reads what a browser answered to a prompt; throws `invalid_passkey`. */
export function readAnswer(answer: unknown): AssertionResponse {
  const read = assertionResponse.safeParse(answer);
  if (!read.success) throw new Refusal("invalid_passkey", "The passkey's answer is not complete.");
  return read.data;
}

/** Notes a use of a passkey; throws `invalid_passkey` where its count went backwards: then there are two of it. */
export async function noteUse(
  context: EngineContext,
  tx: Tx,
  passkey: PasskeyRow,
  proof: { sign_count: number; backed_up: boolean },
): Promise<void> {
  const use = { passkey_id: passkey.passkey_id, ...proof, now: context.now() };
  if (!(await useSignInPasskey(tx, use)))
    throw new Refusal("invalid_passkey", "This passkey was revoked, or there is a copy of it.");
}

/** The refusal of an answer to a prompt that is not open. */
export function stalePrompt(): Refusal {
  return new Refusal("invalid_passkey", "This prompt was answered already, or is too old.", {
    hint: "Open the page again.",
  });
}

/** The refusal of a passkey that signs nobody in; the same for one that is revoked, unknown, or for decisions only. */
export function unknownPasskey(): Refusal {
  return new Refusal("invalid_passkey", "This passkey signs nobody in here.", {
    hint: "Choose another, or sign in by a mailed code.",
  });
}
