/** `list_sessions`, `revoke_session`, `revoke_sessions`: where somebody is signed in, and ending it. */
import { z } from "zod";
import { session } from "../../contract/people.ts";
import { id, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { sessionOf } from "./views.ts";

export const listSessions = operation({
  name: "list_sessions",
  tag: "people",
  summary: "List sessions",
  description:
    "Lists where the person who asks is signed in. An owner may ask for another person. For people who are signed in, not for keys.",
  method: "GET",
  path: "/v1/sessions",
  effect: "read",
  access: "read",
  input: z.strictObject({ ...page, person_id: id.optional() }),
  output: z.object({ sessions: z.array(session), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "role_required"],
  tool: false,
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findSessions(actor, input);
    return { sessions: rows.map((row) => sessionOf(row, actor.credential_id)), next_cursor };
  },
});

export const revokeSession = operation({
  name: "revoke_session",
  tag: "people",
  summary: "End a session",
  description: "Ends one of the person's own sessions; an owner may end anybody's.",
  method: "DELETE",
  path: "/v1/sessions/{session_id}",
  effect: "destroy",
  access: "read",
  input: z.strictObject({ session_id: id }),
  output: z.object({ id, ended: z.literal(true) }),
  status: 200,
  refusals: ["validation_failed", "not_found", "role_required"],
  tool: false,
  async handle({ engine, actor }, { session_id }) {
    await engine.revokeSession(actor, session_id);
    return { id: session_id, ended: true as const };
  },
});

export const revokeSessions = operation({
  name: "revoke_sessions",
  tag: "people",
  summary: "Sign out everywhere",
  description:
    "Ends every session of the person who asks, the present one too unless keep_current says otherwise.",
  method: "POST",
  path: "/v1/sessions/revoke",
  effect: "destroy",
  access: "read",
  input: z.strictObject({ keep_current: z.boolean().default(false) }),
  output: z.object({ ended: z.int().describe("How many sessions ended") }),
  status: 200,
  refusals: ["validation_failed", "role_required"],
  tool: false,
  async handle({ engine, actor }, { keep_current }) {
    return { ended: await engine.revokeOwnSessions(actor, keep_current) };
  },
});
