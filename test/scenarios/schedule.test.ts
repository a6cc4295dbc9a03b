/** Mail that leaves later: at its time, through its gate, whatever happens in between. */
import { promise } from "../promises.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import { keyOf } from "./owner-keys.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString();
const hour = 3_600_000;

const schedule = (
  mailboxId: string,
  more: Record<string, unknown> = {},
  key = it.running.known.agent_key,
): Promise<Answer> =>
  it.running.call(key, `/v1/mailboxes/${mailboxId}/schedule`, {
    to: ["ada@example.com"],
    subject: "Later",
    markdown: "Some *text*.",
    send_at: inFuture(hour),
    ...more,
  });

const cancel = (mailboxId: string, emailId: string): Promise<Answer> =>
  it.running.call(
    it.running.known.agent_key,
    `/v1/mailboxes/${mailboxId}/emails/${emailId}/cancel`,
    {},
  );

const typesOf = async (emailId: string): Promise<string[]> => {
  const path = `/v1/audit-log?limit=100&resource=${emailId}`;
  const { body } = await it.running.call(it.running.known.oversight_key, path);
  return body.entries.map(({ type }: { type: string }) => type).toReversed();
};

describe("send_at", () => {
  test(promise("send.schedule"), async () => {
    const box = await it.mailboxIn("autonomous");
    const at = Date.now() + 1500;
    const sent = await it.send(box, { send_at: new Date(at).toISOString() });
    expect(sent.status).toBe(202);
    expect(sent.body).toMatchObject({
      status: "scheduled",
      send_at: new Date(at).toISOString(),
      thread_id: sent.body.id,
    });
    const message = await it.reaches(box, sent.body.id, "sent");
    expect(Date.parse(message.recipients[0].receipt.at)).toBeGreaterThanOrEqual(at);
    expect(it.copiesOf(message)).toHaveLength(1);
    expect(await typesOf(sent.body.id)).toEqual([
      "message.submitted",
      "message.released",
      "message.handed_off",
      "message.attempted",
    ]);
  });

  test("a time that is over, too far ahead or no time is refused by name", async () => {
    const box = await it.mailboxIn("autonomous");
    for (const send_at of [
      inFuture(-61_000),
      inFuture(367 * 24 * hour),
      "tomorrow",
      "2030-01-31T09:00:00",
      "9999-12-31T23:59:59Z",
      17,
    ])
      for (const answer of [await it.send(box, { send_at }), await schedule(box, { send_at })]) {
        expect(answer.status, String(send_at)).toBe(400);
        expect(answer.body).toMatchObject({ code: "validation_failed", field: "send_at" });
      }
    const none = await schedule(box, { send_at: undefined });
    expect(none.body).toMatchObject({ code: "validation_failed", field: "send_at" });
    const { body } = await it.running.call(
      it.running.known.agent_key,
      `/v1/mailboxes/${box}/emails`,
    );
    expect(body.emails).toEqual([]);
  });

  test("a time just over is now: clocks differ", async () => {
    const box = await it.mailboxIn("autonomous");
    const sent = await it.send(box, { send_at: inFuture(-30_000) });
    expect(sent.body.status).toBe("queued");
    await it.reaches(box, sent.body.id, "sent");
  });

  test("the same key with the same time is the same message, with another time a conflict", async () => {
    const box = await it.mailboxIn("autonomous");
    const message = { send_at: inFuture(hour), idempotency_key: "k1" };
    const first = await schedule(box, message);
    const again = await schedule(box, message);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id: first.body.id, status: "already_sent" });
    expect((await schedule(box, { ...message, send_at: inFuture(2 * hour) })).status).toBe(409);
  });
});

