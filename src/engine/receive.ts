/** Receiving: what waits in `inbound` becomes messages in mailboxes, or feedback on what we sent, in one transaction each, or many in one. */
import { ownMessageId } from "../core/threading.ts";
import { batcher } from "../store/batcher.ts";
import { type Tx, isUnavailable, mayBeOneItems } from "../store/database.ts";
import { type Claim, deleteDue, putDue, standingTokens } from "../store/due.ts";
import {
  type InboundRow,
  deleteInbound,
  inboundSize,
  readInbound,
  takeInbound,
  waitsNaming,
} from "../store/inbound.ts";
import { loadMessages } from "../store/messages.ts";
import type { Records } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { type Decide, decideByReply } from "./decide-by-reply.ts";
import { applyFeedback, unsubscribeByMail } from "./feedback.ts";
import type { FreshMail } from "./fresh-mail.ts";
import { type InboundRoute, routeOf } from "./inbound-route.ts";
import {
  type Leavings,
  type Place,
  keepInMailbox,
  noLeavings,
  writeLeavings,
} from "./keep-inbound.ts";
import { type Opened, leaveClosed, openMail } from "./open-mail.ts";

/** After so many attempts that failed, a message is kept as one that cannot be read, rather than tried for ever. */
const maxFailures = 5;

/** The same for attempts that nobody lived to see the end of: the message may be what kills, or others died beside it. */
const maxAttempts = 15;

/** Bytes of mail that are opened at once; a single message may be larger. */
const maxBytes = 64 * 1024 * 1024;

/** Messages that are brought in one transaction, and their bytes, at most. */
const maxTogether = { messages: 16, bytes: 16 * 1024 * 1024 };

/** Milliseconds by which a message is put back, once, where what it answers came with it and is not opened yet. */
const parentWait = 1000;

/**
 * Milliseconds after which mail is opened again whose author's policy DNS did not tell, though it answers otherwise; then it is
 * kept as it is. Where DNS answers nothing, mail does not pile up behind it.
 */
const policyWaits = [30_000, 300_000];

/** A message opened up, and where it goes. */
type Arrival = { claim: Claim; opened: Opened; routes: readonly (InboundRoute | null)[] };

/** Brings one message to where it belongs, unless its claim has been overtaken. */
type Bring = (operatorId: string, claim: Claim, opened: Opened) => Promise<void>;

/** Receives claimed mail; resolves once it is where it belongs, or due again. One function for the life of the process. */
export function createReceive(
  context: EngineContext,
  fresh: FreshMail,
  decide: Decide,
): (operatorId: string, claim: Claim) => Promise<void> {
  const memory = byteGate(maxBytes);
  const take = createTake(context, fresh);
  const bring = createBring(context, decide);
  return async (operatorId, claim) => {
    const id = claim.message_id;
    const size =
      fresh.size(operatorId, id) ??
      (await context.database.as(operatorId, (tx) => inboundSize(tx, id)));
    // Finished by somebody else.
    if (size === null) {
      await context.database.as(operatorId, (tx) => deleteDue(tx, "receive", [id]));
      return;
    }
    await memory.enter(size);
    try {
      const row = await take(operatorId, id);
      if (row) await receiveOne(context, bring, operatorId, claim, row);
      else await context.database.as(operatorId, (tx) => deleteDue(tx, "receive", [id]));
    } finally {
      memory.leave(size);
    }
    context.wake.sequence();
  };
}

/** Takes mail with one more attempt counted, before it is opened; attempts that begin together are counted together. */
function createTake(
  context: EngineContext,
  fresh: FreshMail,
): (operatorId: string, id: string) => Promise<InboundRow | null> {
  const count = batcher<{ operator_id: string; id: string }, Omit<InboundRow, "raw"> | null>({
    max_items: 32,
    max_in_flight: 4,
    group: (item) => item.operator_id,
    retry_alone: mayBeOneItems,
    async serve(items) {
      const rows = await context.database.as(items[0]?.operator_id ?? "", (tx) =>
        takeInbound(
          tx,
          items.map(({ id }) => id),
        ),
      );
      const found = new Map(rows.map((row) => [row.inbound_id, row]));
      return items.map(({ id }) => found.get(id) ?? null);
    },
  });
  return async (operator_id, id) => {
    const row = await count({ operator_id, id });
    const raw =
      fresh.take(operator_id, id) ??
      (row && (await context.database.as(operator_id, (tx) => readInbound(tx, id))));
    return row && raw && { ...row, raw };
  };
}

