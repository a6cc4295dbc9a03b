/** One attempt of a message: every recipient's copy is signed and sent, and what the remote said is recorded. */
import { setTimeout as delay } from "node:timers/promises";
import type { Engine } from "../engine/engine.ts";
import type { Queue, Receipt } from "../engine/queue.ts";
import type { AttemptResult } from "../engine/result-outcome.ts";
import type { Outgoing } from "../engine/signing.ts";
import type { Transport } from "../mail/smtp-client.ts";
import type { FailureReason, SendResult } from "../mail/smtp-result.ts";

/** Where mail goes. */
export type Driver = {
  transport: Transport;
  /** True when accepted means delivered: the server is the recipient's own, or the local catcher. */
  final_hop: boolean;
};

/** What an attempt needs. */
export type AttemptOptions = {
  engine: Engine;
  queue: Queue;
  driver: Driver;
  now(): Date;
  log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Whether what was said on the wire is kept; default true. */
  transcripts?: boolean;
};

/**
 * How long a claim holds. Longer than any SMTP transaction (30 minutes at most), so that nobody else
 * starts an attempt while ours may still be answered.
 */
export const lease = 40 * 60_000;

/** Waits, less long when the signal comes; holds no process back from its end. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return delay(milliseconds, undefined, { ref: false, ...(signal && { signal }) }).catch(
    () => undefined,
  );
}

/** Milliseconds in which answers gather that are recorded together, from the first of them on. */
const gather = 1000;

type Answer = AttemptResult["recipients"][number];

/**
 * Sends to every recipient and records what came of it as the answers come, so that one who keeps us waiting keeps nobody else's
 * answer from the disk. Gives up recording when `given` says that there is no more time.
 */
export async function deliver(
  options: AttemptOptions,
  message: Outgoing,
  given: AbortSignal,
): Promise<void> {
  let answers: Answer[] = [];
  const told: number[] = [];
  const ask = async (recipient: Outgoing["recipients"][number]): Promise<void> => {
    const answer = await sendOne(options, message, recipient);
    answers.push({ position: recipient.position, ...answer });
    open.delete(recipient);
  };
  const open = new Map<object, Promise<void>>();
  for (const recipient of message.recipients) open.set(recipient, ask(recipient));
  const everybody = Promise.all(open.values());
  do {
    if (answers.length === 0) await Promise.race(open.values());
    if (open.size > 0) await Promise.race([everybody, pause(gather, given)]);
    const part = answers;
    answers = [];
    const written = await recordPart(
      options,
      {
        operator_id: message.operator_id,
        message_id: message.message_id,
        token: message.token,
        attempt: message.attempt,
        final_hop: options.driver.final_hop,
        ...(open.size > 0 && { more_follow: true }),
        ...(told.length > 0 && { told_before: told }),
        recipients: part,
      },
      given,
    );
    // Overtaken, or no more time: whoever has the claim next finds out. Ours is over when all who were spoken to have answered.
    if (!written) break;
    for (const { position, again_after: again } of part)
      if (again === undefined) told.push(position);
  } while (answers.length > 0 || open.size > 0);
  await everybody;
}

/** Records a part for as long as it may help. False where it is not recorded. */
async function recordPart(
  options: AttemptOptions,
  result: AttemptResult,
  given: AbortSignal,
): Promise<boolean> {
  // The remote has answered; until that is on disk a crash would send the message again. So it is tried for as long as
  // the claim holds; afterwards somebody else may have it.
  const end = options.now().getTime() + lease;
  for (let attempt = 1; ; attempt++)
    try {
      return await options.engine.recordResult(result);
    } catch (error) {
      options.log.error(
        { message_id: result.message_id, attempt, error: String(error) },
        "a result could not be recorded",
      );
      const hopeless = attempt >= 20 && !options.queue.isAway(error);
      if (hopeless || given.aborted || options.now().getTime() > end) return false;
      await pause(Math.min(5000, 100 * 2 ** attempt), given);
    }
}

