/** Mail with a time of its own: tried to its end and not beyond, whatever a server asks for; resent mail keeps it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SentOut, sentOut } from "./sent-out.ts";

let out: SentOut;
beforeAll(async () => {
  out = await sentOut({
    answer_rcpt(address) {
      if (address.startsWith("full@")) return "452 4.2.2 mailbox full";
      if (address.startsWith("grey@")) return "451 4.7.1 greylisted, try again in 600 seconds";
      return undefined;
    },
  });
});
afterAll(() => out?.stop());

const send = async (to: string, seconds: number): Promise<string> => {
  const { status, body } = await out.running.send({ to, expires_in_seconds: seconds });
  expect(status, JSON.stringify(body)).toBe(202);
  return body.id;
};

const attempts = async (id: string): Promise<number> => (await out.read(id)).recipients[0].attempts;

/** Milliseconds from the first attempt to the next one; null where there is none. */
async function next(id: string): Promise<number | null> {
  const [row] = await out.node.as((tx) =>
    tx.named<{ ms: number }>(
      "next_attempt_of",
      `SELECT (extract(epoch FROM d.due_at - m.first_attempt_at) * 1000)::float8 AS ms
       FROM due d JOIN message m USING (operator_id, message_id) WHERE d.kind = 'deliver' AND message_id = $1`,
      [id],
    ),
  );
  return row?.ms ?? null;
}

test("its last attempt is at the end of its time, and a late one does not go to the wire", async () => {
  const id = await send("full@example.com", 300);
  await expect.poll(() => attempts(id), { timeout: 20_000 }).toBe(1);
  expect(await next(id)).toBeLessThan(70_000);
  // A minute and more later.
  const back = async (seconds: number): Promise<void> => {
    await out.node.asOwner(
      `UPDATE message SET first_attempt_at = first_attempt_at - interval '${seconds} seconds' WHERE message_id = '${id}'`,
    );
    await out.node.asOwner(
      `UPDATE due SET due_at = now() WHERE kind = 'deliver' AND message_id = '${id}'`,
    );
  };
  await back(60);
  await expect.poll(() => attempts(id), { timeout: 20_000 }).toBe(2);
  expect(await next(id)).toBe(300_000);
  await back(400);
  const failed = await out.running.settled(id, "send_failed");
  expect(failed.reason).toBe("not sent: its time is over");
  expect(
    out.sink.connections
      .flatMap(({ commands }) => commands)
      .filter((line) => line.startsWith("MAIL")),
  ).toHaveLength(2);
});

test("a server that asks to come back after its end is not waited for", async () => {
  const id = await send("grey@example.com", 300);
  const failed = await out.running.settled(id, "send_failed");
  expect(failed.reason).toContain("greylisted");
  const longer = await send("grey@example.com", 900);
  await expect.poll(() => attempts(longer), { timeout: 20_000 }).toBe(1);
  expect(await next(longer)).toBeGreaterThanOrEqual(599_000);
});

test("what is sent again keeps its time; less than a minute and more than five days are refused", async () => {
  for (const expires_in_seconds of [59, 432_001, 60.5])
    expect((await out.running.send({ expires_in_seconds })).body).toMatchObject({
      code: "validation_failed",
      field: "expires_in_seconds",
    });
  const first = await send("grey@example.com", 120);
  await out.running.settled(first, "send_failed");
  const { known } = out.running;
  const again = await out.running.call(
    known.agent_key,
    `/v1/mailboxes/${known.mailbox_id}/emails/${first}/resend`,
    {},
  );
  expect(again.status).toBe(202);
  const rows = await out.node.as((tx) =>
    tx.named<{ give_up_seconds: number }>(
      "time_of",
      "SELECT give_up_seconds FROM message WHERE message_id = ANY($1)",
      [[first, again.body.id]],
    ),
  );
  expect(rows).toEqual([{ give_up_seconds: 120 }, { give_up_seconds: 120 }]);
});
