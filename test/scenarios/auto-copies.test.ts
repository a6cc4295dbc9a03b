/** Copies that a mailbox adds to what it writes: who gets them, who may say so, and that they pass the gate. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sunkCode } from "./approvals.ts";
import { type SentOut, sentOut } from "./sent-out.ts";

let out: SentOut;
let mailbox: string;

beforeAll(async () => {
  out = await sentOut();
  mailbox = `/v1/mailboxes/${out.running.known.mailbox_id}`;
});
afterAll(() => out?.stop());

const change = (settings: object, key = out.running.known.admin_key) =>
  out.running.call(key, mailbox, settings, { method: "PATCH" });

const copiesOf = async (): Promise<unknown> => {
  const { auto_cc, auto_bcc } = (await out.running.call(out.running.known.admin_key, mailbox)).body;
  return { auto_cc, auto_bcc };
};

/** Whom the copies of a message left for. */
async function leftFor(message: Record<string, unknown>): Promise<string[]> {
  const { body } = await out.running.send(message);
  await out.running.settled(body.id, "sent");
  return whom(body.message_id);
}

function whom(messageId: string): string[] {
  return out.sink.messages
    .filter(({ data }) => data.includes(`Message-ID: ${messageId}`))
    .map(({ to: [only] }) => only ?? "")
    .toSorted();
}

describe("who gets a copy", () => {
  test("is added by a person alone: a key is answered 202, and its mailed code lets it through", async () => {
    const wanted = {
      auto_cc: "Boss@Example.net",
      auto_bcc: ["crm@example.net", "crm@example.net"],
    };
    const asked = await change(wanted);
    expect(asked).toMatchObject({ status: 202, body: { status: "approval_required" } });
    expect(await copiesOf()).toEqual({ auto_cc: [], auto_bcc: [] });
    const approval_code = await sunkCode(out.sink, "boss@example.net");
    expect(await change({ ...wanted, approval_code })).toMatchObject({
      status: 200,
      body: { auto_cc: ["boss@example.net"], auto_bcc: ["crm@example.net"] },
    });
    const [entry] = await out.node.as((tx) =>
      tx.named<{ body: Buffer }>(
        "last_change",
        "SELECT body FROM log_entry WHERE type = 'mailbox.changed' ORDER BY entry_id DESC LIMIT 1",
        [],
      ),
    );
    expect(entry?.body.toString()).not.toContain("example.net");
    expect(JSON.parse(entry?.body.toString() ?? "").data).toMatchObject({
      auto_cc: 1,
      auto_bcc: 1,
    });
  });

  test("gets each message once, the visible ones seen by all and the hidden ones by nobody", async () => {
    const known = out.sink.messages.length;
    expect(await leftFor({ to: ["ada@example.net"] })).toEqual([
      "ada@example.net",
      "boss@example.net",
      "crm@example.net",
    ]);
    const copy = out.sink.messages
      .slice(known)
      .find(({ to: [only] }) => only === "ada@example.net");
    const head = copy?.data.toString("latin1").split("\r\n\r\n")[0] ?? "";
    expect(head).toMatch(/^Cc: boss@example\.net$/m);
    expect(head).not.toContain("crm@example.net\r\n");
    expect(head).not.toMatch(/^Bcc:/m);
    // Whom the author names already is not added.
    expect(await leftFor({ to: ["CRM@example.net"], bcc: ["boss@example.net"] })).toEqual([
      "CRM@example.net",
      "boss@example.net",
    ]);
  });

  test("is left out while suppressed, and the message goes to the others", async () => {
    await out.running.call(out.running.known.admin_key, "/v1/suppression", {
      address: "crm@example.net",
    });
    expect(await leftFor({ to: ["bob@example.net"] })).toEqual([
      "bob@example.net",
      "boss@example.net",
    ]);
  });

  test("gets what a draft becomes, and is bound by its approval", async () => {
    const { agent_key } = out.running.known;
    expect((await change({ oversight_mode: "gated_send" })).status).toBe(200);
    const draft = await out.running.call(agent_key, `${mailbox}/drafts`, {
      to: ["eve@example.net"],
      subject: "A draft",
      markdown: "Text.",
    });
    expect(draft.body.cc).toEqual([]);
    const sent = await out.running.call(agent_key, `${mailbox}/drafts/${draft.body.id}/send`, {});
    expect(sent.body.status).toBe("pending_send_approval");
    expect(await out.read(draft.body.id)).toMatchObject({ cc: ["boss@example.net"] });
    // Nobody more gets what was approved than who stood there.
    expect((await change({ auto_cc: null, auto_bcc: null })).status).toBe(200);
    expect((await out.running.decide(draft.body.id, "approve")).status).toBe(200);
    await out.running.settled(draft.body.id, "sent");
    expect(whom(draft.body.message_id)).toEqual(["boss@example.net", "eve@example.net"]);
  });

  test("stays on whatever the agent makes of the recipients afterwards", async () => {
    const approval = { auto_cc: ["chief@example.net"] };
    await change(approval);
    const approval_code = await sunkCode(out.sink, "chief@example.net");
    expect((await change({ ...approval, approval_code })).status).toBe(200);
    const send_at = new Date(Date.now() + 3_600_000).toISOString();
    const { body } = await out.running.send({ to: ["ada@example.net"], send_at });
    const path = `${mailbox}/emails/${body.id}/schedule`;
    const moved = { to: ["eve@example.net"], cc: [], bcc: [] };
    const edited = await out.running.call(out.running.known.agent_key, path, moved, {
      method: "PATCH",
    });
    expect(edited.status).toBe(200);
    expect(await out.read(body.id)).toMatchObject({
      to: ["eve@example.net"],
      cc: ["chief@example.net"],
    });
    expect((await change({ auto_cc: null })).status).toBe(200);
  });

  test("is refused by name where it cannot be one", async () => {
    for (const [auto_cc, field] of [
      ["nobody", "auto_cc[0]"],
      [[out.running.known.mailbox_address], "auto_cc"],
      ["a@example.net\r\nBcc: eve@example.net", "auto_cc[0]"],
      [Array.from({ length: 11 }, (_, i) => `a${i}@example.net`), "auto_cc"],
    ] as const)
      expect(await change({ auto_cc })).toMatchObject({ status: 400, body: { field } });
    expect(await copiesOf()).toEqual({ auto_cc: [], auto_bcc: [] });
  });
});
