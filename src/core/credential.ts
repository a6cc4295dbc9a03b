/** The rules of what a new API key may be: no `send` with `oversight`, and never as wide as its maker. */
import type { Actor, Scope } from "./actor.ts";
import { Refusal } from "./refusal.ts";

/** What a key is asked to be. `expires_at` is ISO 8601 or null for none. */
export type KeyRequest = {
  scopes: readonly Scope[];
  mailbox_ids: readonly string[] | null;
  test: boolean;
  expires_at: string | null;
};

/** Throws `scopes_exclude_each_other` when one key would both write mail and decide on mail. */
export function assertScopesCompatible(wanted: readonly Scope[]): void {
  if (wanted.includes("send") && wanted.includes("oversight"))
    throw new Refusal(
      "scopes_exclude_each_other",
      "One key can never hold both send and oversight.",
      {
        field: "scopes",
        hint: "Create two keys and give them to two parties.",
      },
    );
}

/**
 * Throws `key_not_narrower` unless the wanted key can do strictly less than its maker. A person is not a
 * key: an owner or admin may create any single key, because a person answers for it.
 */
export function assertNarrower(
  maker: Actor,
  makerExpiresAt: string | null,
  wanted: KeyRequest,
): void {
  assertScopesCompatible(wanted.scopes);
  if (maker.kind !== "api_key") return;
  const refuse = (field: string, message: string): never => {
    throw new Refusal("key_not_narrower", message, {
      field,
      hint: "A key can only create keys narrower than itself; a member can create others in the dashboard.",
    });
  };
  const extra = wanted.scopes.filter((scope) => !maker.scopes.includes(scope));
  if (extra.length > 0)
    refuse("scopes", `This key does not hold ${extra.join(", ")} and cannot grant it.`);
  if (maker.mailbox_ids !== null) {
    const bound = maker.mailbox_ids;
    if (wanted.mailbox_ids === null || wanted.mailbox_ids.some((id) => !bound.includes(id)))
      refuse(
        "mailbox_ids",
        "This key is bound to mailboxes and can only create keys bound to some of them.",
      );
  }
  if (maker.test && !wanted.test) refuse("test", "A test key can only create test keys.");
  if (makerExpiresAt !== null && (wanted.expires_at === null || wanted.expires_at > makerExpiresAt))
    refuse("expires_at", "The new key would outlive the key that creates it.");
  const fewerScopes = maker.scopes.some((scope) => !wanted.scopes.includes(scope));
  const fewerMailboxes =
    wanted.mailbox_ids !== null &&
    (maker.mailbox_ids === null || wanted.mailbox_ids.length < maker.mailbox_ids.length);
  const testOnly = wanted.test && !maker.test;
  if (!fewerScopes && !fewerMailboxes && !testOnly)
    refuse("scopes", "The new key would be as wide as the key that creates it.");
}
