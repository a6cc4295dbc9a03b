/** Tests of actors: who counts as the same, what a scope allows, which mailboxes are theirs. */
import { expect, it } from "vitest";
import { type Scope, holds, mayUseMailbox, principal, roleScopes, roles, scopes } from "./actor.ts";

it("two credentials of one person are one principal; a key of nobody is its own", () => {
  const mine = { credential_id: "k1", person_id: "p" };
  expect(principal(mine)).toBe("person:p");
  expect(principal({ ...mine, credential_id: "k2" })).toBe(principal(mine));
  expect(principal({ credential_id: "p", person_id: null })).toBe("key:p");
  expect(principal({ credential_id: "k1", person_id: null })).not.toBe(
    principal({ credential_id: "k2", person_id: null }),
  );
});

it("admin implies read, and no other scope implies another", () => {
  for (const held of scopes)
    for (const asked of scopes) {
      const expected = held === asked || (held === "admin" && asked === "read");
      expect(holds({ scopes: [held] }, asked), `${held} for ${asked}`).toBe(expected);
    }
  expect(scopes.some((scope) => holds({ scopes: [] }, scope))).toBe(false);
});

it("nobody sends as a person, and an auditor cannot decide", () => {
  const table: Record<string, readonly Scope[]> = roleScopes;
  expect(Object.keys(table).toSorted()).toEqual(roles.toSorted());
  for (const role of roles) expect(roleScopes[role], role).not.toContain("send");
  expect(roles.filter((role) => roleScopes[role].includes("oversight"))).toEqual([
    "owner",
    "admin",
    "approver",
  ]);
  expect(roles.filter((role) => roleScopes[role].includes("admin"))).toEqual(["owner", "admin"]);
});

it("a bound credential uses its mailboxes only, one bound to none uses none", () => {
  expect(mayUseMailbox({ mailbox_ids: null }, "m")).toBe(true);
  expect(mayUseMailbox({ mailbox_ids: ["m"] }, "m")).toBe(true);
  expect(mayUseMailbox({ mailbox_ids: ["m"] }, "n")).toBe(false);
  expect(mayUseMailbox({ mailbox_ids: [] }, "m")).toBe(false);
});
