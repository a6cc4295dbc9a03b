/** Keys as the owner makes them: no key of an instance is wide enough to make every kind. */
import { type Actor, type Scope, roleScopes } from "../../src/core/actor.ts";
import { firstOwner, insertPerson } from "../../src/store/people.ts";
import type { SecondNode } from "./second-node.ts";

/** What a key may be besides its scopes. */
export type KeyWish = {
  mailbox_ids?: string[];
  test?: boolean;
  person_id?: string;
  expires_at?: string;
};

/** The owner's id, and keys of every kind. */
export type OwnerKeys = {
  owner_id: string;
  /** A key with these scopes; its id and its secret. */
  make(scopes: readonly Scope[], wish?: KeyWish): Promise<{ id: string; secret: string }>;
  /** Another person of the operator; their id. */
  person(name: string): Promise<string>;
};

/** Makes keys for the first operator. */
export async function ownerKeys(node: SecondNode): Promise<OwnerKeys> {
  const ownerId = (await node.as(firstOwner))?.person_id ?? "";
  const owner = (): Actor => ({
    kind: "person",
    operator_id: node.operator_id,
    credential_id: node.context.new_id(),
    person_id: ownerId,
    role: "owner",
    scopes: roleScopes.owner,
    mailbox_ids: null,
    test: false,
    signed_in_at: node.context.now().toISOString(),
  });
  return {
    owner_id: ownerId,
    async make(scopes, wish = {}) {
      const { row, secret } = await node.engine.createApiKey(owner(), {
        name: scopes.join(" "),
        scopes,
        mailbox_ids: null,
        test: false,
        person_id: null,
        expires_at: null,
        ...wish,
      });
      return { id: row.key_id, secret };
    },
    async person(name) {
      const personId = node.context.new_id();
      await node.as((tx) =>
        insertPerson(tx, {
          person_id: personId,
          name,
          email: `${name}@example.com`,
          role: "approver",
          created_at: new Date(),
        }),
      );
      return personId;
    },
  };
}

/** The secret of a key that the owner makes. */
export async function keyOf(
  node: SecondNode,
  scopes: readonly Scope[],
  wish: KeyWish = {},
): Promise<string> {
  return (await (await ownerKeys(node)).make(scopes, wish)).secret;
}
