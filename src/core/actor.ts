/** Who acts: the one shape that every door's authentication produces and every rule reads. */

/** What a credential may do. No scope implies another, except that `admin` implies `read` (product contract, section 1). */
export const scopes = ["read", "send", "admin", "oversight", "audit"] as const;

/** What any credential may hold: the scopes of keys, and `draft`, which OAuth grants hold alone: to write drafts and send nothing. */
export const heldScopes = [...scopes, "draft"] as const;

/** One of {@link heldScopes}. */
export type Scope = (typeof heldScopes)[number];

/** What a person may do in their operator. */
export const roles = ["owner", "admin", "approver", "auditor"] as const;

/** One of {@link roles}. */
export type Role = (typeof roles)[number];

/** How a person proved who they are. */
export type SignInMethod = "link" | "code" | "passkey" | "invitation";

/** An authenticated caller. `system` is our own workers; it never comes from a door. */
export type Actor = {
  kind: "api_key" | "person" | "system";
  operator_id: string;
  /** API key id, session id, or the worker's name. */
  credential_id: string;
  /** The person behind the credential, where there is one. */
  person_id: string | null;
  /** A person's role; null for keys. */
  role: Role | null;
  scopes: readonly Scope[];
  /** The mailboxes it is bound to; null means all of the operator. */
  mailbox_ids: readonly string[] | null;
  /** A test key: everything happens except that mail never leaves. */
  test: boolean;
  /** When a person last proved who they are, at sign-in or since (ISO 8601); null for keys. Sensitive acts want it fresh. */
  signed_in_at: string | null;
  /** How they did; only where it is `passkey` did a device of theirs answer. */
  verified_by?: SignInMethod;
  /** Principals whose mail it may not decide on besides its own: the other agents of the person that it decides for. */
  agents?: readonly string[];
  /** The sensitive call under way, where a key makes one: what a person granted is bound to it. */
  asks?: Ask;
};

/** A call as a person grants it: the operation, and its input with defaults and without an approval code. */
export type Ask = { operation: string; input: Record<string, unknown> };

/** Scopes that a person has by their role. Nobody sends as a person: mail is written by agents. */
export const roleScopes: Readonly<Record<Role, readonly Scope[]>> = {
  owner: ["read", "admin", "oversight", "audit"],
  admin: ["read", "admin", "oversight", "audit"],
  approver: ["read", "oversight"],
  auditor: ["read", "audit"],
};

/**
 * The identity that counts as "the same" for authorship and for distinct approvals: the person behind
 * a credential, else the credential itself. Two keys of one person are one principal.
 */
export function principal(actor: Pick<Actor, "credential_id" | "person_id">): string {
  return actor.person_id === null ? `key:${actor.credential_id}` : `person:${actor.person_id}`;
}

/** True when the actor holds `scope`, where `admin` implies `read` and nothing else implies anything. */
export function holds(actor: Pick<Actor, "scopes">, scope: Scope): boolean {
  return actor.scopes.includes(scope) || (scope === "read" && actor.scopes.includes("admin"));
}

/** True when the actor may see and use the mailbox. */
export function mayUseMailbox(actor: Pick<Actor, "mailbox_ids">, mailboxId: string): boolean {
  return actor.mailbox_ids === null || actor.mailbox_ids.includes(mailboxId);
}
