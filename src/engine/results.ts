/** Results: what the remote answered, recorded in batches, message by message and part by part. */
import { batcher } from "../store/batcher.ts";
import { type Tx, mayBeOneItems } from "../store/database.ts";
import { deleteDue, putDue, standingTokens } from "../store/due.ts";
import { loadMessages, updateMessages, updateRecipients } from "../store/messages.ts";
import { appendRecords, noRecords } from "../store/records.ts";
import { type NewTranscript, insertTranscripts } from "../store/transcripts.ts";
import type { EngineContext } from "./context.ts";
import { worker } from "./record.ts";
import { countBack } from "./reputation.ts";
import { type AttemptResult, type ResultWrites, recordOne } from "./result-outcome.ts";
import { suppressRecipient } from "./suppression.ts";

/** Records attempts, many in one commit. False when a later attempt has overtaken this one. */
export function createRecordResult(
  context: EngineContext,
): (result: AttemptResult) => Promise<boolean> {
  const record = batcher<AttemptResult, boolean>({
    max_items: 100,
    // One at a time: while it commits, results gather, and fewer and larger batches cost less.
    max_in_flight: 1,
    group: (result) => result.operator_id,
    retry_alone: mayBeOneItems,
    async serve(results) {
      const operatorId = results[0]?.operator_id ?? "";
      const done = await context.database.transaction(
        operatorId,
        (tx) => recordAll(context, tx, results),
        { reads_first: true },
      );
      const written = new Set(done);
      return results.map((result) => written.has(result));
    },
  });
  return async (result) => {
    const written = await record(result);
    context.wake.sequence();
    return written;
  };
}

async function recordAll(
  context: EngineContext,
  tx: Tx,
  results: readonly AttemptResult[],
): Promise<AttemptResult[]> {
  const ids = results.map((result) => result.message_id);
  const [rows, tokens] = await Promise.all([
    loadMessages(tx, ids, true),
    standingTokens(tx, "deliver", ids),
  ]);
  const loaded = new Map(rows.map((message) => [message.row.message_id, message]));
  const writes: ResultWrites = {
    messages: [],
    recipients: [],
    done: [],
    later: [],
    dead: [],
    records: noRecords(),
  };
  const written: AttemptResult[] = [];
  for (const result of results) {
    const message = loaded.get(result.message_id);
    // Overtaken: the lease passed and another attempt counts now. The machine has seen it as lost.
    if (
      !message ||
      tokens.get(result.message_id) !== result.token ||
      message.row.status !== "sending" ||
      message.row.attempts !== result.attempt
    ) {
      context.log.warn(
        { message_id: result.message_id, attempt: result.attempt },
        "a delivery result came after its lease",
      );
      continue;
    }
    // The next part of the same message is judged by what this one has made of it.
    loaded.set(result.message_id, recordOne(context, message, result, writes));
    written.push(result);
  }
  await settleDead(context, tx, writes);
  await Promise.all([
    updateRecipients(tx, writes.recipients),
    updateMessages(tx, writes.messages, context.now()),
    deleteDue(tx, "deliver", writes.done),
    putDue(tx, "deliver", writes.later),
    appendRecords(tx, writes.records),
    insertTranscripts(tx, transcriptsOf(written), context.now()),
  ]);
  return written;
}

function transcriptsOf(results: readonly AttemptResult[]): NewTranscript[] {
  return results.flatMap(({ message_id, attempt, recipients }) =>
    recipients.flatMap(({ position, transcript }) =>
      transcript === undefined ? [] : [{ message_id, attempt, position, transcript }],
    ),
  );
}

/** Who does not exist is written to no more, and counts against the mailbox that wrote. */
async function settleDead(context: EngineContext, tx: Tx, writes: ResultWrites): Promise<void> {
  const ended = new Set(
    writes.recipients.flatMap(({ message_id, position, status }) =>
      status === "bounced" ? [`${message_id} ${position}`] : [],
    ),
  );
  const dead = writes.dead.filter(({ message, position }) =>
    ended.has(`${message.row.message_id} ${position}`),
  );
  // Once a message, as messages are counted when they leave.
  const first = new Map(
    dead.flatMap(({ message: { row, recipients } }) =>
      recipients.some(({ status }) => status === "bounced") ? [] : [[row.message_id, row]],
    ),
  );
  // Mailboxes are locked before the operator, as hand-offs do.
  for (const [mailboxId, some] of Map.groupBy(first.values(), (row) => row.mailbox_id)) {
    const back = { bounced: some.length, complained: 0 };
    await countBack(context, tx, mailboxId, back, writes.records);
  }
  for (const { message, position, suppress } of dead) {
    const address = message.recipients.find((one) => one.position === position)?.address;
    if (!suppress || address === undefined) continue;
    await suppressRecipient(
      context,
      tx,
      {
        reason: "bounced",
        message: message.row,
        address,
        scope: "operator",
        author: worker,
      },
      writes.records,
    );
  }
}
