/** Prompts to decide by passkey (class A): the statement that a person's device is asked to sign. */
import { type Decision, challenge as challengeFor } from "../audit/statement.ts";
import type { RequestOptions } from "../contract/webauthn.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { type PasskeyRow, listDirectory } from "../store/decision-passkeys.ts";
import { type LoadedMessage, loadMessages } from "../store/messages.ts";
import type { EngineContext } from "./context.ts";
import { drawnFrom } from "./decide-by-passkey.ts";
import { loadQuoted, makeStatement } from "./decision-statement.ts";
import { assertInTime } from "./pending-due.ts";
import { assertPerson } from "./person-rules.ts";
import { assertVisible } from "./read-messages.ts";
import type { Opening } from "./record.ts";
import { assertionOptions, issueChallenge } from "./webauthn.ts";

/** As long as the statement itself holds. */
const challengeLife = 10 * 60_000;

/** What a person is about to decide. `digest` is that of the content they see. */
export type PasskeyWish = { email_id: string; decision: Decision; digest: string };

/**
 * What the device is asked: the statement's bytes, and what opens its commitments. The challenge is not here: whoever asks the device
 * computes it from the statement that they have checked.
 */
export type PasskeyPrompt = PasskeyWish & {
  statement: Buffer;
  openings: Opening[];
  options: Omit<RequestOptions, "challenge">;
  expires_at: string;
};

/**
 * Makes the statements for one prompt each, and keeps their challenges for ten minutes. Throws `role_required` for keys, `not_found`,
 * `not_pending`, `stale_digest`, `passkey_required` for who has no passkey for decisions, `passkeys_unavailable`.
 */
export async function promptForDecisions(
  context: EngineContext,
  actor: Actor,
  wishes: readonly PasskeyWish[],
): Promise<PasskeyPrompt[]> {
  const personId = assertPerson(actor);
  return context.database.transaction(actor.operator_id, async (tx) => {
    const passkeys = await listDirectory(tx, { person_id: personId, revoked: false });
    if (passkeys.length === 0)
      throw new Refusal("passkey_required", "You have no passkey for decisions yet.", {
        hint: `Enrol one: ${context.public_url}/decision-passkeys`,
      });
    const loaded = await loadMessages(
      tx,
      wishes.map((wish) => wish.email_id),
      false,
    );
    const prompts: PasskeyPrompt[] = [];
    for (const wish of wishes) {
      const message = loaded.find(({ row }) => row.message_id === wish.email_id);
      assertVisible(actor, message);
      assertDecidable(message, wish, context.now());
      prompts.push(await promptFor(context, tx, actor, message, wish, passkeys));
    }
    return prompts;
  });
}

function assertDecidable({ row }: LoadedMessage, wish: PasskeyWish, now: Date): void {
  if (row.status !== "pending_approval")
    throw new Refusal("not_pending", `The message is ${row.status}: there is nothing to decide.`);
  assertInTime(row, now);
  if (row.digest !== wish.digest)
    throw new Refusal("stale_digest", "The message changed since it was read.", {
      field: "digest",
      hint: `Read it again; its digest is ${row.digest}.`,
    });
}

async function promptFor(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  { row, recipients }: LoadedMessage,
  wish: PasskeyWish,
  passkeys: readonly PasskeyRow[],
): Promise<PasskeyPrompt> {
  const seed = context.random(32);
  const made = { actor, class: "A", decision: wish.decision, row, recipients } as const;
  const quoted = await loadQuoted(tx, [made]);
  const { statement, content } = await makeStatement(
    context,
    tx.operator_id,
    made,
    quoted,
    drawnFrom(seed),
  );
  const challenge = challengeFor(statement);
  await issueChallenge(context, tx, {
    purpose: "decide",
    person_id: actor.person_id,
    session_id: actor.credential_id,
    data: { statement: statement.toString("base64"), seed: seed.toString("hex") },
    life_ms: challengeLife,
    challenge,
  });
  const { challenge: _, ...options } = assertionOptions(context, { challenge, allow: passkeys });
  return {
    ...wish,
    statement,
    openings: content.all,
    options,
    expires_at: new Date(context.now().getTime() + challengeLife).toISOString(),
  };
}
