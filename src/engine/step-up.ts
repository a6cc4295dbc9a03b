/** Proving again who one is in a living session, by passkey or mailed code; the session's token changes with it. */
import type { SignIn } from "../contract/sign-in.ts";
import { Refusal } from "../core/refusal.ts";
import { getOperator } from "../store/operators.ts";
import type { SessionRow } from "../store/sessions.ts";
import { findSignInPasskey, listSignInPasskeys } from "../store/sign-in-passkeys.ts";
import type { EngineContext } from "./context.ts";
import { redeemCode } from "./one-time-code.ts";
import { livingSession, renewSession } from "./sessions.ts";
import { mailCodeTo } from "./sign-in-code.ts";
import { noteUse, readAnswer, stalePrompt, unknownPasskey } from "./sign-in-passkey.ts";
import {
  assertionOptions,
  challengeOf,
  consumeChallenge,
  issueChallenge,
  verifyAssertion,
} from "./webauthn.ts";

const challengeLife = 10 * 60_000;

/** The ways to step up. */
export function createStepUp(context: EngineContext): SignIn["stepUp"] {
  return {
    async requestCode(token) {
      const row = await sessionOf(context, token);
      await context.database.transaction(row.operator_id, async (tx) => {
        const operator_name = (await getOperator(tx))?.name ?? "";
        await mailCodeTo(context, tx, { ...row, operator_name }, "step_up");
      });
      context.wake.service_mail();
    },

    async redeemCode(token, code) {
      const row = await sessionOf(context, token);
      const admission = await context.database.transaction(row.operator_id, async (tx) => {
        const subject = { purpose: "step_up", subject: row.person_id };
        if (!(await redeemCode(context, tx, { ...subject, code }))) return null;
        return renewSession(context, tx, row, "code");
      });
      if (!admission)
        throw new Refusal("invalid_code", "This code is wrong, was used, or has expired.", {
          hint: "After five wrong tries a code is dead: ask for another.",
        });
      context.wake.sequence();
      return admission;
    },

    async passkeyOptions(token) {
      const row = await sessionOf(context, token);
      return context.database.transaction(row.operator_id, async (tx) => {
        const allow = await listSignInPasskeys(tx, row.person_id);
        if (allow.length === 0) return null;
        const { person_id, session_id } = row;
        const challenge = await issueChallenge(context, tx, {
          purpose: "step_up",
          person_id,
          session_id,
          data: {},
          life_ms: challengeLife,
        });
        return assertionOptions(context, { challenge, allow });
      });
    },

    async redeemPasskey(token, answer) {
      const row = await sessionOf(context, token);
      const response = readAnswer(answer);
      const challenge = challengeOf(response);
      const { person_id } = row;
      const known = await context.database.as(row.operator_id, (tx) =>
        consumeChallenge(context, tx, { purpose: "step_up", challenge, person_id }),
      );
      if (!known || known.session_id !== row.session_id) throw stalePrompt();
      const passkey = await findSignInPasskey(
        context.database,
        Buffer.from(response.id, "base64url"),
      );
      if (passkey?.person_id !== person_id || passkey.operator_id !== row.operator_id)
        throw unknownPasskey();
      const { public_key } = passkey;
      const proof = verifyAssertion(context, { challenge, response, public_key });
      const admission = await context.database.transaction(row.operator_id, async (tx) => {
        await noteUse(context, tx, passkey, proof);
        return renewSession(context, tx, row, "passkey");
      });
      context.wake.sequence();
      return admission;
    },
  };
}

async function sessionOf(context: EngineContext, token: string): Promise<SessionRow> {
  const found = await livingSession(context, token);
  if (!found?.current) throw new Refusal("unauthenticated", "Your session has ended.");
  return found.row;
}
