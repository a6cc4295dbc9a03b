/** Whatever comes is kept: mutated and hostile mail on a real engine, a message that cannot be kept as it is, a silent DNS. */
import { createSocket } from "node:dgram";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MailIn, mailIn } from "./mail-in.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let mail: MailIn;

async function start(dns: string): Promise<void> {
  running = await run({ MULTIMAIL_DNS: dns });
  node = await secondNode(running);
  mail = mailIn(running);
}
async function stop(): Promise<void> {
  await node.close();
  await running.stop();
}

const folder = join(import.meta.dirname, "../mail/reports");
const corpus = readdirSync(folder)
  .filter((name) => name.endsWith(".eml"))
  .map((name) => readFileSync(join(folder, name)));

// A fixed series, so that a failure can be run again.
let seed = 20_261_121;
const random = (below: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((seed / 2_147_483_648) * below);
};

/** Bytes cut out, doubled, overwritten, or swapped with another message's. */
function mutated(): Buffer {
  let bytes = Buffer.from(corpus[random(corpus.length)] ?? "");
  for (let i = random(12); i >= 0; i--) {
    const at = random(bytes.length + 1);
    const end = Math.min(bytes.length, at + random(200));
    const other = corpus[random(corpus.length)] ?? Buffer.alloc(0);
    const from = random(other.length);
    const piece = [
      Buffer.alloc(0),
      bytes.subarray(at, Math.min(bytes.length, end + 400)),
      Buffer.from(Array.from({ length: random(40) }, () => random(256))),
      other.subarray(from, from + random(600)),
      Buffer.from("\r\n\0\ufffe\ud800=?utf-8?b?AAAA?=\r\n\r\n"),
    ][random(5)];
    bytes = Buffer.concat([bytes.subarray(0, at), piece ?? Buffer.alloc(0), bytes.subarray(end)]);
  }
  return bytes;
}

const nasty = (header: string, body = "x"): Buffer =>
  Buffer.from(`${header}\r\n\r\n${body}\r\n`, "latin1");

/** Messages made to break whoever keeps them. */
const hostile: Buffer[] = [
  Buffer.alloc(0),
  Buffer.from("\0"),
  Buffer.from("\r\n"),
  nasty("From: =?utf-8?b?AAAA?= <a\0b@example.com>\r\nSubject: a\0b =?utf-8?q?=00=ed=a0=80?="),
  nasty(
    "In-Reply-To: <a\0b@x>\r\nReferences: <\0> <\xed\xa0\x80@x> <a b>\r\nMessage-ID: <\0\xff@x>",
  ),
  nasty(`References: ${Array.from({ length: 5000 }, (_, i) => `<${i}@x>`).join(" ")}`),
  nasty(`Message-ID: <${"m".repeat(100_000)}@x>\r\nSubject: ${"s".repeat(100_000)}`),
  nasty(
    `To: ${Array.from({ length: 5000 }, (_, i) => `"\\0${i}" <r${i}@example.com>`).join(", ")}`,
  ),
  nasty(`From: ${"a".repeat(400)}@${"b".repeat(400)}.example`),
  nasty("From: a@example.com\r\nFrom: b@example.com\r\nSender: c@\0"),
  nasty(
    'Content-Type: multipart/mixed; boundary="b"',
    Array.from(
      { length: 300 },
      (_, i) =>
        `--b\r\nContent-Disposition: attachment; filename="\xff\0../${i}.exe"\r\nContent-ID: <\0>\r\nContent-Type: \0/x\r\n\r\ny`,
    ).join("\r\n"),
  ),
  nasty("Content-Type: text/html", `${"<div>".repeat(50_000)}\0`),
  nasty(`DKIM-Signature: v=1; a=rsa-sha256; d=\0.example; s=\xff; h=from; bh=; b=\0`),
  nasty(
    `ARC-Seal: i=1; cv=none; d=\0; s=x; b=\0\r\nAuthentication-Results: multimail.localhost\0; x`,
  ),
  nasty("Content-Type: text/plain; charset=utf-16le", "\x00\xd8\x00\xd8\x00\x00a\x00"),
  nasty("Date: Thu, 01 Jan 999999 00:00:00 +9999\r\nReply-To: \0@\0"),
];

const waiting = (): Promise<{ inbound_id: string; attempts: number }[]> =>
  node.as((tx) => tx.named("waiting", "SELECT inbound_id, attempts FROM inbound", []));