describe("gate and wait", () => {
  test("gate_first: people decide at once, and the approved message waits for its time", async () => {
    const box = await it.mailboxIn("gated_all");
    const at = Date.now() + 2500;
    const sent = await schedule(box, { send_at: new Date(at).toISOString() });
    expect(sent.body.status).toBe("pending_send_approval");
    const decided = await it.running.decide(sent.body.id, "approve");
    expect(decided.body).toMatchObject({
      status: "scheduled",
      leaves_at: new Date(at).toISOString(),
    });
    const message = await it.reaches(box, sent.body.id, "sent");
    expect(Date.parse(message.recipients[0].receipt.at)).toBeGreaterThanOrEqual(at);
  });

  test("schedule_first: people are asked at its time, and nothing leaves before they decided", async () => {
    const box = await it.mailboxIn("gated_all");
    const sent = await schedule(box, { send_at: inFuture(1200), gate_timing: "schedule_first" });
    expect(sent.body.status).toBe("scheduled");
    expect((await it.running.decide(sent.body.id, "approve")).body.code).toBe("not_pending");
    const held = await it.reaches(box, sent.body.id, "pending_send_approval");
    expect(held.expires_at).not.toBeNull();
    expect(it.copiesOf(held)).toEqual([]);
    await it.running.decide(sent.body.id, "approve");
    expect(it.copiesOf(await it.reaches(box, sent.body.id, "sent"))).toHaveLength(1);
  });

  test(promise("gate.lowered-binds-scheduled"), async () => {
    const box = await it.mailboxIn("autonomous");
    const sent = await schedule(box, { send_at: inFuture(1000) });
    expect(sent.body.status).toBe("scheduled");
    await it.lower(box, "gated_send");
    const held = await it.reaches(box, sent.body.id, "pending_send_approval");
    expect(it.copiesOf(held)).toEqual([]);
    const other = await schedule(box, { send_at: inFuture(1000), gate_timing: "schedule_first" });
    await it.lower(box, "read_only");
    const ended = await it.reaches(box, other.body.id, "pending_send_approval");
    await it.running.decide(other.body.id, "approve");
    expect(it.copiesOf(await it.reaches(box, ended.id, "blocked"))).toEqual([]);
  });

  test("a test key's scheduled message ends in sandboxed", async () => {
    const box = await it.mailboxIn("autonomous");
    const made = await keyOf(it.node, ["read", "send"], { test: true });
    const sent = await schedule(box, { send_at: inFuture(500) }, made);
    expect(sent.body.status).toBe("scheduled");
    expect(it.copiesOf(await it.reaches(box, sent.body.id, "sandboxed"))).toEqual([]);
  });
});

describe("in between", () => {
  test("a message scheduled before a restart leaves after it", async () => {
    const box = await it.mailboxIn("autonomous");
    const sent = await schedule(box, { send_at: inFuture(1000) });
    const later = await schedule(box);
    await it.restart();
    expect(it.copiesOf(await it.reaches(box, sent.body.id, "sent"))).toHaveLength(1);
    expect((await it.read(box, later.body.id)).status).toBe("scheduled");
  });

  test("a cancellation against the release: one of both, and what was cancelled never leaves", async () => {
    const box = await it.mailboxIn("autonomous");
    const at = Date.now() + 1500;
    const sent = await Promise.all(
      Array.from({ length: 30 }, () => schedule(box, { send_at: new Date(at).toISOString() })),
    );
    const ids = sent.map(({ body }) => String(body.id));
    // Half of them early for certain, the others about when the release comes.
    const early = await Promise.all(ids.slice(0, 5).map((id) => cancel(box, id)));
    expect(early.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const rest = ids.slice(5);
    const answers = new Map<string, number>();
    const statusNow = async (): Promise<string> => (await it.read(box, rest[0] ?? "")).status;
    while ((await statusNow()) === "scheduled");
    await Promise.all(rest.map(async (id) => answers.set(id, (await cancel(box, id)).status)));
    for (const id of rest) {
      const cancelled = answers.get(id) === 200;
      const message = await it.reaches(box, id, cancelled ? "cancelled" : "sent");
      expect(it.copiesOf(message)).toHaveLength(cancelled ? 0 : 1);
    }
  });

  test("a mailbox lowered between the look at it and the insert: the message is held, and the log says why", async () => {
    const box = await it.mailboxIn("autonomous");
    const { database } = it.node.context;
    const actor = await it.node.engine.authenticate(it.running.known.agent_key);
    if (!actor) throw new Error("the agent's key is not known");
    let lowered = 0;
    const engine = createEngine({
      ...it.node.context,
      database: {
        ...database,
        async transaction(operatorId, work, options) {
          if (lowered++ === 0) await it.lower(box, "gated_all");
          return database.transaction(operatorId, work, options);
        },
      },
    });
    const written = { ...draftOf(box), subject: "At the wrong moment" };
    const sent = await engine.submit(actor, written);
    expect(lowered).toBe(2);
    expect(sent.status).toBe("pending_approval");
    const message = await it.read(box, sent.id);
    expect(message).toMatchObject({ oversight_mode: "gated_all", approvals_required: 1 });
    const path = `/v1/audit-log?limit=100&resource=${sent.id}`;
    const { body } = await it.running.call(it.running.known.oversight_key, path);
    expect(body.entries).toHaveLength(1);
    expect(body.entries[0].data).toMatchObject({
      mode: "gated_all",
      gated: true,
      status: "pending_approval",
    });
  });
});

const draftOf = (mailboxId: string) => ({
  mailbox_id: mailboxId,
  to: ["ada@example.com"],
  cc: [],
  bcc: [],
  subject: "x",
  markdown: "x",
  attachments: [],
  tags: {},
  metadata: {},
});
