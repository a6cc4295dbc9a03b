/** Codes that are mailed to a person to sign in with, or to prove again who they are. */
import type { Tx } from "../store/database.ts";
import type { EngineContext } from "./context.ts";
import { issueCode } from "./one-time-code.ts";
import { queueServiceMail } from "./service-mail.ts";

/** Who gets a code. */
export type CodeReader = {
  operator_id: string;
  person_id: string;
  email: string;
  operator_name: string;
};

/** A code works for ten minutes, and a person gets five an hour. */
const codeLife = 10 * 60_000;
const perHour = 5;

const uses = {
  sign_in: { subject: "Your sign-in code", wants: "sign in to MultiMail" },
  step_up: { subject: "Your confirmation code", wants: "confirm who they are in MultiMail" },
} as const;

/** Issues a code and queues the mail that brings it, in the caller's transaction; throws `rate_limited`. */
export async function mailCodeTo(
  context: EngineContext,
  tx: Tx,
  reader: CodeReader,
  purpose: keyof typeof uses,
): Promise<void> {
  const code = await issueCode(context, tx, {
    purpose,
    subject: reader.person_id,
    data: {},
    life_ms: codeLife,
    per_hour: perHour,
  });
  const { subject, wants } = uses[purpose];
  await queueServiceMail(context, tx, {
    kind: "code",
    to: reader.email,
    subject,
    text: `Somebody, hopefully you, wants to ${wants}, as ${reader.email} of ${reader.operator_name}, at ${context.public_url}

Your code: ${code}

It works once, within 10 minutes. Type it only on that page, and tell it to nobody: no person will ever ask you for it.
If this was not you, ignore this mail. Nobody gets in without the code.
`,
  });
}
