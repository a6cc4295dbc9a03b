/** Decisions by passkey (class A): what a device's answer proves. */
import { createHmac } from "node:crypto";
import { passkeyEnvelope } from "../audit/passkey-statement.ts";
import {
  type Decision,
  type StatementEnvelope,
  challenge as challengeFor,
  parseStatement,
} from "../audit/statement.ts";
import type { AssertionResponse } from "../contract/webauthn.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { type PasskeyRow, findDecisionPasskeys } from "../store/decision-passkeys.ts";
import { type ChallengeRow, readDecisionChallenges } from "../store/webauthn-challenges.ts";
import type { EngineContext } from "./context.ts";
import { assertPerson } from "./person-rules.ts";
import { challengeOf, verifyAssertion } from "./webauthn.ts";

/**
 * The randomness of a statement's commitments, drawn again when the decision is made: so nothing that opens them is kept beside the
 * challenge in the clear longer than the challenge itself.
 */
export function drawnFrom(seed: Buffer): (length: number) => Buffer {
  let drawn = 0;
  return (length) => {
    drawn += 1;
    return createHmac("sha256", seed).update(`draw ${drawn}`).digest().subarray(0, length);
  };
}

/** What is needed to judge the assertions of one transaction: challenges by hex, passkeys by credential id in base64url. */
export type PasskeyProofs = {
  challenges: ReadonlyMap<string, ChallengeRow>;
  passkeys: ReadonlyMap<string, PasskeyRow>;
};

/** Reads what these answers refer to. The messages they are about must be locked before. */
export async function loadPasskeyProofs(
  context: EngineContext,
  tx: Tx,
  assertions: readonly AssertionResponse[],
): Promise<PasskeyProofs> {
  if (assertions.length === 0) return { challenges: new Map(), passkeys: new Map() };
  const named = assertions.flatMap((assertion) => {
    try {
      return [challengeOf(assertion)];
    } catch (error) {
      // It is refused where its own decision is judged, and spoils no other.
      if (error instanceof Refusal) return [];
      throw error;
    }
  });
  const [challenges, passkeys] = await Promise.all([
    readDecisionChallenges(tx, named, context.now()),
    findDecisionPasskeys(
      tx,
      assertions.map(({ id }) => Buffer.from(id, "base64url")),
    ),
  ]);
  return {
    challenges: new Map(challenges.map((row) => [row.challenge.toString("hex"), row])),
    passkeys: new Map(passkeys.map((row) => [row.credential_id.toString("base64url"), row])),
  };
}

/** What a good answer proves, ready to be written down. */
export type ProvenByPasskey = {
  challenge: Buffer;
  statement: Buffer;
  /** Draws the commitments of the statement again. */
  random: (length: number) => Buffer;
  envelope: StatementEnvelope;
  passkey_id: string;
  sign_count: number;
  backed_up: boolean;
};

/**
 * Checks that the person's own passkey signed the statement that was made for just this decision. Throws `role_required` or
 * `invalid_passkey`.
 */
export function proveByPasskey(
  context: EngineContext,
  actor: Actor,
  wish: { email_id: string; decision: Decision; digest: string },
  assertion: AssertionResponse,
  proofs: PasskeyProofs,
): ProvenByPasskey {
  const personId = assertPerson(actor);
  const challenge = challengeOf(assertion);
  const open = proofs.challenges.get(challenge.toString("hex"));
  if (open?.person_id !== personId)
    throw invalid("The prompt is not known, too old, or was answered already.");
  const statement = Buffer.from(String(open.data["statement"]), "base64");
  const { subject, predicate } = parseStatement(statement);
  if (
    subject[0].name !== wish.email_id ||
    subject[0].digest.sha256 !== wish.digest ||
    predicate.decision !== wish.decision
  )
    throw invalid("The passkey signed another decision than this one.");
  const passkey = proofs.passkeys.get(assertion.id);
  if (passkey?.person_id !== personId)
    throw invalid("The passkey is not one of yours for decisions, or was revoked.");
  const seen = verifyAssertion(context, {
    challenge: challengeFor(statement),
    response: assertion,
    public_key: passkey.public_key,
  });
  return {
    ...seen,
    challenge,
    statement,
    random: drawnFrom(Buffer.from(String(open.data["seed"]), "hex")),
    envelope: passkeyEnvelope(statement, assertion.id, {
      clientDataJSON: Buffer.from(assertion.client_data_json, "base64url"),
      authenticatorData: Buffer.from(assertion.authenticator_data, "base64url"),
      signature: Buffer.from(assertion.signature, "base64url"),
    }),
    passkey_id: passkey.passkey_id,
  };
}

function invalid(message: string): Refusal {
  return new Refusal("invalid_passkey", message, { hint: "Ask for a new prompt and sign that." });
}
