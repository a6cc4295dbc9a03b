/** The operator's own data: name, postal address, and the oversight address, whose change needs a person. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { AddressError, parseAddress } from "../mail/address.ts";
import type { Tx } from "../store/database.ts";
import { type OperatorRow, getOperator, holdOperator, updateOperator } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import { quoted } from "./code-mail.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { commitTo, entryActor, makeEntry, sealOpenings } from "./record.ts";
import { passSensitive } from "./sensitive.ts";
import { queueServiceMail } from "./service-mail.ts";

/** What may be changed; null takes the oversight address away. */
export type AccountChange = {
  name?: string | undefined;
  postal_address?: string | undefined;
  oversight_address?: string | null | undefined;
};

/**
 * Changes the operator. Throws `validation_failed`, `scope_required` for keys bound to mailboxes, `test_key`, and for the
 * oversight address what {@link passSensitive} throws. Whoever had the address until now is told.
 */
export async function changeAccount(
  context: EngineContext,
  actor: Actor,
  change: AccountChange,
): Promise<OperatorRow> {
  if (actor.mailbox_ids !== null)
    throw new Refusal(
      "scope_required",
      "A key that is bound to mailboxes cannot change the account.",
    );
  if (actor.test) throw liveThing("A test key changes no account: it serves live mail too.");
  const wanted = { ...change, ...addressOf(change) };
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    const before = await held(tx);
    const changes = Object.fromEntries(
      Object.entries(wanted).filter(
        ([field, value]) => value !== undefined && value !== before[field as keyof AccountChange],
      ),
    ) as { [K in keyof AccountChange]: Exclude<AccountChange[K], undefined> };
    if (Object.keys(changes).length === 0) return before;
    const passed = await passAddress(context, tx, actor, before, changes.oversight_address);
    await updateOperator(tx, changes);
    await record(context, tx, actor, before, { ...changes }, passed);
    return held(tx);
  });
  context.wake.sequence();
  context.wake.service_mail();
  return row;
}

function addressOf(change: AccountChange): AccountChange {
  const { oversight_address: text } = change;
  if (text === undefined || text === null) return {};
  try {
    return { oversight_address: parseAddress(text.trim()).address };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new Refusal("validation_failed", `oversight_address: ${error.reason}`, {
      field: "oversight_address",
    });
  }
}

/** Codes and notices go there: who moves it could approve everything else. The address so far is told while it still is one. */
async function passAddress(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  before: OperatorRow,
  to: string | null | undefined,
): Promise<{ change?: string }> {
  if (to === undefined) return {};
  const from = before.oversight_address;
  const { change } = await passSensitive(context, tx, actor, {
    summary: `Change the oversight address, to which codes and notices are mailed, from ${from ?? "none"} to ${to ?? "none"}.`,
    message: "Only an owner or admin can change the oversight address.",
    field: "oversight_address",
  });
  if (from !== null)
    await queueServiceMail(context, tx, {
      kind: "notice",
      to: from,
      subject: "The oversight address was changed",
      text: `${quoted(before.name, 200)} mails codes and notices to ${to ?? "nobody"} from now on, and no more to this address.\n\nIf you know nothing of this, look at the audit log: ${context.public_url}`,
    });
  return change;
}

async function held(tx: Tx): Promise<OperatorRow> {
  await holdOperator(tx);
  const operator = await getOperator(tx);
  if (!operator) throw new Error(`operator ${tx.operator_id} is gone`);
  return operator;
}

/** Addresses stand in the log as commitments. */
async function record(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  before: OperatorRow,
  changes: Record<string, unknown>,
  passed: { change?: string },
): Promise<void> {
  const { id } = entryActor(actor);
  const subject = await context.subjects.within(tx, before.oversight_address ?? id);
  const openings = Object.entries(changes).map(([field, value]) =>
    commitTo(context.random, field, typeof value === "string" ? value : ""),
  );
  const entry = makeEntry(
    context,
    "operator.changed",
    actor,
    { resource: tx.operator_id },
    { ...Object.fromEntries(openings.map(({ field, c }) => [field, c])), ...passed },
  );
  await appendRecords(tx, {
    entries: [entry.row],
    openings: [sealOpenings(entry.row.entry_id, subject, openings, context.random)],
    events: [],
  });
}