/**
 * Mail for mailboxes is brought together where it comes together, an operator's one transaction after another. Alone, beside
 * them, goes what was tried before, since it may be what fails, and what touches mail we sent, since that is locked.
 */
function createBring(context: EngineContext, decide: Decide): Bring {
  const operators = new Map<string, (arrival: Arrival) => Promise<null>>();
  const together = (operatorId: string): ((arrival: Arrival) => Promise<null>) => {
    const known = operators.get(operatorId);
    if (known) return known;
    const made = batcher<Arrival, null>({
      max_items: maxTogether.messages,
      max_in_flight: 1,
      weight: { of: ({ opened }) => opened.row.raw.length, max: maxTogether.bytes },
      retry_alone: mayBeOneItems,
      async serve(arrivals) {
        await bringAll(context, operatorId, arrivals);
        return arrivals.map(() => null);
      },
    });
    operators.set(operatorId, made);
    return made;
  };
  return async (operatorId, claim, opened) => {
    const { row } = opened;
    const routes = await Promise.all(row.envelope_to.map((address) => routeOf(context, address)));
    for (const route of routes)
      if (route?.to === "decision")
        await decideByReply(context, decide, route.operator_id, route.message_id, opened);
    const arrival = { claim, opened, routes };
    const plain = routes.every((route) => route === null || route.to === "mailbox");
    if (plain && row.attempts === 1) await together(operatorId)(arrival);
    else await bringAll(context, operatorId, [arrival]);
  };
}

async function receiveOne(
  context: EngineContext,
  bring: Bring,
  operatorId: string,
  claim: Claim,
  row: InboundRow,
): Promise<void> {
  try {
    const opened = await open(context, row, maxAttempts);
    if (row.attempts === 1 && (await parentWaits(context, operatorId, opened)))
      return await comeBack(context, operatorId, row, parentWait);
    const again = policyWaits[row.attempts - 1];
    if (again !== undefined && policyMayCome(opened))
      return await comeBack(context, operatorId, row, again);
    await bring(operatorId, claim, opened);
  } catch (error) {
    // The database is away: that says nothing of the message.
    if (isUnavailable(error)) throw error;
    context.log.error(
      { inbound_id: row.inbound_id, attempt: row.attempts, error: String(error) },
      "received mail could not be brought to its mailbox",
    );
    if (row.attempts >= maxFailures && (await keepUnread(context, bring, operatorId, claim, row)))
      return;
    const wait = Math.min(3_600_000, 5000 * 4 ** Math.min(row.attempts, maxFailures));
    await comeBack(context, operatorId, row, wait);
  }
}

/** Has a message come due again after so many milliseconds. */
async function comeBack(
  context: EngineContext,
  operatorId: string,
  row: InboundRow,
  wait: number,
): Promise<void> {
  const at = new Date(context.now().getTime() + wait);
  await context.database.as(operatorId, (tx) =>
    putDue(tx, "receive", [{ message_id: row.inbound_id, at }]),
  );
}

/** True where DNS did not say what the author's domain asks for, and did answer about the client's address. */
function policyMayCome({ authentication }: Opened): boolean {
  return (
    authentication?.dmarc?.result === "temperror" && authentication.iprev.result !== "temperror"
  );
}

/**
 * True where what a message answers came in the same moment and still waits to be opened: brought before it, the message would
 * stand in a thread of its own. Asked once a message; mail that has waited longer than a minute is no reason.
 */
async function parentWaits(
  context: EngineContext,
  operatorId: string,
  { row, parsed }: Opened,
): Promise<boolean> {
  const { in_reply_to, references } = parsed;
  const nearest = [...new Set([in_reply_to, references.at(-1)])].flatMap((id) =>
    id && ownMessageId(id) === null ? [id] : [],
  );
  if (nearest.length === 0) return false;
  const since = new Date(context.now().getTime() - 60_000);
  return context.database.as(operatorId, (tx) =>
    waitsNaming(tx, nearest, { other_than: row.inbound_id, since }),
  );
}

/** Keeps a message as unreadable; false where even that fails. */
async function keepUnread(
  context: EngineContext,
  bring: Bring,
  operatorId: string,
  claim: Claim,
  row: InboundRow,
): Promise<boolean> {
  try {
    await bring(operatorId, claim, await open(context, row, 0));
    return true;
  } catch (error) {
    if (isUnavailable(error)) throw error;
    context.log.error(
      { inbound_id: row.inbound_id, error: String(error) },
      "received mail could not be kept as unreadable either",
    );
    return false;
  }
}

