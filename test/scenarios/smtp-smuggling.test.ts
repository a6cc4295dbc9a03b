/** SMTP smuggling into both doors: no end of data but CRLF.CRLF, and nothing that follows a false one is ever a command. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { promise } from "../promises.ts";
import { Client, KEY, inboundDoor, submissionDoor, unescaped } from "./smtp-dialog.ts";
import type { RunningDoor } from "./smtp-dialog.ts";

type Kept = { readonly from: string; readonly raw: Buffer };

/** False ends of data: those published since 2023, and every mixture of up to three line ends around a dot. */
const LINE_ENDS = [
  "",
  "\\r",
  "\\n",
  "\\r\\n",
  "\\r\\r",
  "\\n\\n",
  "\\n\\r",
  "\\r\\r\\n",
  "\\0\\r\\n",
  "\\r\\0\\n",
  "\\r\\n\\0",
];
const FALSE_ENDS = LINE_ENDS.flatMap((before) =>
  LINE_ENDS.flatMap((after) => [".", ".\\0", "\\0."].map((dot) => `${before}${dot}${after}`)),
).filter((end) => {
  const octets = unescaped(`x${end}y`).toString("latin1");
  // No mischief are plain dots in a line, a line that begins with one, and the true end, whatever follows it.
  const true_end = octets.indexOf("\r\n.\r\n");
  const message = true_end === -1 ? octets : octets.slice(0, true_end);
  return message.includes("\0") || /\r(?!\n)|(?<!\r)\n/.test(message);
});

const SMUGGLED =
  "MAIL FROM:<admin@ours.test>\r\nRCPT TO:<agent@ours.test>\r\nDATA\r\nSubject: smuggled\r\n\r\npay\r\n.\r\n";

let inbound: RunningDoor<Kept>;
let submission: RunningDoor<Kept>;
beforeAll(async () => {
  const limits = {
    messages_per_minute: 1e6,
    strikes: 1e6,
    connections: 1000,
    connections_per_source: 1000,
  };
  inbound = await inboundDoor(limits);
  submission = await submissionDoor(limits);
});
afterAll(async () => {
  await inbound.door.close(0);
  await submission.door.close(0);
});

/** A session in which the server has just said 354. */
async function atData(running: RunningDoor<Kept>, authenticate: boolean): Promise<Client> {
  const client = new Client(running.door);
  expect(await client.reply()).toMatch(/^220/);
  expect(await client.say("EHLO a.example")).toMatch(/^250/);
  if (authenticate) {
    const token = Buffer.from(`\0agent\0${KEY}`).toString("base64");
    expect(await client.say(`AUTH PLAIN ${token}`)).toMatch(/^235/);
  }
  expect(await client.say("MAIL FROM:<a@b.example>")).toMatch(/^250/);
  expect(await client.say("RCPT TO:<agent@ours.test>")).toMatch(/^250/);
  expect(await client.say("DATA")).toMatch(/^354/);
  return client;
}

async function expectOneRefusal(
  running: RunningDoor<Kept>,
  authenticate: boolean,
  writes: readonly Buffer[],
): Promise<void> {
  const before = running.kept.length;
  const client = await atData(running, authenticate);
  for (const octets of writes) await client.sent(octets);
  const replies = await client.rest();
  expect(replies).toHaveLength(1);
  expect(replies[0]).toMatch(/^550 5\.6\.0 message refused: /);
  client.close();
  expect(running.kept).toHaveLength(before);
}

test("the list of false ends holds the published ones", () => {
  for (const end of [
    "\\n.\\n",
    "\\n.\\r\\n",
    "\\r.\\r",
    "\\r\\n.\\n",
    "\\r\\n.\\r",
    "\\r.\\r\\n",
    "\\n.\\r",
    "\\r.\\n",
    "\\r\\n\\0.\\r\\n",
    "\\0\\r\\n.\\r\\n",
  ])
    expect(FALSE_ENDS).toContain(end);
});

describe.each(["inbound", "submission"] as const)("%s", (name) => {
  const authenticate = name === "submission";
  const door = (): RunningDoor<Kept> => (authenticate ? submission : inbound);

  test(promise("inbound.no-smuggling"), async () => {
    for (let i = 0; i < FALSE_ENDS.length; i += 50) {
      await Promise.all(
        FALSE_ENDS.slice(i, i + 50).map(async (end) => {
          const attack = Buffer.concat([
            Buffer.from("Subject: a\r\n\r\ntext"),
            unescaped(end),
            Buffer.from(SMUGGLED),
          ]);
          await expectOneRefusal(door(), authenticate, [attack]);
        }),
      );
    }
  });

  test("also cut into packets of one octet", async () => {
    await Promise.all(
      ["\\n.\\n", "\\n.\\r\\n", "\\r.\\r", "\\r\\n.\\n", "\\r\\n.\\r", "\\r.\\r\\n"].map(
        async (end) => {
          const attack = Buffer.concat([Buffer.from("a"), unescaped(end), Buffer.from(SMUGGLED)]);
          await expectOneRefusal(
            door(),
            authenticate,
            Array.from(attack, (octet) => Buffer.from([octet])),
          );
        },
      ),
    );
  });

  test("a stuffed dot alone on its line is content, also in packets of one octet", async () => {
    const before = door().kept.length;
    const client = await atData(door(), authenticate);
    for (const octet of Buffer.from("..\r\n..x\r\n.\r\n")) await client.sent(Buffer.from([octet]));
    expect(await client.reply()).toMatch(/^250 /);
    client.close();
    expect(
      door()
        .kept.slice(before)
        .map((mail) => mail.raw.toString()),
    ).toEqual([".\r\n.x\r\n"]);
  });
});

test("what was said in the clear behind STARTTLS is never executed under TLS", async () => {
  const { door, kept } = await inboundDoor();
  const client = new Client(door);
  await client.reply();
  await client.say("EHLO a.example");
  client.send(
    "STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<agent@ours.test>\r\n",
  );
  expect(await client.reply()).toMatch(/^220/);
  await client.startTls();
  // The first reply under TLS is the reply to the first command under TLS.
  expect(await client.say("NOOP")).toBe("250 2.0.0 OK");
  expect(await client.say("RCPT TO:<agent@ours.test>")).toMatch(/^503/);
  client.close();
  await door.close(0);
  expect(kept).toEqual([]);
});

test("a last line without its end is no command", async () => {
  const { door, kept } = await inboundDoor();
  const client = await atData({ door, kept }, false);
  expect(await client.say("x\r\n.")).toMatch(/^250/);
  client.send("EXPN unfinished");
  client.end();
  expect(await client.rest()).toEqual([]);
  client.close();
  await door.close(0);
});
