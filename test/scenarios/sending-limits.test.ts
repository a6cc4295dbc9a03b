/** What a mailbox may send in a day, what stops it, and who sets it going again. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Actor, roleScopes } from "../../src/core/actor.ts";
import { ownerKeys } from "./owner-keys.ts";
import { type SentOut, dsn, sentOut } from "./sent-out.ts";

let out: SentOut;
let mailbox: string;
let counter = 0;

beforeAll(async () => {
  out = await sentOut();
  mailbox = `/v1/mailboxes/${out.running.known.mailbox_id}`;
});
afterAll(() => out?.stop());
beforeEach(async () => {
  await out.node.asOwner("DELETE FROM mailbox_day");
});

const somebody = (): string => `limit${counter++}@example.net`;

/** How many copies left to recipients; the code that a change asks for goes to its owner by the same relay. */
const leftToSomebody = (): number =>
  out.sink.messages.filter(({ to: [only] }) => only?.startsWith("limit")).length;

const change = async (settings: object, key = out.running.known.admin_key): Promise<number> =>
  (await out.running.call(key, mailbox, settings, { method: "PATCH" })).status;

const handed = (count: number): Promise<void> =>
  out.node.asOwner(
    `INSERT INTO mailbox_day (operator_id, mailbox_id, day, handed)
     SELECT operator_id, mailbox_id, (now() AT TIME ZONE 'UTC')::date, ${count} FROM mailbox
     WHERE mailbox_id = '${out.running.known.mailbox_id}'
     ON CONFLICT (operator_id, mailbox_id, day) DO UPDATE SET handed = excluded.handed`,
  );

/** Makes what happened today yesterday's, and whatever waits due. */
async function nextDay(): Promise<void> {
  await out.node.asOwner("UPDATE mailbox_day SET day = day - 1");
  await out.node.asOwner(
    "UPDATE mailbox SET warm_up_started_at = warm_up_started_at - interval '1 day'",
  );
  await out.node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver'");
}

/** Submits one message; it may have to wait. */
const submit = async (): Promise<string> => (await out.running.send({ to: [somebody()] })).body.id;

/** Resolves when the worker has put a message back because its mailbox may not send. */
const waits = async (id: string): Promise<void> => {
  await expect
    .poll(
      async () => {
        const [row] = await out.node.as((tx) =>
          tx.named<{ late: boolean }>(
            "is_put_back",
            "SELECT due_at > now() + interval '1 minute' AND node IS NULL AS late FROM due WHERE kind = 'deliver' AND message_id = $1",
            [id],
          ),
        );
        return row?.late;
      },
      { timeout: 20_000 },
    )
    .toBe(true);
};

describe("the daily quota", () => {
  test("holds what is over it, and lets it go the next day", async () => {
    expect(await change({ daily_quota: 2 })).toBe(200);
    const ids = [await submit(), await submit()];
    for (const id of ids) await out.running.settled(id, "sent");
    const third = await submit();
    await waits(third);
    expect((await out.read(third)).status).toBe("queued");
    await nextDay();
    await out.running.settled(third, "sent");
    await out.node.asOwner("UPDATE mailbox SET daily_quota = NULL");
  });

  test("a warm-up holds by the day of its plan, and grows", async () => {
    expect(await change({ warm_up: true })).toBe(200);
    await handed(49);
    const [fits, over] = [await submit(), await submit()];
    // Whichever goes first is the fiftieth.
    await expect
      .poll(async () => new Set([(await out.read(fits)).status, (await out.read(over)).status]), {
        timeout: 20_000,
      })
      .toEqual(new Set(["queued", "sent"]));
    await nextDay();
    await handed(99);
    await out.running.settled(fits, "sent");
    await out.running.settled(over, "sent");
    const more = await submit();
    await waits(more);
    await nextDay();
    await out.running.settled(more, "sent");
    await out.node.asOwner("UPDATE mailbox SET warm_up_started_at = NULL");
  });
});

describe("the reputation stop", () => {
  const paused = async (): Promise<{ paused: boolean; paused_reason: string | null }> =>
    (await out.running.call(out.running.known.admin_key, mailbox)).body;
  /** Sends one message that bounces hard by a report. */
  async function bounces(): Promise<void> {
    const [copy] = await out.send(somebody());
    if (!copy) throw new Error("nothing left");
    await out.mail.raw("", copy.path, dsn(copy));
    await out.opened();
  }

  async function person(): Promise<Actor> {
    const { owner_id } = await ownerKeys(out.node);
    return {
      kind: "person",
      operator_id: out.node.operator_id,
      credential_id: out.node.context.new_id(),
      person_id: owner_id,
      role: "owner",
      scopes: roleScopes.owner,
      mailbox_ids: null,
      test: false,
      signed_in_at: new Date().toISOString(),
    };
  }

  test("pauses a mailbox at more than 5 % hard bounces of 50, its mail waits, and a person resumes it", async () => {
    // 47 and three: 6 %, but only with the fiftieth.
    await handed(46);
    await bounces();
    await bounces();
    await bounces();
    expect((await paused()).paused, "49 are too few to judge").toBe(false);
    await bounces();
    expect(await paused()).toMatchObject({
      paused: true,
      paused_reason: "4 of 50 messages in 7 days bounced (8.0 %)",
    });
    const events = await out.node.as((tx) =>
      tx.named("pause_events", "SELECT 1 FROM event WHERE type = 'mailbox.paused'", []),
    );
    expect(events).toHaveLength(1);

    const waiting = await submit();
    await waits(waiting);
    const before = leftToSomebody();
    // Whatever the application does: the database itself refuses the hand-off.
    await expect(
      out.node.asOwner(
        `INSERT INTO handoff (operator_id, message_id, attempt, digest, entry_id, handed_at)
         SELECT operator_id, message_id, attempts + 1, digest, message_id, now() FROM message WHERE message_id = '${waiting}'`,
      ),
    ).rejects.toThrow(/its mailbox is paused/);

    const { admin_key, agent_key } = out.running.known;
    for (const key of [admin_key, agent_key])
      // 202: it is put to a person, and nothing has changed.
      expect([202, 403]).toContain(await change({ paused: false }, key));
    expect((await paused()).paused).toBe(true);
    expect(leftToSomebody()).toBe(before);
    await out.node.asOwner("DELETE FROM mailbox_day");
    await out.node.engine.changeMailbox(await person(), out.running.known.mailbox_id, {
      paused: false,
    });
    expect((await paused()).paused).toBe(false);
    await out.node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver'");
    await out.running.settled(waiting, "sent");
  });

  test("one message to many counts once, whatever comes back", async () => {
    await handed(60);
    const copies = await out.send(Array.from({ length: 8 }, somebody));
    for (const copy of copies) await out.mail.raw("", copy.path, dsn(copy));
    await out.opened();
    expect((await out.read(copies[0]?.id ?? "")).status).toBe("bounced");
    expect((await paused()).paused).toBe(false);
  });
});