/** Opens a message up, or with more than `most` attempts behind it leaves it closed. */
function open(context: EngineContext, row: InboundRow, most: number): Promise<Opened> {
  return row.attempts > most ? leaveClosed(context, row) : openMail(context, row);
}

/** Brings messages to all their recipients in one transaction, but those whose claim has been overtaken. */
async function bringAll(
  context: EngineContext,
  operatorId: string,
  arrivals: readonly Arrival[],
): Promise<void> {
  const idOf = ({ opened }: Arrival): string => opened.row.inbound_id;
  await context.database.transaction(
    operatorId,
    async (tx) => {
      const tokens = await standingTokens(tx, "receive", arrivals.map(idOf));
      const standing = arrivals.filter(
        (arrival) => tokens.get(idOf(arrival)) === arrival.claim.token,
      );
      if (standing.length === 0) return;
      const leavings = noLeavings();
      // One after another: a message may answer the one before it, or be the same.
      for (const arrival of standing) await bringOne(context, tx, arrival, leavings);
      const ids = standing.map(idOf);
      await Promise.all([
        writeLeavings(context, tx, leavings),
        deleteInbound(tx, ids),
        deleteDue(tx, "receive", ids),
      ]);
    },
    { reads_first: true },
  );
}

/** Lets work in while its bytes together stay under a bound, in the order in which it came; one alone may be over it. */
function byteGate(most: number): {
  enter(bytes: number): Promise<void>;
  leave(bytes: number): void;
} {
  const waiting: { bytes: number; go: () => void }[] = [];
  let inside = 0;
  const admit = (): void => {
    for (;;) {
      const [next] = waiting;
      if (!next || (inside > 0 && inside + next.bytes > most)) return;
      waiting.shift();
      inside += next.bytes;
      next.go();
    }
  };
  return {
    enter: (bytes) =>
      new Promise((go) => {
        waiting.push({ bytes, go });
        admit();
      }),
    leave(bytes) {
      inside -= bytes;
      admit();
    },
  };
}

/** Each recipient's share. A mailbox that was written to under several of its addresses gets one message. */
async function bringOne(
  context: EngineContext,
  tx: Tx,
  { opened, routes }: Arrival,
  leavings: Leavings,
): Promise<void> {
  const places = new Map<string, Place>();
  for (const [i, route] of routes.entries()) {
    // The mailbox or the copy is gone since: nobody is left to read it.
    if (!route || route.operator_id !== tx.operator_id) continue;
    const place = await placeOf(context, tx, opened, route, leavings.records);
    if (!place) continue;
    const there = places.get(place.mailbox_id) ?? place;
    places.set(place.mailbox_id, there);
    // Where others had it is for the sender to tell: they may be blind copies.
    if (route.to !== "return_path") there.envelope_to.push(opened.row.envelope_to[i] ?? "");
    there.reply_token ??= place.reply_token;
  }
  for (const place of places.values()) await keepInMailbox(context, tx, opened, place, leavings);
}

/** Applies what is feedback; answers where the message is to be kept for reading, else null. */
async function placeOf(
  context: EngineContext,
  tx: Tx,
  opened: Opened,
  route: InboundRoute,
  records: Records,
): Promise<Place | null> {
  const place = { envelope_to: [], reply_token: null, role: null };
  switch (route.to) {
    case "return_path": {
      if (await applyFeedback(context, tx, opened, route.copy, records)) return null;
      // Absence notes and people answer to the return path too: their words belong to the mailbox that wrote.
      const [message] = await loadMessages(tx, [route.copy.message_id], false);
      return (
        (message && {
          ...place,
          mailbox_id: message.row.mailbox_id,
          reply_token: route.copy.message_id,
        }) ??
        null
      );
    }
    case "role": {
      const { role, mailbox_id } = route;
      if (role === "unsubscribe" && (await unsubscribeByMail(context, tx, opened, records)))
        return null;
      if (await applyFeedback(context, tx, opened, null, records)) return null;
      return mailbox_id === null ? null : { ...place, mailbox_id, role };
    }
    // Was acted upon before; nobody is to read it.
    case "decision":
      return null;
    case "mailbox":
      return { ...place, mailbox_id: route.mailbox_id, reply_token: route.reply_token };
  }
}
