/** The five oversight modes: what each lets out, and to whom. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { keyOf } from "./owner-keys.ts";
import { toolNames } from "./mcp-tools.ts";
import { type ModedInstance, modedInstance, overseer } from "./moded-instance.ts";
import { fieldsOf } from "./verifiers.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const keysOf = (mail: Buffer): string[] => fieldsOf(mail).map(({ key }) => key);

function claimsOf(mail: Buffer): Record<string, unknown> {
  const field = fieldsOf(mail).find(({ key }) => key === "x-multimail-identity");
  const payload = field?.value.replaceAll(/\s/g, "").split(".")[1] ?? "";
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
}

const keyFor = async (mailboxId: string): Promise<string> =>
  keyOf(it.node, ["read", "send"], { mailbox_ids: [mailboxId] });

describe("what each mode lets out", () => {
  test(promise("gate.mode-read-only"), async () => {
    const id = await it.mailboxIn("read_only");
    const refused = await it.send(id);
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({
      code: "mode_forbids_send",
      error: expect.stringContaining("read_only"),
    });
    expect(refused.body.hint).toMatch(/raise/);
    const list = await it.running.call(it.running.known.agent_key, `/v1/mailboxes/${id}/emails`);
    expect(list.body.emails).toEqual([]);
  });

  test(promise("mcp.send-tools-absent"), async () => {
    const id = await it.mailboxIn("gated_all");
    const key = await keyFor(id);
    expect(await toolNames(it.running.known.url, key)).toContain("send_email");
    await it.lower(id, "read_only");
    const names = await toolNames(it.running.known.url, key);
    expect(names).not.toContain("send_email");
    expect(names).toContain("check_inbox");
  });

  test(`${promise("gate.mode-gated-all")}: what leaves, also to those on its allowlist`, async () => {
    const id = await it.mailboxIn("gated_all");
    await it.allow(id, "*@example.com");
    const sent = await it.send(id);
    expect(sent.body.status).toBe("pending_send_approval");
    expect((await it.running.decide(sent.body.id, "approve")).status).toBe(200);
    const message = await it.reaches(id, sent.body.id, "sent");
    expect(it.copiesOf(message).map(({ to }) => to)).toEqual(["ada@example.com"]);
  });

  test(promise("gate.mode-gated-send"), async () => {
    const id = await it.mailboxIn("gated_send");
    await it.allow(id, "friend@example.com");
    await it.allow(id, "*@Friends.Example");
    const held: Record<string, string[]>[] = [
      { to: ["ada@example.com"] },
      { to: ["friend@example.com", "ada@example.com"] },
      { to: ["friend@example.com"], cc: ["ada@example.com"] },
      { to: ["friend@example.com"], bcc: ["ada@example.com"] },
      { to: ["friend@sub.friends.example"] },
      { to: ["friend@notfriends.example"] },
      { to: ["friend@example.com.evil.example"] },
      { to: ["friend+tag@example.com"] },
    ];
    for (const recipients of held)
      expect((await it.send(id, recipients)).body.status, JSON.stringify(recipients)).toBe(
        "pending_send_approval",
      );
    const free: Record<string, string[]>[] = [
      { to: ["Friend@EXAMPLE.com"] },
      { to: ["friend@example.com"], cc: ["one@friends.example"], bcc: ["two@FRIENDS.example"] },
      { to: [], bcc: ["friend@example.com"] },
    ];
    for (const recipients of free) {
      const sent = await it.send(id, recipients);
      expect(sent.body.status, JSON.stringify(recipients)).toBe("queued");
      const message = await it.reaches(id, sent.body.id, "sent");
      expect(it.copiesOf(message)).toHaveLength(Object.values(recipients).flat().length);
    }
  });

  test(promise("gate.mode-monitored"), async () => {
    const id = await it.mailboxIn("monitored");
    const sent = await it.send(id, { cc: ["grace@example.com"], bcc: ["hidden@example.net"] });
    expect(sent.body.status).toBe("queued");
    const message = await it.reaches(id, sent.body.id, "sent");
    expect(
      message.recipients.map(({ kind, address }: Record<string, string>) => `${kind} ${address}`),
    ).toEqual([
      "to ada@example.com",
      "cc grace@example.com",
      "bcc hidden@example.net",
      `copy ${overseer}`,
    ]);
    const copies = it.copiesOf(message);
    expect(copies.map(({ to }) => to).toSorted()).toEqual(
      ["ada@example.com", "grace@example.com", "hidden@example.net", overseer].toSorted(),
    );
    // The recipients cannot tell that somebody watches: no field names the overseer.
    for (const { data } of copies)
      expect(data.toString("latin1").toLowerCase()).not.toContain(overseer);
    // Who is written to anyway needs no second copy.
    const known = await it.send(id, { to: ["Oversight@agents.example"] });
    expect((await it.reaches(id, known.body.id, "sent")).recipients).toHaveLength(1);
  });

  test("a monitored mailbox without an overseer to copy holds its mail", async () => {
    const id = await it.mailboxIn("monitored");
    await it.node.asOwner("UPDATE operator SET oversight_address = NULL");
    try {
      const sent = await it.send(id);
      expect(sent.body.status).toBe("pending_send_approval");
      expect((await it.read(id, sent.body.id)).reason).toMatch(/no oversight address/);
    } finally {
      await it.node.asOwner(`UPDATE operator SET oversight_address = '${overseer}'`);
    }
  });

  test("a monitored mailbox whose overseer is suppressed holds its mail, and the link of a copy suppresses nobody", async () => {
    const id = await it.mailboxIn("monitored");
    const first = await it.send(id);
    await it.reaches(id, first.body.id, "sent");
    expect(await it.unsubscribe(id, first.body.id, overseer)).toBe(410);
    const seen = await it.send(id);
    await it.reaches(id, seen.body.id, "sent");
    // As a recipient, who got a message of their own, the overseer may leave like anybody.
    const own = await it.send(id, { to: [overseer] });
    await it.reaches(id, own.body.id, "sent");
    expect(await it.unsubscribe(id, own.body.id, overseer)).toBe(200);
    const second = await it.send(id);
    const held = await it.reaches(id, second.body.id, "pending_send_approval");
    expect(it.copiesOf(held)).toEqual([]);
    // A person has looked at it: it goes to its recipient.
    expect((await it.running.decide(second.body.id, "approve")).status).toBe(200);
    const message = await it.reaches(id, second.body.id, "sent");
    expect(it.copiesOf(message).map(({ to }) => to)).toEqual(["ada@example.com"]);
  });

  test("a monitored message whose recipients all unsubscribed sends no lone copy to the overseer", async () => {
    const id = await it.mailboxIn("monitored");
    const first = await it.send(id, { to: ["leaves@example.com"] });
    await it.reaches(id, first.body.id, "sent");
    it.sink.fault("mail", "tempfail");
    const second = await it.send(id, { to: ["leaves@example.com"] });
    await it.deferred(id, second.body.id);
    await it.unsubscribe(id, first.body.id, "leaves@example.com");
    it.sink.heal();
    await it.dueNow(second.body.id);
    const message = await it.reaches(id, second.body.id, "suppressed");
    expect(it.copiesOf(message)).toEqual([]);
  });

  test(promise("gate.mode-autonomous"), async () => {
    const id = await it.mailboxIn("autonomous");
    const sent = await it.send(id, { to: ["anybody@example.net"] });
    expect(sent.body.status).toBe("queued");
    const message = await it.reaches(id, sent.body.id, "sent");
    expect(message.decisions).toEqual([]);
    const [copy] = it.copiesOf(message);
    expect(copy?.to).toBe("anybody@example.net");
    const mail = copy?.data ?? Buffer.alloc(0);
    // No person approved it, and it says so (RFC 3834).
    expect(fieldsOf(mail).find(({ key }) => key === "auto-submitted")?.value).toBe(
      "auto-generated",
    );
    expect(keysOf(mail)).toContain("x-ai-generated");
    expect(claimsOf(mail)).toMatchObject({ oversight: "autonomous" });
    expect(claimsOf(mail)).not.toHaveProperty("approval");
  });

  test("a test key's message in an autonomous mailbox ends in sandboxed", async () => {
    const id = await it.mailboxIn("autonomous");
    const made = await keyOf(it.node, ["read", "send"], { test: true });
    const sent = await it.running.call(made, `/v1/mailboxes/${id}/send`, {
      to: ["ada@example.com"],
      subject: "A test",
      markdown: "Some text.",
    });
    expect(it.copiesOf(await it.reaches(id, sent.body.id, "sandboxed"))).toEqual([]);
  });
});
