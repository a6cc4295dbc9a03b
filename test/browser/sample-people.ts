/** Members, invitations, sessions and passkeys of the sample instance, some of which would break a page that let them. */
import { z } from "zod";
import { invitation, member, passkey, session } from "../../src/contract/people.ts";
import { operation } from "../../src/contract/operation.ts";
import { type Role, roles } from "../../src/core/actor.ts";
import { type State, ago, newId } from "./sample-state.ts";

const define = operation<{ sample: State }>();
const usual = {
  tag: "sample",
  summary: "Sample",
  description: "Sample.",
  status: 200,
  refusals: [],
  tool: false,
} as const;
const input = z.looseObject({});
const done = z.object({ done: z.literal(true) });

const memberOf = (role: Role, name: string, email: string) => ({
  id: newId(),
  name,
  email,
  role,
  created_at: ago(900),
  sign_in_passkeys: 2,
  decision_passkeys: role === "auditor" ? 0 : 1,
});
const members = [
  memberOf("owner", "Grace Hopper", "grace@operator.example"),
  ...roles.map((role) => memberOf(role, `A member who is ${role}`, `${role}@operator.example`)),
  memberOf(
    "approver",
    `</table><script>alert(1)</script>${"long ".repeat(15)}`,
    `${"x".repeat(60)}@${"very-".repeat(10)}long.example`,
  ),
];
const invitations = [
  {
    id: newId(),
    email: "ada@new.example",
    name: "Ada",
    role: "approver" as const,
    invited_by: members[0]?.id ?? "",
    created_at: ago(3),
    expires_at: ago(-165),
    revoked_at: null,
  },
];
const sessionOf = (current: boolean, agent: string | null) => ({
  id: newId(),
  person_id: newId(),
  current,
  user_agent: agent,
  method: "link" as const,
  verified_by: "passkey" as const,
  verified_at: ago(0),
  created_at: ago(3),
  last_seen_at: ago(0),
  expires_at: ago(-9),
});
const sessions = [
  sessionOf(true, `Mozilla/5.0 (X11; Linux x86_64) ${"AppleWebKit/537.36 ".repeat(8)}`),
  sessionOf(false, null),
  sessionOf(false, `"><script>alert(1)</script>`),
];
const passkeys = [
  {
    id: newId(),
    name: "Laptop <b>",
    backed_up: true,
    created_at: ago(99),
    last_used_at: null,
    revoked_at: null,
  },
];

type Shape = Pick<Parameters<typeof define>[0], "method" | "path" | "effect" | "access">;
const lists = { effect: "read", method: "GET" } as const;

/** What the pages of people and of one's own account call. */
export const samplePeople = [
  define({
    ...usual,
    ...lists,
    name: "list_members",
    path: "/v1/members",
    access: "admin",
    input,
    output: z.object({ members: z.array(member), next_cursor: z.null() }),
    handle: async () => ({ members, next_cursor: null }),
  }),
  define({
    ...usual,
    ...lists,
    name: "list_invitations",
    path: "/v1/members/invitations",
    access: "admin",
    input,
    output: z.object({ invitations: z.array(invitation), next_cursor: z.null() }),
    handle: async () => ({ invitations, next_cursor: null }),
  }),
  define({
    ...usual,
    ...lists,
    name: "list_sessions",
    path: "/v1/sessions",
    access: "read",
    input,
    output: z.object({ sessions: z.array(session), next_cursor: z.null() }),
    handle: async () => ({ sessions, next_cursor: null }),
  }),
  define({
    ...usual,
    ...lists,
    name: "list_sign_in_passkeys",
    path: "/v1/passkeys/sign-in",
    access: "read",
    input,
    output: z.object({ passkeys: z.array(passkey) }),
    handle: async () => ({ passkeys }),
  }),
  ...(
    [
      ["invite_member", "/v1/members/invitations", "admin"],
      ["update_member", "/v1/members/change", "admin"],
      ["rename_sign_in_passkey", "/v1/passkeys/sign-in/rename", "read"],
      ["revoke_session", "/v1/sessions/end", "read"],
      ["revoke_sessions", "/v1/sessions/revoke", "read"],
    ] as const
  ).map(([name, path, access]) => {
    const shape: Shape = { method: "POST", path, effect: "write", access };
    const handle = async () => ({ done: true as const });
    return define({ ...usual, ...shape, name, input, output: done, handle });
  }),
];
