/** One-time links that sign a person in: made by the host for the first owner, and by an owner for a member. */
import type { Tx } from "../store/database.ts";
import { insertSignInLink } from "../store/sessions.ts";
import type { EngineContext } from "./context.ts";
import { newToken } from "./tokens.ts";

/** Makes a link that works once within `life_ms`, in the caller's transaction; answers its address. */
export async function insertLink(
  context: EngineContext,
  tx: Tx,
  personId: string,
  life_ms: number,
): Promise<string> {
  const { token, hash } = newToken("mm_link_", context.random);
  const now = context.now();
  await insertSignInLink(tx, {
    token_hash: hash,
    person_id: personId,
    created_at: now,
    expires_at: new Date(now.getTime() + life_ms),
    used_at: null,
  });
  return `${context.public_url}/sign-in?token=${token}`;
}
