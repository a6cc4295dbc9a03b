/** Refusals while a message is handed over: who is dead is suppressed, who is full or cross is not, and waits are honoured. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SentOut, sentOut } from "./sent-out.ts";
import type { Answer } from "./running.ts";

let out: SentOut;
let healed = false;

/** Replies by the recipient's local part. */
const answers: Record<string, string> = {
  nobody: "550 5.1.1 no such user",
  policy: "550 5.7.1 refused by policy",
  large: "552 5.3.4 message too big for system",
  full: "552 5.2.2 mailbox full",
  grey: "451 4.7.1 Greylisted, please try again in 20 minutes",
  sequence: "503 5.5.1 bad sequence of commands",
  later: "450 4.2.1 try again later",
};

beforeAll(async () => {
  out = await sentOut({
    answer_rcpt: (address) => (healed ? undefined : answers[address.split("@")[0] ?? ""]),
  });
});
afterAll(() => out?.stop());

/** A message to somebody once it has been tried. */
async function tried(local: string, attempts = 1): Promise<Answer["body"]> {
  const { body } = await out.running.send({ to: [`${local}@example.net`], subject: `To ${local}` });
  return again(body.id, attempts);
}

async function again(id: string, attempts: number): Promise<Answer["body"]> {
  await expect
    .poll(
      async () => {
        const { recipients, status } = await out.read(id);
        return status === "sending" ? 0 : recipients[0].attempts;
      },
      { timeout: 20_000 },
    )
    .toBe(attempts);
  return out.read(id);
}

/** Minutes until the next attempt. */
async function minutes(id: string): Promise<number> {
  const [row] = await out.node.as((tx) =>
    tx.named<{ due_at: Date }>(
      "due_at_of",
      "SELECT due_at FROM due WHERE kind = 'deliver' AND message_id = $1",
      [id],
    ),
  );
  return row ? (row.due_at.getTime() - Date.now()) / 60_000 : Number.NaN;
}

describe("a refusal at the recipient", () => {
  test("that says there is nobody bounces and suppresses", async () => {
    const body = await tried("nobody");
    expect(body).toMatchObject({ status: "bounced", reason: "550 5.1.1 no such user" });
    expect(await out.suppressed("nobody@example.net")).toBe(true);
    const events = await out.events(body.id);
    expect(events.map(({ type }) => type)).toEqual([
      "message.queued",
      "message.bounced",
      "suppression.added",
    ]);
    expect((await out.running.send({ to: ["nobody@example.net"] })).status).toBe(422);
  });

  test.each(["policy", "large"])(
    "that speaks of something else suppresses nobody: %s",
    async (local) => {
      const body = await tried(local);
      expect(body.status).toBe("bounced");
      expect(await out.suppressed(`${local}@example.net`)).toBe(false);
    },
  );

  test("of a mailbox that is full is tried again, whatever its first digit", async () => {
    expect(await tried("full")).toMatchObject({ recipients: [{ status: "deferred" }] });
    expect(await out.suppressed("full@example.net")).toBe(false);
  });

  test("that greylists is tried again when the server said, and not before", async () => {
    const body = await tried("grey");
    expect(body.status).toBe("queued");
    const wait = await minutes(body.id);
    expect(wait).toBeGreaterThan(19.5);
    expect(wait).toBeLessThan(22.5);
  });

  test("that is our own mistake in the dialogue is tried again, though it begins with 5", async () => {
    const body = await tried("sequence");
    expect(body).toMatchObject({ status: "queued", recipients: [{ status: "deferred" }] });
    expect(await out.suppressed("sequence@example.net")).toBe(false);
  });

  test("that lasts is told of after four hours and after a day, once each", async () => {
    const { id } = await tried("later");
    const delayed: boolean[] = [];
    for (const [attempt, hours] of [3.95, 5, 23.7, 25].entries()) {
      await out.node.asOwner(
        `UPDATE message SET first_attempt_at = now() - interval '${hours} hours' WHERE message_id = '${id}'`,
      );
      await out.node.asOwner(`UPDATE due SET due_at = now() WHERE message_id = '${id}'`);
      await again(id, attempt + 2);
      const events = await out.events(id);
      delayed.push(events.at(-1)?.data.delayed === true);
    }
    // 5, 15, 30 and 60 minutes later: the first wait passes the fourth hour, the third the 24th.
    expect(delayed).toEqual([true, false, true, false]);
    healed = true;
  });
});
