/** Suppression and the wire: after the answer nothing begins on any node, and what may be written to again leaves at once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDelivery } from "../../src/workers/deliver.ts";
import { type GatedTransport, gatedTransport } from "./gated-transport.ts";
import { type SentOut, sentOut } from "./sent-out.ts";

let out: SentOut;
/** Recipients as the sink was told of them. */
const begun: string[] = [];

beforeAll(async () => {
  out = await sentOut({
    // So slow that the first node is not done before the second has begun.
    answers_after: 20,
    answer_rcpt(address) {
      begun.push(address);
      return undefined;
    },
  });
  await out.node.asOwner("UPDATE mailbox SET daily_quota = 1000000");
});
afterAll(() => out?.stop());

const begunFor = (address: string): number => begun.filter((one) => one === address).length;

async function count(name: string, where: string, values: unknown[] = []): Promise<number> {
  const [row] = await out.node.as((tx) =>
    tx.named<{ n: number }>(name, `SELECT count(*)::int AS n FROM ${where}`, values),
  );
  return row?.n ?? -1;
}

/** A second delivery worker, whose messages wait in front of the sink until the gate is opened. */
function gatedWorker(): GatedTransport & { stop(): Promise<void> } {
  const gate = gatedTransport(out.sink.port);
  const { engine, queue, context } = out.node;
  const worker = startDelivery({
    engine,
    queue,
    node: "second",
    now: context.now,
    log: context.log,
    driver: { final_hop: false, transport: gate.transport },
  });
  return { ...gate, stop: () => worker.stop() };
}

test("once unsubscribing is answered nothing begins on either of two nodes", async () => {
  const address = "tired@example.net";
  const [copy] = await out.send(address);
  await out.node.asOwner("UPDATE operator SET stopped_at = now()");
  for (let sent = 0; sent < 300; sent += 50)
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        expect((await out.running.send({ to: [address] })).status).toBe(202);
      }),
    );
  const second = gatedWorker();
  try {
    await out.node.asOwner("UPDATE operator SET stopped_at = NULL");
    await out.node.asOwner(
      // Only what nobody works on: a claim that is taken over is tried twice.
      "UPDATE due SET due_at = now(), node = NULL WHERE kind = 'deliver' AND (node IS NULL OR node = '(stopped)')",
    );
    await expect.poll(second.waiting, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    const answer = await out.running.call(null, `/v1/unsubscribe/${copy?.token}`, "", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    const left = begunFor(address);
    expect(answer.status).toBe(200);
    second.open();
    await expect
      .poll(() => count("open", "message WHERE status IN ('queued', 'sending')"), {
        timeout: 60_000,
        interval: 50,
      })
      .toBe(0);
    expect(new Set(second.reasons)).toEqual(new Set(["recalled"]));
    expect(begunFor(address)).toBe(left);
  } finally {
    second.open();
    await second.stop();
  }
});

test("a suppression by hand is answered only once no node goes by what it knew before", async () => {
  const address = "hasty@example.net";
  await out.node.asOwner("UPDATE operator SET stopped_at = now()");
  try {
    const { body } = await out.running.send({ to: [address] });
    // Held back, and looked at again half a minute later.
    const marked = "due WHERE message_id = $1 AND node = '(stopped)'";
    await expect
      .poll(() => count("marked", marked, [body.id]), { timeout: 60_000, interval: 20 })
      .toBe(1);
    // As on a node that has handed it off and was told that it may begin.
    await out.node.asOwner(
      `ALTER TABLE message DISABLE TRIGGER USER; UPDATE message SET status = 'sending' WHERE message_id = '${body.id}'; ALTER TABLE message ENABLE TRIGGER USER;
       UPDATE due SET due_at = now() + interval '1 hour', node = 'elsewhere' WHERE message_id = '${body.id}' AND kind = 'deliver'`,
    );
    const asked = performance.now();
    const added = await out.running.call(out.running.known.agent_key, "/v1/suppression", {
      address,
    });
    expect(added.status).toBe(201);
    expect(performance.now() - asked).toBeGreaterThanOrEqual(798);
  } finally {
    await out.node.asOwner("UPDATE operator SET stopped_at = NULL");
  }
});

test("who was suppressed and is not any more gets mail at the first attempt", async () => {
  const address = "back@example.net";
  const { known } = out.running;
  const at = `/v1/suppression/${address}`;
  for (const end of ["removed", "expired"]) {
    const added = await out.running.call(known.admin_key, "/v1/suppression", {
      address,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    expect(added.status).toBe(201);
    expect((await out.running.send({ to: [address] })).body.code).toBe("recipient_suppressed");
    if (end === "removed")
      await out.running.call(known.admin_key, at, undefined, { method: "DELETE" });
    else await out.node.asOwner("UPDATE suppression SET expires_at = now()");
    const [copy] = await out.send(address);
    expect(await count("handed", "handoff WHERE message_id = $1", [copy?.id]), end).toBe(1);
    expect(await out.entries(copy?.id ?? "")).toEqual([
      "message.submitted",
      "message.handed_off",
      "message.attempted",
    ]);
  }
});
