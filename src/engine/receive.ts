/** Receiving: what waits in `inbound` becomes messages in mailboxes, or feedback on what we sent, in one transaction each. */
import type { Tx } from "../store/database.ts";
import { type Claim, deleteDue, putDue, standingTokens } from "../store/due.ts";
import { type InboundRow, deleteInbound, takeInbound } from "../store/inbound.ts";
import { loadMessages } from "../store/messages.ts";
import { type Records, appendRecords, noRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { applyFeedback, unsubscribeByMail } from "./feedback.ts";
import { type InboundRoute, routeOf } from "./inbound-route.ts";
import { keepInMailbox } from "./keep-inbound.ts";
import { type Opened, openMail } from "./open-mail.ts";

/** After so many attempts a message is kept as one that cannot be read, rather than tried for ever. */
const maxAttempts = 5;

/** Bytes of mail that are opened at once; a single message may be larger. */
const maxBytes = 64 * 1024 * 1024;

/** Opens what was claimed, of one operator, and brings it to where it belongs. One that fails comes due again; the others do not wait. */
export async function receive(
  context: EngineContext,
  operatorId: string,
  claims: readonly Claim[],
): Promise<void> {
  for (const some of claims.length > 8 ? chunked(claims, 8) : [claims]) {
    const rows = await context.database.as(operatorId, (tx) =>
      takeInbound(
        tx,
        some.map((claim) => claim.message_id),
      ),
    );
    let bytes = 0;
    const begun: Promise<void>[] = [];
    for (const row of rows) {
      bytes += row.raw.length;
      if (bytes > maxBytes) await Promise.all(begun);
      const claim = some.find((one) => one.message_id === row.inbound_id);
      if (claim) begun.push(receiveOne(context, operatorId, claim, row));
    }
    await Promise.all(begun);
    // A claim whose row is gone was finished by somebody else.
    const gone = some.filter((claim) => !rows.some((row) => row.inbound_id === claim.message_id));
    if (gone.length > 0)
      await context.database.transaction(operatorId, (tx) =>
        deleteDue(
          tx,
          "receive",
          gone.map((claim) => claim.message_id),
        ),
      );
  }
  context.wake.sequence();
}

async function receiveOne(
  context: EngineContext,
  operatorId: string,
  claim: Claim,
  row: InboundRow,
): Promise<void> {
  try {
    const opened = await openMail(context, row);
    const routes = await Promise.all(row.envelope_to.map((address) => routeOf(context, address)));
    await context.database.transaction(operatorId, async (tx) => {
      const tokens = await standingTokens(tx, "receive", [row.inbound_id]);
      if (tokens.get(row.inbound_id) !== claim.token) return;
      const records = noRecords();
      await bring(context, tx, opened, routes, records);
      await appendRecords(tx, records);
      await deleteInbound(tx, [row.inbound_id]);
      await deleteDue(tx, "receive", [row.inbound_id]);
    });
  } catch (error) {
    context.log.error(
      { inbound_id: row.inbound_id, attempt: row.attempts, error: String(error) },
      "received mail could not be brought to its mailbox",
    );
    const wait = Math.min(3_600_000, 5000 * 4 ** Math.min(row.attempts, maxAttempts));
    await context.database.transaction(operatorId, (tx) =>
      putDue(tx, "receive", [
        { message_id: row.inbound_id, at: new Date(context.now().getTime() + wait) },
      ]),
    );
  }
}

/** Each recipient's share. A mailbox that was written to under several of its addresses gets one message. */
async function bring(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  routes: readonly (InboundRoute | null)[],
  records: Records,
): Promise<void> {
  const kept = new Set<string>();
  for (const route of routes) {
    // The mailbox or the copy is gone since: nobody is left to read it.
    if (!route || route.operator_id !== tx.operator_id) continue;
    if (route.to === "return_path") {
      if (await applyFeedback(context, tx, opened, route.copy, records)) continue;
      // Absence notes and people answer to the return path too: their words belong to the mailbox that wrote.
      const [message] = await loadMessages(tx, [route.copy.message_id], false);
      if (!message || kept.has(message.row.mailbox_id)) continue;
      kept.add(message.row.mailbox_id);
      const { mailbox_id, message_id } = message.row;
      const place = { mailbox_id, reply_token: message_id, role: null };
      await keepInMailbox(context, tx, opened, place, records);
      continue;
    }
    if (
      route.to === "role" &&
      route.role === "unsubscribe" &&
      (await unsubscribeByMail(context, tx, opened, records))
    )
      continue;
    if (route.to === "role" && (await applyFeedback(context, tx, opened, null, records))) continue;
    const mailboxId = route.mailbox_id;
    if (mailboxId === null || kept.has(mailboxId)) continue;
    kept.add(mailboxId);
    await keepInMailbox(
      context,
      tx,
      opened,
      {
        mailbox_id: mailboxId,
        reply_token: route.to === "mailbox" ? route.reply_token : null,
        role: route.to === "role" ? route.role : null,
      },
      records,
    );
  }
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
