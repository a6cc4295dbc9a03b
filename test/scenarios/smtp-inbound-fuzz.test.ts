/** Both doors under random octets: no crash, no hang, and nothing is ever kept that was not sent exactly so. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { stuffContent } from "../../src/mail/smtp-content.ts";
import { Client, KEY, inboundDoor, submissionDoor } from "./smtp-dialog.ts";
import type { RunningDoor } from "./smtp-dialog.ts";

type Kept = { readonly from: string; readonly to: readonly string[]; readonly raw: Buffer };
const limits = {
  messages_per_minute: 1e6,
  messages_per_recipient: 1e6,
  strikes: 1e6,
  tarpit_ms: 0,
  idle_ms: 2000,
  connections: 1000,
  connections_per_source: 1000,
};
const running: { inbound?: RunningDoor<Kept>; submission?: RunningDoor<Kept> } = {};
beforeAll(async () => {
  running.inbound = await inboundDoor(limits);
  running.submission = await submissionDoor(limits);
});
afterAll(async () => {
  await running.inbound?.door.close(0);
  await running.submission?.door.close(0);
});

const token = Buffer.from(`\0a\0${KEY}`).toString("base64");
const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        "EHLO a.example\r\n",
        "HELO a\r\n",
        "MAIL FROM:<a@b.example>\r\n",
        "MAIL FROM:<>\r\n",
        "RCPT TO:<agent@ours.test>\r\n",
        "RCPT TO:<x@elsewhere.example>\r\n",
        "DATA\r\n",
        "RSET\r\n",
        "NOOP\r\n",
        `AUTH PLAIN ${token}\r\n`,
        "AUTH LOGIN\r\n",
        "AUTH PLAIN\r\n",
        "*\r\n",
        "x\r\n",
        ".\r\n",
        "..\r\n",
        "\r\n",
        "STARTTLS\r\n",
        "VRFY a\r\n",
        "EXPN a\r\n",
        "HELP\r\n",
        "__proto__\r\n",
        "constructor x\r\n",
        "AUTH __proto__\r\n",
        "MAIL FROM:<a@b.example> __proto__=1 SIZE=1\r\n",
        "MAIL FROM:<a@b.example> SIZE=1 SIZE=2\r\n",
      )
      .map((text) => Buffer.from(text)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("\r", "\n", "\0", ".", "\n.\n", "\r\n.\r")
      .map((text) => Buffer.from(text)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)) },
);

describe.each(["inbound", "submission"] as const)("%s", (name) => {
  const door = (): RunningDoor<Kept> => running[name]!;

  test("random sessions, in random packets, end or answer, and keep no octets that were not sent", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(piece, { maxLength: 6 }), { maxLength: 8 }),
        fc.boolean(),
        async (packets, greet) => {
          const before = door().kept.length;
          const client = new Client(door().door);
          if (greet) await client.reply();
          const sent: Buffer[] = [];
          for (const pieces of packets) {
            const octets = Buffer.concat(pieces);
            sent.push(octets);
            await client.sent(octets);
          }
          client.end();
          const lines = await client.rest();
          client.close();
          for (const line of lines) expect(line).toMatch(/^[2-5]\d\d[ -][\u0020-\u007e]*$/);
          const all = Buffer.concat(sent).toString("latin1");
          for (const { raw } of door().kept.slice(before)) {
            const wire = stuffContent(raw, raw.toString("latin1").match(/^\./gm)?.length ?? 0);
            expect(all).toContain(wire.toString("latin1"));
            expect(raw.toString("latin1")).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/);
          }
        },
      ),
      { numRuns: 60 },
    );
    const client = new Client(door().door);
    expect(await client.reply()).toMatch(/^220/);
    client.close();
  });

  test("any content of whole lines is kept octet for octet", async () => {
    const line = fc
      .uint8Array({ maxLength: 60 })
      .map((octets) => octets.filter((octet) => ![0, 10, 13].includes(octet)));
    const client = new Client(door().door);
    await client.reply();
    await client.say("EHLO a.example");
    if (name === "submission") expect(await client.say(`AUTH PLAIN ${token}`)).toMatch(/^235/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        async (lines, cut) => {
          const content = Buffer.concat(
            lines.flatMap((octets) => [Buffer.from(octets), Buffer.from("\r\n")]),
          );
          const dots = lines.filter((octets) => octets[0] === 0x2e).length;
          const wire = stuffContent(content, dots);
          await client.say("MAIL FROM:<a@b.example>");
          await client.say("RCPT TO:<agent@ours.test>");
          expect(await client.say("DATA")).toMatch(/^354/);
          for (let at = 0; at < wire.length; at += cut) client.send(wire.subarray(at, at + cut));
          expect(await client.reply()).toMatch(/^250/);
          expect(door().kept.at(-1)?.raw.equals(content)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
    client.close();
  });
});