async function sendOne(
  options: AttemptOptions,
  message: Outgoing,
  recipient: { position: number; address: string },
): Promise<Omit<Answer, "position">> {
  // The last attempt is due at the very end, and has a little time of its own.
  const late = options.now().getTime() - lastMoments;
  if (message.expires_at !== null && message.expires_at.getTime() < late)
    return { receipt: notSent(options, "its time is over"), again_after: 0 };
  try {
    // Of a message to several destinations the others get theirs. This one is held as soon as it is due again.
    if (await options.engine.isPaused(message.operator_id, recipient.address))
      return { receipt: notSent(options, "mail to this destination is paused"), again_after: 0 };
    await options.engine.assertSignable(message);
    const result = await options.driver.transport.send({
      from: options.engine.returnPath(message, recipient),
      recipients: [recipient.address],
      // Signed when it is its turn: fifty copies that wait for a connection are one message in memory.
      data: () => options.engine.sign(message, recipient),
      wanted: () => mayBegin(options, message, recipient),
    });
    const [answer] = result.recipients;
    const again = answer && againAfter(answer);
    // What is claimed next for the same destination need not be handed off to learn that.
    if (answer?.reason === "congested") options.engine.noteFull(recipient.address);
    const { transcript } = options.transcripts === false ? {} : result.connection;
    return {
      receipt: receiptOf(result),
      ...(again !== undefined && { again_after: again }),
      relayed: result.connection.relayed === true,
      ...(transcript && { transcript }),
    };
  } catch (error) {
    // Signing or our own checks failed: nothing was sent. Retried, since a key or a setting may be mended.
    options.log.error(
      { message_id: message.message_id, error: String(error) },
      "a message could not be sent",
    );
    return { receipt: notSent(options, error instanceof Error ? error.message : String(error)) };
  }
}

/** How much later than its end, in milliseconds, a last attempt may begin. */
const lastMoments = 30_000;

/** The receipt of a copy that stayed here. */
function notSent({ now }: AttemptOptions, why: string): Receipt {
  return {
    at: now().toISOString(),
    host: null,
    address: null,
    code: null,
    enhanced_status_code: null,
    reply: `not sent: ${why}`,
    tls: null,
    outcome: "temporary",
  };
}

/** The last question before the wire. Where the answer is not to be had the copy stays here, and is asked about again. */
async function mayBegin(
  options: AttemptOptions,
  message: Outgoing,
  recipient: { address: string },
): Promise<boolean> {
  try {
    return await options.engine.mayBegin(message, recipient);
  } catch (error) {
    options.log.warn(
      { message_id: message.message_id, error: String(error) },
      "a copy was kept back: whether it may go is not known",
    );
    return false;
  }
}

/** Why the remote never heard of the message, and after how many milliseconds it is due again, whatever the schedule says. */
const notTried: Partial<Record<FailureReason, number>> = {
  // Our own stop.
  transport_closed: 0,
  // Suppressed since the hand-off, or everything is stopped; the next one decides.
  recalled: 0,
  // The queue to its destination is full.
  congested: 30_000,
};

/** Milliseconds until mail is due again of which the remote never heard; undefined where it was tried. */
export function againAfter(answer: SendResult["recipients"][number]): number | undefined {
  const { outcome, reason } = answer;
  return outcome === "temporary" && reason !== null ? notTried[reason] : undefined;
}

function receiptOf(result: SendResult): Receipt {
  const [answer] = result.recipients;
  const { connection } = result;
  return {
    at: connection.at,
    host: connection.host,
    address: connection.address,
    code: answer === undefined || answer.reply.code === 0 ? null : answer.reply.code,
    enhanced_status_code: answer?.reply.enhanced ?? null,
    reply: (answer?.reply.text ?? "no answer").slice(0, 1000),
    tls: connection.tls
      ? {
          version: connection.tls.version,
          cipher: connection.tls.cipher,
          authorized: connection.tls.authorized,
          ...(connection.tls.policy && { policy: connection.tls.policy }),
          ...(connection.tls.verified !== undefined && { verified: connection.tls.verified }),
        }
      : null,
    outcome: answer?.outcome ?? "temporary",
    ...(connection.note !== undefined && { note: connection.note.slice(0, 1000) }),
  };
}
