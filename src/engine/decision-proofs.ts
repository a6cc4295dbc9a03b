/** What decisions of one transaction are proved by: answers of passkeys and codes of notices, each of which is good for one decision. */
import type { AssertionResponse } from "../contract/webauthn.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { noteDecisionPasskeys } from "../store/decision-passkeys.ts";
import type { LoadedMessage } from "../store/messages.ts";
import { livingCodes, useCodes } from "../store/one-time-codes.ts";
import { spendChallenges } from "../store/webauthn-challenges.ts";
import type { EngineContext } from "./context.ts";
import {
  type PasskeyProofs,
  type ProvenByPasskey,
  loadPasskeyProofs,
  proveByPasskey,
} from "./decide-by-passkey.ts";
import type { DecisionProof, Made } from "./decision-statement.ts";
import { codeTries } from "./one-time-code.ts";

/** Everything that the decisions of one transaction refer to, and what of it was good for one of them already. */
export type ProofsAtHand = {
  passkeys: PasskeyProofs;
  codes: ReadonlySet<string>;
  spent: Set<string>;
};

type Proof = DecisionProof | undefined;

/** Reads what these proofs refer to. The messages they are about must be locked before: whoever holds one alone decides on it. */
export async function loadProofs(
  context: EngineContext,
  tx: Tx,
  proofs: readonly Proof[],
): Promise<ProofsAtHand> {
  const [passkeys, codes] = await Promise.all([
    loadPasskeyProofs(context, tx, proofs.flatMap(assertionsOf)),
    livingCodes(tx, proofs.flatMap(codesOf), context.now(), codeTries),
  ]);
  return { passkeys, codes: new Set(codes), spent: new Set() };
}

function assertionsOf(proof: Proof): AssertionResponse[] {
  return proof?.class === "A" ? [proof.assertion] : [];
}

function codesOf(proof: Proof): readonly string[] {
  return proof?.class === "C" ? (proof.code_ids ?? []) : [];
}

/**
 * Checks how a decision is proved; of class A, answers what the passkey proves. What another decision of this transaction took proves
 * nothing more. Throws `invalid_passkey`, `invalid_code` or `role_required`.
 */
export function prove(
  context: EngineContext,
  actor: Actor,
  of: Pick<Made, "request"> & { row: LoadedMessage["row"] },
  at: ProofsAtHand,
): ProvenByPasskey | undefined {
  const { request, row } = of;
  if (codesOf(request.proof).some((id) => !at.codes.has(id) || at.spent.has(id)))
    throw new Refusal("invalid_code", "The code was used already, or is not valid any more.", {
      hint: "Take the code of the newest notice, or sign in.",
    });
  const [assertion] = assertionsOf(request.proof);
  if (!assertion) return undefined;
  const wish = { email_id: row.message_id, decision: request.decision, digest: row.digest };
  const proven = proveByPasskey(context, actor, wish, assertion, at.passkeys);
  if (at.spent.has(proven.challenge.toString("hex")))
    throw new Refusal("invalid_passkey", "The prompt was answered already.", {
      hint: "Ask for a new prompt and sign that.",
    });
  return proven;
}

/** Notes what a decision was proved by: it is good for no other. */
export function noteSpent({ request, proven }: Made, { spent }: ProofsAtHand): void {
  for (const id of codesOf(request.proof)) spent.add(id);
  if (proven) spent.add(proven.challenge.toString("hex"));
}

/** Uses up what decisions were proved by, with the decisions: what is refused, or undone by a crash, may be proved the same way again. */
export async function spendProofs(tx: Tx, made: readonly Made[], now: Date): Promise<void> {
  const proven = made.flatMap((one) => one.proven ?? []);
  const codes = made.flatMap(({ request }) => codesOf(request.proof));
  await Promise.all([
    spendChallenges(
      tx,
      proven.map(({ challenge }) => challenge),
    ),
    noteDecisionPasskeys(tx, proven, now),
    codes.length > 0 && useCodes(tx, codes, now),
  ]);
}
