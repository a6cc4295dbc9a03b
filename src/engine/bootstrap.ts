/** First start: the operator, its keys and log, a mailbox, a person, and three API keys. */
import type { Scope } from "../core/actor.ts";
import { insertApiKey } from "../store/credentials.ts";
import { insertMailbox } from "../store/mailboxes.ts";
import { insertPerson } from "../store/people.ts";
import { insertDomain } from "../store/domains.ts";
import { insertOperator, listOperators, lockOperators } from "../store/operators.ts";
import type { Tx } from "../store/database.ts";
import { appendRecords, noRecords } from "../store/records.ts";
import { auditOrigin } from "../audit/checkpoint.ts";
import { canBeName } from "../mail/compose-fields.ts";
import type { EngineContext } from "./context.ts";
import { makeEntry, worker } from "./record.ts";
import { newToken } from "./tokens.ts";

/** What a new operator is. */
export type NewOperator = {
  name: string;
  slug: string;
  postal_address: string;
  oversight_address: string;
  owner: { name: string; email: string };
  /** A verified domain that this operator alone writes from. */
  domain: string;
  mailbox_local_part: string;
};

/** The secrets of a new operator: shown once. */
export type Founded = {
  operator_id: string;
  mailbox_id: string;
  mailbox_address: string;
  admin_key: string;
  agent_key: string;
  oversight_key: string;
};

/** What each first key may do. The admin key holds `send`, so that it can grant it to narrower keys. */
const firstKeys: Readonly<Record<"admin" | "agent" | "oversight", readonly Scope[]>> = {
  admin: ["read", "send", "admin", "audit"],
  agent: ["read", "send"],
  oversight: ["read", "oversight", "audit"],
};

/**
 * Makes an operator with everything it needs to send one gated message, in one transaction. `keep` is given the
 * secrets before the commit, so that no crash can leave keys that nobody knows.
 */
export function foundOperator(
  context: EngineContext,
  wanted: NewOperator,
  keep: (founded: Founded) => Promise<void>,
): Promise<Founded> {
  return found(context, wanted, keep, () => Promise.resolve());
}

/** The same where there is no operator yet; of nodes that start at once one founds, and the others are answered null. */
export async function foundFirstOperator(
  context: EngineContext,
  wanted: NewOperator,
  keep: (founded: Founded) => Promise<void>,
): Promise<Founded | null> {
  try {
    return await found(context, wanted, keep, async (tx) => {
      await lockOperators(tx);
      if ((await listOperators(context.database)).length > 0) throw new NotTheFirst();
    });
  } catch (error) {
    if (error instanceof NotTheFirst) return null;
    throw error;
  }
}

class NotTheFirst extends Error {}

async function found(
  context: EngineContext,
  wanted: NewOperator,
  keep: (founded: Founded) => Promise<void>,
  check: (tx: Tx) => Promise<void>,
): Promise<Founded> {
  return foundBy(context, context.new_id(), wanted, {
    check,
    async keys(founding, { person_id, ...mailbox }) {
      const result: Founded = {
        ...mailbox,
        admin_key: await founding.key("admin", null),
        agent_key: await founding.key("agent", null),
        // The oversight key acts for the owner.
        oversight_key: await founding.key("oversight", person_id),
      };
      return result;
    },
    keep,
  });
}

/** What somebody who signed up begins with: one key, shown once. Keys that decide are a person's to make. */
export type SignedUp = {
  operator_id: string;
  mailbox_id: string;
  mailbox_address: string;
  key: string;
};

/** Makes the operator of somebody who signed up. Throws a unique violation where the slug or the domain is taken. */
export function foundSignedUp(
  context: EngineContext,
  operatorId: string,
  wanted: NewOperator,
): Promise<SignedUp> {
  return foundBy(context, operatorId, wanted, {
    check: () => Promise.resolve(),
    keys: async (founding, { person_id: _, ...mailbox }) => ({
      ...mailbox,
      key: await founding.key("admin", null, "sign-up"),
    }),
    keep: () => Promise.resolve(),
  });
}

type Begun = {
  operator_id: string;
  mailbox_id: string;
  mailbox_address: string;
  person_id: string;
};