const settled = async (seconds = 30): Promise<void> => {
  await expect.poll(waiting, { timeout: seconds * 1000, interval: 50 }).toEqual([]);
};

const session = { remote_address: "127.0.0.1", helo: "mx\0.example", tls: null, smtputf8: false };

describe("mail that would break its reader", () => {
  beforeAll(() => start("127.0.0.1:1"));
  afterAll(stop);

  const received = async (): Promise<number> => {
    const [row] = await node.as((tx) =>
      tx.named<{ count: number }>(
        "received_count",
        "SELECT count(*)::int AS count FROM inbound_seen",
        [],
      ),
    );
    return row?.count ?? -1;
  };
  const accept = (raw: Buffer, from = "ada@example.com"): Promise<unknown> =>
    node.engine.accept({ from, to: [running.known.mailbox_address], raw, session });

  test("is kept at the first attempt, whatever it is", { timeout: 120_000 }, async () => {
    const failed: string[] = [];
    for (const [i, raw] of hostile.entries()) {
      await accept(raw, i % 2 === 0 ? "" : 'a"\0\\"b@example.com');
      await settled(10).catch(() => failed.push(`${i}: ${raw.toString("latin1", 0, 60)}`));
    }
    expect(failed).toEqual([]);
    expect(await received()).toBe(hostile.length);
  });

  test("does not wedge the worker in five hundred mutations", { timeout: 180_000 }, async () => {
    for (let i = 0; i < 500; i += 50)
      await Promise.all(Array.from({ length: 50 }, () => accept(mutated())));
    await settled(120);
    await mail.deliver({ subject: "Behind all of it" });
    await mail.received("Behind all of it");
    // All that was kept can be listed and read.
    for (const { id } of (await mail.inbox()).slice(0, 100)) {
      const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`;
      expect((await running.call(running.known.agent_key, path)).status).toBe(200);
    }
  });

  test(
    "is kept closed and flagged after five failures, and delays nobody meanwhile",
    { timeout: 60_000 },
    async () => {
      await node.asOwner(
        "ALTER TABLE message_content ADD CONSTRAINT poison CHECK (body_text NOT LIKE '%poison%') NOT VALID",
      );
      try {
        await mail.deliver({ subject: "Bad", text: "poison" });
        await mail.deliver({ subject: "Good" });
        await mail.received("Good");
        for (let attempt = 1; attempt < 5; attempt++) {
          await expect.poll(waiting, { timeout: 10_000 }).toMatchObject([{ attempts: attempt }]);
          await expect
            .poll(
              () =>
                node.as((tx) =>
                  tx.named(
                    "put_back",
                    "SELECT 1 FROM due WHERE kind = 'receive' AND node IS NULL AND due_at > now()",
                    [],
                  ),
                ),
              { timeout: 10_000 },
            )
            .toHaveLength(1);
          await node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'receive'");
        }
        await settled();
      } finally {
        await node.asOwner("ALTER TABLE message_content DROP CONSTRAINT poison");
      }
      const kept = await mail.received("Bad");
      expect(kept).toMatchObject({ status: "spam_flagged", text_body: "", authentication: null });
      expect(kept.from).toBe("ada@example.com");
      const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${kept.id}/raw`;
      expect((await running.call(running.known.agent_key, path)).body).toMatch(
        /^Return-Path: [^]*\r\n\r\npoison/,
      );
    },
  );
});

describe("a DNS that never answers", () => {
  const silent = createSocket("udp4");
  beforeAll(async () => {
    await new Promise<void>((bound) => silent.bind(0, "127.0.0.1", bound));
    await start(`127.0.0.1:${silent.address().port}`);
  });
  afterAll(async () => {
    await stop();
    silent.close();
  });

  test("delays mail by little, and one message no other", { timeout: 90_000 }, async () => {
    const began = Date.now();
    for (let i = 0; i < 150; i++)
      await node.engine.accept({
        from: `ada@d${i}.example`,
        to: [running.known.mailbox_address],
        raw: Buffer.from(`From: ada@d${i}.example\r\nSubject: ${i}\r\n\r\n${i}\r\n`),
        session,
      });
    await settled(60);
    const seconds = (Date.now() - began) / 1000;
    process.stdout.write(`150 messages without DNS: ${seconds.toFixed(1)} s\n`);
    expect(seconds).toBeLessThan(20);
  });
});
