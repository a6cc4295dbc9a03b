/** Feedback about somebody else, from somebody else, or too early: it ends nothing that it must not, and nothing is lost of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { returnPath } from "../../src/engine/addresses.ts";
import type { AttemptResult } from "../../src/engine/result-outcome.ts";
import { type DnsServerForTests, startDns } from "../dns/server.ts";
import { type Copy, type SentOut, dsn, sentOut } from "./sent-out.ts";

let dns: DnsServerForTests;
let out: SentOut;

beforeAll(async () => {
  dns = await startDns({
    "_dmarc.strict.example": { TXT: ["v=DMARC1; p=reject"] },
    "_dmarc.lax.example": { TXT: ["v=DMARC1; p=none"] },
    "strict.example": { TXT: ["v=spf1 -all"] },
    "lax.example": { TXT: ["v=spf1 -all"] },
  });
  out = await sentOut({}, { MULTIMAIL_DNS: dns.address });
});
afterAll(async () => {
  await out?.stop();
  await dns?.close();
});

const one = async (to: string): Promise<Copy> => {
  const [copy] = await out.send(to);
  if (!copy) throw new Error("nothing left");
  return copy;
};

describe("a bounce of an address that ours leads to", () => {
  const bounced = async (copy: Copy): Promise<object[]> =>
    (await out.events(copy.id))
      .filter(({ type }) => type === "message.bounced")
      .map(({ data }) => data);

  test("is an entry and an event, once, and neither ends nor suppresses ours", async () => {
    const copy = await one("team@corp.example");
    const report = dsn(copy, { address: "gone@old.example" });
    for (let i = 0; i < 2; i++) {
      expect(await out.mail.raw("", copy.path, report)).toMatch(/^250 /);
      await out.opened();
    }
    expect(await out.suppressed(copy.to)).toBe(false);
    expect(await out.read(copy.id)).toMatchObject({
      status: "sent",
      recipients: [{ status: "sent" }],
    });
    expect(await bounced(copy)).toMatchObject([{ other_address: true, action: "failed" }]);
    const entries = await out.entries(copy.id);
    expect(entries.filter((type) => type === "message.reported")).toHaveLength(1);
    const days = await out.node.as((tx) =>
      tx.named<{ bounced: number }>(
        "bounced_days",
        "SELECT bounced FROM mailbox_day WHERE operator_id = $1 AND bounced > 0",
        [tx.operator_id],
      ),
    );
    expect(days).toEqual([]);
  });

  test("counts where it names ours as the original, or ours without its tag", async () => {
    const [forwarded, tagged] = [
      await one("bob@corp.example"),
      await one("eve+lists@corp.example"),
    ];
    const original = dsn(forwarded, { address: "gone@old.example" }).replace(
      "Final-Recipient:",
      `Original-Recipient: rfc822;${forwarded.to}\r\nFinal-Recipient:`,
    );
    expect(await out.mail.raw("", forwarded.path, original)).toMatch(/^250 /);
    const untagged = dsn(tagged, { address: "Eve@corp.example" });
    expect(await out.mail.raw("", tagged.path, untagged)).toMatch(/^250 /);
    await out.opened();
    for (const copy of [forwarded, tagged]) {
      expect(await out.suppressed(copy.to)).toBe(true);
      expect((await out.read(copy.id)).status).toBe("bounced");
    }
  });
});

describe("a bounce that comes before the answer of the server is recorded", () => {
  /** Sends one whose server never answers, and has its bounce come while it waits. */
  async function overtaken(to: string): Promise<{ id: string; result: AttemptResult }> {
    const { node, running, sink } = out;
    sink.fault("dot", "hang");
    const { body } = await running.send({ to: [to] });
    await running.settled(body.id, "sending");
    const [due] = await node.as((tx) =>
      tx.named<{ token: string }>(
        "token_of",
        "SELECT token FROM due WHERE operator_id = $1 AND kind = 'deliver' AND message_id = $2",
        [tx.operator_id, body.id],
      ),
    );
    const copy = { operator_id: node.operator_id, message_id: body.id, position: 0 };
    const path = returnPath(node.context.unsubscribe_key, copy, "multimail.localhost");
    const { id, thread_id, message_id } = body;
    const report = dsn({ id, thread_id, message_id, to, path, token: "", data: "" });
    expect(await out.mail.raw("", path, report)).toMatch(/^250 /);
    await out.opened();
    const receipt = {
      outcome: "accepted",
      host: "mx.example.net",
      code: 250,
      enhanced_status_code: "2.0.0",
      reply: "taken",
      tls: null,
      at: new Date().toISOString(),
    } as AttemptResult["recipients"][number]["receipt"];
    return {
      id,
      result: {
        operator_id: node.operator_id,
        message_id: id,
        token: due?.token ?? "",
        attempt: 1,
        final_hop: true,
        recipients: [{ position: 0, receipt }],
      },
    };
  }

  test("stands when the server's yes is recorded, and the receipt is kept", async () => {
    const { id, result } = await overtaken("quick@example.net");
    expect(await out.read(id)).toMatchObject({
      status: "sending",
      recipients: [{ status: "bounced" }],
    });
    expect(await out.node.engine.recordResult(result)).toBe(true);
    const body = await out.read(id);
    expect(body).toMatchObject({ status: "bounced", recipients: [{ status: "bounced" }] });
    expect(body.reason).toContain("no such user");
    const [row] = await out.node.as((tx) =>
      tx.named<{ receipt: { reply: string } }>(
        "receipt_of",
        "SELECT receipt FROM recipient WHERE operator_id = $1 AND message_id = $2",
        [tx.operator_id, id],
      ),
    );
    expect(row?.receipt.reply).toBe("taken");
    expect(await out.entries(id)).toEqual(
      expect.arrayContaining(["message.reported", "message.attempted", "suppression.added"]),
    );
    const events = (await out.events(id)).map(({ type }) => type);
    expect(events.filter((type) => type === "message.bounced")).toHaveLength(1);
    expect(events).not.toContain("message.delivered");
  });

  test("stands when nobody knows the server's answer", async () => {
    const { id } = await overtaken("nobody-knows@example.net");
    out.sink.heal();
    out.sink.dropConnections();
    const body = await out.running.settled(id, "bounced", "queued", "suppressed", "sent");
    expect(body).toMatchObject({ status: "bounced", recipients: [{ status: "bounced" }] });
  });
});

describe("an answer that asks to stop and fails DMARC", () => {
  const asks = async (copy: Copy): Promise<void> => {
    const data = [
      `From: ${copy.to}`,
      `Subject: Re: x ${copy.to}`,
      `In-Reply-To: ${copy.message_id}`,
      "",
      "Please unsubscribe me.",
      "",
    ].join("\r\n");
    const to = out.running.known.mailbox_address;
    expect(await out.mail.raw(copy.to, to, data)).toMatch(/^250 /);
    await out.opened();
  };

  test("counts where its domain asks for nothing", async () => {
    const copy = await one("ada@lax.example");
    await asks(copy);
    expect(await out.suppressed(copy.to)).toBe(true);
  });

  test("is ignored where its domain asks for it to be refused, and the log says so", async () => {
    const copy = await one("ada@strict.example");
    await asks(copy);
    expect(await out.suppressed(copy.to)).toBe(false);
    const { id } = await out.mail.received(`Re: x ${copy.to}`);
    expect(await out.entries(id)).toContain("message.unsubscribe_ignored");
  });
});
