/** The loop guard: what no agent answers unattended, how many turns it gets alone, and what its answers say of themselves. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arriving, arrive } from "./arriving.ts";
import { type Mode, type ModedInstance, modedInstance } from "./moded-instance.ts";
import type { Answer } from "./running.ts";
import { secondNode } from "./second-node.ts";

let world: ModedInstance;
let autonomous: { id: string; address: string };

beforeAll(async () => {
  world = await modedInstance();
  autonomous = await boxIn("autonomous");
});
afterAll(() => world?.stop());

async function boxIn(mode: Mode): Promise<{ id: string; address: string }> {
  const id = await world.mailboxIn(mode);
  const { body } = await world.running.call(world.running.known.admin_key, `/v1/mailboxes/${id}`);
  return { id, address: body.address };
}

const comes = async (more: Arriving, box = autonomous): Promise<string> =>
  (await arrive(world.node, box, more)).id;

const reply = async (
  emailId: string,
  markdown = "Thank you.",
  box = autonomous,
): Promise<Answer["body"]> =>
  (
    await world.running.call(
      world.running.known.agent_key,
      `/v1/mailboxes/${box.id}/reply/${emailId}`,
      { markdown },
    )
  ).body;

const held = "pending_send_approval";

describe("an agent that may send alone", () => {
  test("answers a person alone, and the answer says that nobody looked at it", async () => {
    const made = await reply(await comes({}));
    expect(made.status).toBe("queued");
    await world.reaches(autonomous.id, made.id, "sent");
    const [copy] = world.copiesOf(made);
    expect(copy?.data.toString()).toMatch(/^Auto-Submitted: auto-replied\r$/m);
  });

  test("writes what is no answer as auto-generated, also in a thread of its own", async () => {
    const sent = await world.send(autonomous.id);
    const more = await reply(sent.body.id);
    for (const { id, message_id } of [sent.body, more]) {
      await world.reaches(autonomous.id, id, "sent");
      const [copy] = world.copiesOf({ message_id });
      expect(copy?.data.toString()).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    }
  });

  const machines: Record<string, Arriving> = {
    "an out-of-office reply": { kind: "auto_reply" },
    "a bounce": { kind: "bounce", headers: { From: "mailer-daemon@example.com" } },
    "a complaint": { kind: "complaint" },
    "a report": { kind: "report" },
    "mail that says it is automatic": { headers: { "Auto-Submitted": "auto-generated" } },
    "mail of a mailing list": { headers: { "List-Id": "<talk.example.com>" } },
    "bulk mail": { headers: { Precedence: "bulk" } },
    "mail of the null sender": { headers: { "Return-Path": "<>" } },
    "mail from no-reply": { headers: { From: "no-reply@example.com" } },
    "mail from mailer-daemon": { headers: { From: "MAILER-DAEMON@example.com" } },
    "mail from postmaster": { headers: { From: "Postmaster <postmaster@example.com>" } },
    "mail of another agent": { headers: { "X-AI-Generated": "true" } },
    "mail that screening flagged": { status: "spam_flagged" },
    "mail that asks for answers to many": {
      headers: { "Reply-To": "a@x.example, b@x.example, c@x.example, d@x.example" },
    },
  };

  test.each(Object.keys(machines))("waits for a person before it answers %s", async (name) => {
    const made = await reply(await comes(machines[name] ?? {}));
    expect(made).toMatchObject({ status: held });
    expect(made.reason).toMatch(/it answers|asks for answers/);
  });

  test("has the drafts of such answers wait when they are sent, however they were changed", async () => {
    const drafts = `/v1/mailboxes/${autonomous.id}/drafts`;
    const { agent_key: agent } = world.running.known;
    const call = world.running.call;
    const answering = async (more: Arriving): Promise<Answer["body"]> => {
      const reply_of = await comes(more);
      const made = await call(agent, drafts, { reply_of, to: "ada@example.com", markdown: "Yes." });
      const place = `${drafts}/${made.body.id}`;
      await call(agent, place, { markdown: "Yes, gladly." }, { method: "PATCH" });
      return (await call(agent, `${place}/send`, {})).body;
    };
    expect((await answering({})).status).toBe("queued");
    expect(await answering({ kind: "auto_reply" })).toMatchObject({
      status: held,
      reason: expect.stringContaining("machine"),
    });
  });

  test("waits for a person in every mode and behind every allowlist", async () => {
    const monitored = await boxIn("monitored");
    const gated = await boxIn("gated_send");
    await world.allow(gated.id, "*@example.com");
    for (const box of [monitored, gated]) {
      const person = await reply(await comes({}, box), "Yes.", box);
      expect(person.status).toBe("queued");
      const machine = await reply(await comes({ kind: "auto_reply" }, box), "Yes.", box);
      expect(machine.status).toBe(held);
    }
  });

  test("and once a person approved, the answer leaves and no longer says that nobody looked", async () => {
    const made = await reply(await comes({ kind: "auto_reply" }));
    expect((await world.running.decide(made.id, "approve")).status).toBe(200);
    await world.reaches(autonomous.id, made.id, "sent");
    const [copy] = world.copiesOf(made);
    expect(copy?.data.toString()).not.toMatch(/^Auto-Submitted:/m);
  });

  test("gets ten turns in a thread alone, then a person's approval gives it more", async () => {
    const root = await comes({});
    for (let i = 0; i < 10; i++)
      expect((await reply(root, `Turn ${i}.`)).status, `turn ${i}`).toBe("queued");
    const eleventh = await reply(root, "Turn 10.");
    expect(eleventh).toMatchObject({ status: held });
    expect(eleventh.reason).toContain("nobody approved");
    const beside = await world.send(autonomous.id, { thread_id: eleventh.thread_id });
    expect(beside.body.status).toBe(held);
    expect((await world.running.decide(beside.body.id, "reject", { reason: "no" })).status).toBe(
      200,
    );
    expect((await reply(root, "Turn 11.")).status).toBe(held);
    expect((await world.running.decide(eleventh.id, "approve")).status).toBe(200);
    expect((await reply(root, "Turn 12.")).status).toBe("queued");
    expect((await reply(await comes({}))).status).toBe("queued");
  });

  test("gets ten turns alone, however many it takes at once, by replies, mail and drafts", async () => {
    const root = await comes({});
    const path = `/v1/mailboxes/${autonomous.id}`;
    const { known, call } = world.running;
    const drafts = await Promise.all(
      Array.from({ length: 6 }, () =>
        call(known.agent_key, `${path}/drafts`, {
          to: ["ada@example.com"],
          subject: "A draft",
          markdown: "Text.",
          thread_id: root,
        }),
      ),
    );
    const made = await Promise.all([
      ...Array.from({ length: 10 }, (_, i) => reply(root, `Turn ${i}.`)),
      ...Array.from({ length: 5 }, async () => {
        return (await world.send(autonomous.id, { thread_id: root })).body;
      }),
      ...drafts
        .slice(1)
        .map(
          async ({ body }) =>
            (await call(known.agent_key, `${path}/drafts/${body.id}/send`, {})).body,
        ),
    ]);
    const statuses = made.map((one) => one.status);
    expect(statuses.filter((status) => status === "queued")).toHaveLength(10);
    expect(statuses.filter((status) => status === held)).toHaveLength(10);
    const last = `${path}/drafts/${drafts[0]?.body.id}/send`;
    expect((await call(known.agent_key, last, {})).body.status).toBe(held);
  });

  test("gets its turns back after a day, and counts none where nobody ever writes back", async () => {
    const root = await comes({});
    for (let i = 0; i < 10; i++) await reply(root, `Turn ${i}.`);
    expect((await reply(root, "The same day.")).status).toBe(held);
    const tomorrow = await secondNode(world.running, () => new Date(Date.now() + 25 * 3_600_000));
    const actor = await tomorrow.engine.authenticate(world.running.known.agent_key);
    if (!actor) throw new Error("the agent's key is gone");
    const next = await tomorrow.engine.reply(actor, {
      mailbox_id: autonomous.id,
      email_id: root,
      markdown: "The next day.",
      reply_all: false,
      cc: [],
      bcc: [],
      attachments: [],
      tags: {},
      metadata: {},
    });
    await tomorrow.close();
    expect(next.status).toBe("queued");
    for (let i = 0; i < 12; i++) {
      const sent = await world.send(autonomous.id, { thread_id: "campaign" });
      expect(sent.body.status).toBe("queued");
    }
  });
});
