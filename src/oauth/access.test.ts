/** Levels of access: what a role may give, and that no level writes and decides. */
import { expect, test } from "vitest";
import { roles } from "../core/actor.ts";
import {
  delegable,
  levelScopes,
  levels,
  offeredLevels,
  readScope,
  suggestedLevel,
} from "./access.ts";

test("no level writes and decides", () => {
  for (const level of levels) {
    const scopes = levelScopes[level];
    const writes = scopes.includes("send") || scopes.includes("draft");
    expect([level, writes && scopes.includes("oversight")]).toEqual([level, false]);
  }
});

test("a role gives what it may and what was asked for, and no more", () => {
  expect(roles.map((role) => offeredLevels(role, null))).toEqual([
    ["read", "draft", "send", "decide"],
    ["read", "draft", "send", "decide"],
    ["read", "decide"],
    ["read"],
  ]);
  expect(offeredLevels("owner", ["read"])).toEqual(["read"]);
  expect(offeredLevels("owner", ["send"])).toEqual(["read", "draft", "send"]);
  expect(offeredLevels("owner", ["draft"])).toEqual(["read", "draft"]);
  expect(offeredLevels("approver", ["send", "oversight"])).toEqual(["read", "decide"]);
});

test("what is asked for in so many words is suggested, and the least to who asks for all or nothing", () => {
  expect(suggestedLevel(levels, null)).toBe("read");
  expect(suggestedLevel(levels, ["read", "draft", "send", "oversight"])).toBe("read");
  expect(suggestedLevel(["read", "draft", "send"], ["read", "send"])).toBe("send");
  expect(suggestedLevel(["read", "draft"], ["read", "draft"])).toBe("draft");
  expect(suggestedLevel(["read"], ["read", "send"])).toBe("read");
  expect(suggestedLevel(["read", "decide"], ["read", "oversight"])).toBe("decide");
});

test("a grant holds what its person's role gives today", () => {
  expect(delegable("owner", ["read", "send"])).toEqual(["read", "send"]);
  expect(delegable("approver", ["read", "send"])).toEqual(["read"]);
  expect(delegable("auditor", ["read", "oversight"])).toEqual(["read"]);
  expect(delegable("owner", ["read", "admin", "audit"])).toEqual(["read"]);
});

test("unknown scopes are passed over, and none at all leaves it open", () => {
  expect(readScope("read offline_access send")).toEqual(["read", "send"]);
  expect(readScope("openid")).toEqual([]);
  expect(readScope(" ")).toBeNull();
  expect(readScope(null)).toBeNull();
});
