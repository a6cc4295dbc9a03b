/** People signing in: by a one-time link, by a mailed code, by a passkey; and proving again who they are. */
import { setTimeout as delay } from "node:timers/promises";
import type { Admission, SignIn, Visitor } from "../contract/sign-in.ts";
import { Refusal } from "../core/refusal.ts";
import { findPeopleByEmail, firstOwner } from "../store/people.ts";
import { useSignInLink } from "../store/sessions.ts";
import type { EngineContext } from "./context.ts";
import { redeemCode } from "./one-time-code.ts";
import { acceptInvitation } from "./people-invitations.ts";
import { insertLink } from "./sign-in-link.ts";
import { type CodeReader, mailCodeTo } from "./sign-in-code.ts";
import { signInPasskeyOptions, signInByPasskey } from "./sign-in-passkey.ts";
import { beginSession, closeSession, openSession } from "./sessions.ts";
import { type SourcePace, sourcePace } from "./source-pace.ts";
import { createStepUp } from "./step-up.ts";
import { hashToken } from "./tokens.ts";

export { assertFresh } from "./person-rules.ts";

const minute = 60_000;
/** A link that the host makes works for a day, once. */
const linkLife = 24 * 60 * minute;
/** One network asks for so many codes or prompts, and tries so many answers, in ten minutes. */
const asks = 60;
const tries = 60;
/** A wrong code is answered no sooner, in milliseconds: a try that counts is written to disk, and one for nobody is not. */
const wrongCodeTakes = 100;
/** More operators than anybody works for under one address. */
const maxOperators = 10;

/** Makes a one-time link for the operator's first owner. */
export function mintSignInLink(context: EngineContext, operatorId: string): Promise<string> {
  return context.database.transaction(operatorId, async (tx) => {
    const owner = await firstOwner(tx);
    if (!owner) throw new Error(`operator ${operatorId} has no owner`);
    return insertLink(context, tx, owner.person_id, linkLife);
  });
}

/** Sign-in for the pages. */
export function createSignIn(context: EngineContext): SignIn {
  const asking = sourcePace(context.now, asks, 10 * minute);
  const trying = sourcePace(context.now, tries, 10 * minute);
  const begun = (admission: Admission | null): Admission => {
    if (!admission) throw unusableLink();
    context.wake.sequence();
    return admission;
  };
  return {
    async redeem(token, visitor) {
      const link = await useSignInLink(context.database, hashToken(token), context.now());
      if (!link) throw unusableLink();
      const arrival = {
        person_id: link.person_id,
        by: "link",
        user_agent: visitor.user_agent,
      } as const;
      return begun(
        await context.database.transaction(link.operator_id, (tx) =>
          beginSession(context, tx, arrival),
        ),
      );
    },

    accept: async (token, visitor) =>
      begun(await acceptInvitation(context, token, visitor.user_agent)),

    ...codeSignIn(context, asking, trying),

    async passkeyOptions(visitor) {
      asking(visitor.source);
      return signInPasskeyOptions(context);
    },

    async redeemPasskey(answer, visitor) {
      trying(visitor.source);
      return begun(await signInByPasskey(context, answer, visitor.user_agent));
    },

    session: (token) => openSession(context, token),
    end: (token) => closeSession(context, token),
    stepUp: createStepUp(context),
  };
}

/**
 * Sign-in by a mailed code. Nobody learns whether an address is known: what is answered, and the work before the answer, is the
 * same for each.
 */
function codeSignIn(
  context: EngineContext,
  asking: SourcePace,
  trying: SourcePace,
): Pick<SignIn, "requestCode" | "redeemCode"> {
  return {
    async requestCode(email: string, visitor: Visitor) {
      asking(visitor.source);
      const people = await findPeopleByEmail(context.database, email, maxOperators);
      // Only whom there is gets mail, and that takes time that an answer would show.
      void mailAll(context, people);
    },

    async redeemCode({ email, code }, visitor) {
      trying(visitor.source);
      const answerAt = performance.now() + wrongCodeTakes;
      const people = await findPeopleByEmail(context.database, email, maxOperators);
      const nobody = { operator_id: "", person_id: "nobody" };
      for (const person of people.length === 0 ? [nobody] : people) {
        const admission = await context.database.transaction(person.operator_id, async (tx) => {
          const subject = { purpose: "sign_in", subject: person.person_id };
          if (!(await redeemCode(context, tx, { ...subject, code }))) return null;
          const { person_id } = person;
          return beginSession(context, tx, {
            person_id,
            by: "code",
            user_agent: visitor.user_agent,
          });
        });
        if (!admission) continue;
        context.wake.sequence();
        return admission;
      }
      await delay(Math.max(0, answerAt - performance.now()));
      throw new Refusal("invalid_code", "This code is wrong, was used, or has expired.", {
        hint: "After five wrong tries a code is dead: ask for another.",
      });
    },
  };
}

async function mailAll(context: EngineContext, people: readonly CodeReader[]): Promise<void> {
  for (const person of people)
    try {
      await context.database.transaction(person.operator_id, (tx) =>
        mailCodeTo(context, tx, person, "sign_in"),
      );
    } catch (error) {
      // Whoever asks too often is not told that there is somebody.
      if (!(error instanceof Refusal))
        context.log.error({ error: String(error) }, "a sign-in code was not mailed");
    }
  context.wake.service_mail();
}

function unusableLink(): Refusal {
  return new Refusal("invalid_link", "This link is unknown, was used, or has expired.", {
    hint: "Sign in with your e-mail address, or make a link on the server with: npx multimail sign-in-link",
  });
}
