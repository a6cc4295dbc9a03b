/** What the worker of the service's own mail says of an attempt: a destination that is full, or our own stop, is none. */
import { expect, it } from "vitest";
import type { Engine } from "../engine/engine.ts";
import type { Queue } from "../engine/queue.ts";
import type { Transport } from "../mail/smtp-client.ts";
import { type FailureReason, ownReply } from "../mail/smtp-result.ts";
import { startServiceMail } from "./service-mail.ts";

type Recorded = Parameters<Engine["recordServiceMail"]>[2];

/** What is recorded of one mail that the transport does not get rid of, for this reason. */
async function recordedFor(reason: FailureReason): Promise<Recorded> {
  const { promise, resolve } = Promise.withResolvers<Recorded>();
  const claims = [{ operator_id: "o", message_id: "m", token: "1" }];
  const engine = {
    takeServiceMail: () => Promise.resolve({ channel: "mail", to: "a@b.test", data: Buffer.of() }),
    recordServiceMail: (_operator: string, _claim: object, result: Recorded) => {
      resolve(result);
      return Promise.resolve();
    },
  };
  const transport: Transport = {
    send: ({ recipients }) =>
      Promise.resolve({
        recipients: recipients.map((address) => ({
          address,
          outcome: "temporary",
          reply: ownReply(reason, "no"),
          stage: "connect",
          reason,
        })),
        connection: { host: "b.test", address: null, port: 25, tls: null, at: "" },
      }),
    close: () => Promise.resolve(),
  };
  const worker = startServiceMail({
    engine: engine as unknown as Engine,
    queue: { claim: () => Promise.resolve(claims.splice(0)) } as unknown as Queue,
    transport,
    post: () => Promise.reject(new Error("no chat here")),
    node: "n",
    now: () => new Date(),
    log: { error: (fields) => resolve(fields as never) },
  });
  worker.wake();
  try {
    return await promise;
  } finally {
    await worker.stop();
    await worker.landed();
  }
}

it("a full queue and our own stop cost no attempt; the former is looked at again later", async () => {
  expect(await recordedFor("congested")).toMatchObject({
    outcome: "not_tried",
    again_after: 30_000,
  });
  expect(await recordedFor("transport_closed")).toMatchObject({
    outcome: "not_tried",
    again_after: 0,
  });
  expect(await recordedFor("timeout")).toMatchObject({ outcome: "temporary" });
});
