/** The engine's calls about what an operator has: mailboxes, keys, contacts, the account itself and what it uses. */
import type { Authenticate } from "../contract/sign-in.ts";
import type { Actor } from "../core/actor.ts";
import { deleteAccount } from "./account-deletion.ts";
import {
  type ContactChange,
  type NewContact,
  addContact,
  changeContact,
  findContacts,
  readContact,
  removeContact,
} from "./contacts.ts";
import type { EngineContext } from "./context.ts";
import { type NewApiKey, createApiKey, revoke } from "./credentials.ts";
import { type KeyChange, changeApiKey } from "./key-change.ts";
import { deleteMailbox } from "./mailbox-deletion.ts";
import { type MailboxChange, type NewMailbox, changeMailbox, createMailbox } from "./mailboxes.ts";
import { createMetrics } from "./metrics.ts";
import type { PageRequest } from "./paging.ts";
import { createRateLimits, limited } from "./rate-limit.ts";
import { readUsage } from "./usage.ts";

/** These calls, bound to one context. */
export function accountCalls(context: EngineContext, authenticate: Authenticate) {
  const rate = createRateLimits(context);
  return {
    /** `authenticate` for doors: takes a request from the limits of whoever calls, and throws `rate_limited`. */
    admit: limited(authenticate, rate),
    rate,
    createMailbox: (actor: Actor, wanted: NewMailbox) => createMailbox(context, actor, wanted),
    changeMailbox: (actor: Actor, mailboxId: string, change: MailboxChange) =>
      changeMailbox(context, actor, mailboxId, change),
    deleteMailbox: (actor: Actor, mailboxId: string) => deleteMailbox(context, actor, mailboxId),
    createApiKey: (actor: Actor, wanted: NewApiKey) => createApiKey(context, actor, wanted),
    changeApiKey: (actor: Actor, keyId: string, change: KeyChange) =>
      changeApiKey(context, actor, keyId, change),
    revokeApiKey: (actor: Actor, keyId: string) => revoke(context, actor, keyId),
    findContacts: (actor: Actor, q: string | undefined, page: PageRequest) =>
      findContacts(context, actor, q, page),
    readContact: (actor: Actor, contactId: string) => readContact(context, actor, contactId),
    addContact: (actor: Actor, wanted: NewContact) => addContact(context, actor, wanted),
    changeContact: (actor: Actor, contactId: string, change: ContactChange) =>
      changeContact(context, actor, contactId, change),
    removeContact: (actor: Actor, contactId: string) => removeContact(context, actor, contactId),
    deleteAccount: (actor: Actor) => deleteAccount(context, actor),
    metrics: createMetrics(context),
    usage: (actor: Actor, wanted: Parameters<typeof readUsage>[2]) =>
      readUsage(context, actor, wanted),
  };
}
