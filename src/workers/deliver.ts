/** The delivery worker: claims what is due, hands it off, signs it, sends it, records what the remote said. */
import { setTimeout as delay } from "node:timers/promises";
import type { Engine } from "../engine/engine.ts";
import type { Outgoing } from "../engine/signing.ts";
import type { Claim, Queue, Receipt } from "../engine/queue.ts";
import type { Transport } from "../mail/smtp-client.ts";
import type { FailureReason, SendResult } from "../mail/smtp-result.ts";
import { type Worker, startLoop } from "./loop.ts";

/** Where mail goes. */
export type Driver = {
  transport: Transport;
  /** True when accepted means delivered: the server is the recipient's own, or the local catcher. */
  final_hop: boolean;
};

/** What the worker needs. */
export type DeliverOptions = {
  engine: Engine;
  queue: Queue;
  driver: Driver;
  node: string;
  now(): Date;
  log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Whether what was said on the wire is kept; default true. */
  transcripts?: boolean;
  /** Messages between claim and result at most. */
  max_in_flight?: number;
  /** Milliseconds that messages under way get when the worker stops; default 30,000. The first half is theirs alone. */
  stop_grace?: number;
};

/** Rows in one claim: enough to make a commit worthwhile, few enough to lose little by a crash. */
const claimSize = 50;

/**
 * How long a claim holds. Longer than any SMTP transaction (30 minutes at most), so that nobody else
 * starts an attempt while ours may still be answered.
 */
const lease = 40 * 60_000;

/** Starts the worker. Stopping it closes the driver's transport. */
export function startDelivery(options: DeliverOptions): Worker {
  const { queue, node, now } = options;
  const maxInFlight = options.max_in_flight ?? 150;
  const flying = new Map<string, Promise<void>>();
  const stopped = new AbortController();
  const given = new AbortController();
  /** After a failed round nobody knows what it had claimed: whatever is not flying comes due again. */
  let astray = false;

  function launch(message: Outgoing): void {
    const id = message.message_id;
    const flight = deliver(options, message, given.signal).finally(() => flying.delete(id));
    flying.set(id, flight);
  }

  async function claimAndHandOff(): Promise<boolean> {
    if (astray)
      await queue.reclaim(node, now(), { kinds: ["deliver"], except: [...flying.keys()] });
    astray = true;
    const claims = await queue.claim("deliver", {
      now: now(),
      lease_until: new Date(now().getTime() + lease),
      node,
      limit: Math.min(claimSize, maxInFlight - flying.size),
    });
    for (const [operatorId, group] of Map.groupBy(claims, (claim) => claim.operator_id))
      for (const message of await handOff(options, operatorId, group)) launch(message);
    astray = false;
    return claims.length > 0;
  }

  const loop = startLoop({
    name: "deliver",
    poll_ms: 1000,
    log: options.log,
    async round() {
      if (flying.size < maxInFlight) return claimAndHandOff();
      await Promise.race([...flying.values(), until(stopped.signal)]);
      return true;
    },
  });
  return {
    wake: loop.wake,
    async stop() {
      stopped.abort();
      await loop.stop();
      // What was handed off is on its way: its answers are waited for, so that nothing is sent twice.
      const half = (options.stop_grace ?? 30_000) / 2;
      const landed = (): Promise<unknown> => Promise.all(flying.values());
      await Promise.race([landed(), pause(half)]);
      // A remote that hangs must not hold us: the rest is told that it was interrupted, and comes due at once.
      await options.driver.transport.close(half);
      await Promise.race([landed(), pause(flying.size > 0 ? half : 0)]);
      given.abort();
      await landed();
    },
  };
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Waits, less long when the signal comes; holds no process back from its end. */
function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return delay(milliseconds, undefined, { ref: false, ...(signal && { signal }) }).catch(
    () => undefined,
  );
}