async function foundBy<R>(
  context: EngineContext,
  operatorId: string,
  wanted: NewOperator,
  how: {
    check(tx: Tx): Promise<void>;
    keys(founding: Founding, begun: Begun): Promise<R>;
    keep(result: R): Promise<void>;
  },
): Promise<R> {
  const founded = await context.database.transaction(operatorId, async (tx) => {
    await how.check(tx);
    const founding = new Founding(context, tx, wanted);
    await founding.operator();
    const personId = await founding.owner();
    const mailbox = await founding.mailbox();
    const result = await how.keys(founding, {
      operator_id: operatorId,
      mailbox_id: mailbox.id,
      mailbox_address: mailbox.address,
      person_id: personId,
    });
    await founding.log();
    await how.keep(result);
    return result;
  });
  context.wake.sequence();
  return founded;
}

/** The steps of a founding, which share a transaction, a moment and the records that they leave. */
class Founding {
  readonly #context: EngineContext;
  readonly #tx: Tx;
  readonly #wanted: NewOperator;
  readonly #now: Date;
  readonly #records = noRecords();

  constructor(context: EngineContext, tx: Tx, wanted: NewOperator) {
    this.#context = context;
    this.#tx = tx;
    this.#wanted = wanted;
    this.#now = context.now();
  }

  #record(type: string, resource: string, data: Record<string, unknown>): void {
    this.#records.entries.push(makeEntry(this.#context, type, worker, { resource }, data).row);
  }

  async operator(): Promise<void> {
    const { slug, name, postal_address, oversight_address, domain } = this.#wanted;
    const id = this.#tx.operator_id;
    const origin = auditOrigin(new URL(this.#context.public_url).host, id);
    await insertOperator(
      this.#tx,
      { slug, name, postal_address, oversight_address, stopped_at: null, created_at: this.#now },
      origin,
    );
    this.#record("operator.created", id, { slug, log: origin });
    await insertDomain(this.#tx, {
      domain_id: this.#context.new_id(),
      name: domain,
      // The host vouches for it: its records are the host's business.
      instance: true,
      verified_at: this.#now,
      created_at: this.#now,
    });
    const { keyring, new_id } = this.#context;
    for (const key of await keyring.create(this.#tx, [domain], this.#now, new_id))
      this.#record("signing_key.created", key.key_id, key);
  }

  async owner(): Promise<string> {
    const id = this.#context.new_id();
    await insertPerson(this.#tx, {
      ...this.#wanted.owner,
      person_id: id,
      role: "owner",
      created_at: this.#now,
    });
    this.#record("person.created", id, { role: "owner" });
    return id;
  }

  async mailbox(): Promise<{ id: string; address: string }> {
    const id = this.#context.new_id();
    const address = `${this.#wanted.mailbox_local_part}@${this.#wanted.domain}`;
    await insertMailbox(this.#tx, {
      mailbox_id: id,
      address,
      display_name: canBeName(this.#wanted.name) ? this.#wanted.name : null,
      mode: "gated_send",
      approvals_required: 1,
      expiry_seconds: 7 * 24 * 3600,
      undo_seconds: 10,
      ai_disclosure: true,
      created_at: this.#now,
      updated_at: this.#now,
    });
    this.#record("mailbox.created", id, { address, mode: "gated_send", approvals_required: 1 });
    return { id, address };
  }

  /** Makes one of the first keys; answers its secret. */
  async key(
    name: keyof typeof firstKeys,
    personId: string | null,
    createdBy = "first start",
  ): Promise<string> {
    const id = this.#context.new_id();
    const { token, hash, shown } = newToken("mm_live_", this.#context.random);
    const scopes = [...firstKeys[name]];
    await insertApiKey(this.#tx, {
      key_id: id,
      name: `first ${name} key`,
      token_hash: hash,
      prefix: shown,
      scopes,
      mailbox_ids: null,
      test: false,
      person_id: personId,
      created_by: createdBy,
      created_at: this.#now,
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
    });
    this.#record("api_key.created", id, { scopes, person_id: personId, test: false });
    return token;
  }

  log(): Promise<void> {
    return appendRecords(this.#tx, this.#records);
  }
}
