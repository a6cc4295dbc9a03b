/** What a grant may let a program do: the levels of access that people choose from, and which of them a role may give. */
import type { Role, Scope } from "../core/actor.ts";

/** Scopes of OAuth grants; the only ones that are offered. */
export const grantScopes = ["read", "draft", "send", "oversight"] as const;

/** One of {@link grantScopes}. */
export type GrantScope = (typeof grantScopes)[number];

/** The levels, the least first. */
export const levels = ["read", "draft", "send", "decide"] as const;

/** One of {@link levels}. */
export type Level = (typeof levels)[number];

/** What a level gives. No level writes and decides: what a program wrote, another party decides on. */
export const levelScopes: Readonly<Record<Level, readonly GrantScope[]>> = {
  read: ["read"],
  draft: ["read", "draft"],
  send: ["read", "send"],
  decide: ["read", "oversight"],
};

/**
 * The levels that somebody of this role may give. Programs that write are agents, and agents are an owner's or admin's to let in, as
 * with keys; deciding is passed on by who may decide.
 */
const roleLevels: Readonly<Record<Role, readonly Level[]>> = {
  owner: levels,
  admin: levels,
  approver: ["read", "decide"],
  auditor: ["read"],
};

/** The levels that a request may lead to: within what it asks for (null: everything) and what the person may give. */
export function offeredLevels(role: Role, asked: readonly GrantScope[] | null): Level[] {
  return roleLevels[role].filter(
    (level) => asked === null || levelScopes[level].every((scope) => covers(asked, scope)),
  );
}

/** Who asks to read asks for nothing more than every level has; who asks to send may be given drafts alone. */
function covers(asked: readonly GrantScope[], scope: GrantScope): boolean {
  return scope === "read" || asked.includes(scope) || (scope === "draft" && asked.includes("send"));
}

/**
 * The level that is chosen beforehand: what the program asks for in so many words, else the least. Who asks for nothing, or for
 * everything that there is, as many do, has not said what it needs.
 */
export function suggestedLevel(
  offered: readonly Level[],
  asked: readonly GrantScope[] | null,
): Level {
  const writes = asked?.includes("send") === true || asked?.includes("draft") === true;
  const decides = asked?.includes("oversight") === true;
  if (writes === decides) return "read";
  if (decides) return offered.includes("decide") ? "decide" : "read";
  return offered.filter((level) => level !== "decide").at(-1) ?? "read";
}

/** Of a grant's scopes those that somebody of this role may give today. */
export function delegable(role: Role, scopes: readonly string[]): Scope[] {
  const may = new Set<string>(roleLevels[role].flatMap((level) => levelScopes[level]));
  return grantScopes.filter((scope) => scopes.includes(scope) && may.has(scope));
}

/** Reads a `scope` parameter (RFC 6749 section 3.3): the scopes of ours in it, null where there is none at all. Unknown ones are passed over. */
export function readScope(value: string | null): GrantScope[] | null {
  if (value === null || value.trim() === "") return null;
  const words = new Set(value.slice(0, 2000).split(" "));
  return grantScopes.filter((scope) => words.has(scope));
}