/** Hands a batch off; should the database refuse it, one by one, so that one message cannot hold up the others. */
async function handOff(
  options: DeliverOptions,
  operatorId: string,
  claims: readonly Claim[],
): Promise<Outgoing[]> {
  try {
    const free = await options.engine.holdPaused(operatorId, claims);
    return free.length === 0 ? [] : await options.engine.handOff(operatorId, free);
  } catch (error) {
    // Away: the round ends here, and everything it claimed comes due when the database is back.
    if (options.queue.isAway(error)) throw error;
    if (claims.length === 1 || !options.queue.isRefusal(error)) {
      options.log.error(
        { messages: claims.map((claim) => claim.message_id), error: String(error) },
        "hand-off failed",
      );
      // Not sent and not lost: the claim comes due again.
      await options.queue.later(
        "deliver",
        operatorId,
        claims,
        new Date(options.now().getTime() + 60_000),
      );
      return [];
    }
    const outgoing: Outgoing[] = [];
    for (const claim of claims) outgoing.push(...(await handOff(options, operatorId, [claim])));
    return outgoing;
  }
}

/** Sends to every recipient and records what came of it; gives up recording when `given` says that there is no more time. */
async function deliver(
  options: DeliverOptions,
  message: Outgoing,
  given: AbortSignal,
): Promise<void> {
  let again: number | null = null;
  const recipients = await Promise.all(
    message.recipients.map(async (recipient) => {
      const sent = await sendOne(options, message, recipient);
      if (sent.again !== null) again = Math.max(again ?? 0, sent.again);
      const { receipt, relayed, transcript } = sent;
      return { position: recipient.position, receipt, relayed, ...(transcript && { transcript }) };
    }),
  );
  const result = {
    operator_id: message.operator_id,
    message_id: message.message_id,
    token: message.token,
    attempt: message.attempt,
    final_hop: options.driver.final_hop,
    ...(again === null ? {} : { again_after: again }),
    recipients,
  };
  // The remote has answered; until that is on disk a crash would send the message again. So it is tried for as long as
  // the claim holds; afterwards somebody else may have it.
  const end = options.now().getTime() + lease;
  for (let attempt = 1; ; attempt++)
    try {
      await options.engine.recordResult(result);
      return;
    } catch (error) {
      options.log.error(
        { message_id: message.message_id, attempt, error: String(error) },
        "a result could not be recorded",
      );
      const hopeless = attempt >= 20 && !options.queue.isAway(error);
      if (hopeless || given.aborted || options.now().getTime() > end) return;
      await pause(Math.min(5000, 100 * 2 ** attempt), given);
    }
}

async function sendOne(
  options: DeliverOptions,
  message: Outgoing,
  recipient: { position: number; address: string },
): Promise<{ receipt: Receipt; again: number | null; relayed: boolean; transcript?: string }> {
  // The last attempt is due at the very end, and has a little time of its own.
  const late = options.now().getTime() - lastMoments;
  if (message.expires_at !== null && message.expires_at.getTime() < late)
    return { receipt: notSent(options, "its time is over"), again: null, relayed: false };
  try {
    // Of a message to several destinations the others get theirs.
    if (await options.engine.isPaused(message.operator_id, recipient.address)) {
      const receipt = notSent(options, "mail to this destination is paused");
      return { receipt, again: null, relayed: false };
    }
    const data = await options.engine.sign(message, recipient);
    const result = await options.driver.transport.send({
      from: options.engine.returnPath(message, recipient),
      recipients: [recipient.address],
      data,
      wanted: () => mayBegin(options, message, recipient),
    });
    const [answer] = result.recipients;
    const untried =
      answer?.outcome === "temporary" && answer.reason ? (notTried[answer.reason] ?? null) : null;
    const relayed = result.connection.relayed === true;
    const { transcript } = options.transcripts === false ? {} : result.connection;
    return {
      receipt: receiptOf(result),
      again: untried,
      relayed,
      ...(transcript && { transcript }),
    };
  } catch (error) {
    // Signing or our own checks failed: nothing was sent. Retried, since a key or a setting may be mended.
    options.log.error(
      { message_id: message.message_id, error: String(error) },
      "a message could not be sent",
    );
    const receipt = notSent(options, error instanceof Error ? error.message : String(error));
    return { receipt, again: null, relayed: false };
  }
}

/** How much later than its end, in milliseconds, a last attempt may begin. */
const lastMoments = 30_000;

/** The receipt of a copy that stayed here. */
function notSent({ now }: DeliverOptions, why: string): Receipt {
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
  options: DeliverOptions,
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
