/** The worker that sends what the service itself writes: by the same way as all mail, and to the webhooks of people's chats. */
import { setTimeout as delay } from "node:timers/promises";
import type { Engine } from "../engine/engine.ts";
import type { Claim, Queue } from "../engine/queue.ts";
import type { Transport } from "../mail/smtp-client.ts";
import { againAfter } from "./attempt.ts";
import { type Flights, startFlights } from "./flights.ts";

/** How long a claim holds, in milliseconds: longer than any SMTP transaction. */
const lease = 40 * 60_000;

/** Sendings between claim and result at most. One that hangs holds up no other. */
const maxInFlight = 50;

/** Posts a JSON document to a webhook; answers what came of it and never throws. */
export type ChatPost = (
  url: string,
  body: Buffer,
) => Promise<{ outcome: "accepted" | "temporary" | "permanent"; reply: string }>;

/** What the worker needs. */
export type ServiceMailOptions = {
  engine: Engine;
  queue: Queue;
  transport: Transport;
  post: ChatPost;
  node: string;
  now(): Date;
  log: { error(fields: object, message: string): void };
};

/** Starts the worker. `landed` waits, once the transport is closed, for what was under way. */
export function startServiceMail(options: ServiceMailOptions): Flights {
  return startFlights({
    kind: "service_mail",
    queue: options.queue,
    node: options.node,
    now: options.now,
    log: options.log,
    poll_ms: 1000,
    lease,
    most: maxInFlight,
    fly: (claim, stopping) => send(options, claim, stopping),
    failed(claim, error) {
      options.log.error(
        { mail_id: claim.message_id, error: String(error) },
        "mail of the service waits",
      );
      return true;
    },
  });
}

/** One attempt, and its result on disk. */
async function send(
  options: ServiceMailOptions,
  claim: Claim,
  stopping: AbortSignal,
): Promise<void> {
  const { engine } = options;
  const mail = await engine.takeServiceMail(claim.operator_id, claim);
  if (!mail) return;
  const result =
    mail.channel === "chat"
      ? await options.post(mail.to, mail.data)
      : await byMail(options.transport, mail);
  // It has gone; until that is on disk a crash would send it again, under the same Message-ID.
  for (let attempt = 1; ; attempt++)
    try {
      return await engine.recordServiceMail(claim.operator_id, claim, result);
    } catch (error) {
      if (attempt >= 20 || stopping.aborted) throw error;
      await delay(Math.min(5000, 100 * 2 ** attempt), undefined, {
        ref: false,
        signal: stopping,
      }).catch(() => undefined);
    }
}

async function byMail(
  transport: Transport,
  mail: { to: string; data: Buffer },
): Promise<Parameters<Engine["recordServiceMail"]>[2]> {
  try {
    const { recipients } = await transport.send({
      // What answers by machine has nobody to answer to: there is no mailbox behind mail of the service.
      from: "",
      recipients: [mail.to],
      data: mail.data,
    });
    const [answer] = recipients;
    if (!answer) return { outcome: "temporary", reply: "no answer" };
    const again = againAfter(answer);
    const { code, text } = answer.reply;
    const reply = code === 0 ? text : `${code} ${text}`;
    return again === undefined
      ? { outcome: answer.outcome, reply }
      : { outcome: "not_tried", reply, again_after: again };
  } catch (error) {
    return { outcome: "temporary", reply: `not sent: ${String(error)}` };
  }
}
