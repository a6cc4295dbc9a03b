/** The inbound and submission doors under strain: bounds, patience, reports to the inbox, stopping, and a real client. */
import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createTransport } from "nodemailer";
import { afterEach, expect, test } from "vitest";

import { selfSignedCertificate } from "../../src/smtp/self-signed.ts";
import { Client, KEY, inboundDoor, submissionDoor, tls } from "./smtp-dialog.ts";
import type { RunningDoor } from "./smtp-dialog.ts";
import type { SessionLimits } from "../../src/smtp/session-limits.ts";
import type { Inbox } from "../../src/smtp/inbound.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function inbound(
  limits: Partial<SessionLimits> = {},
  over: Partial<Inbox> = {},
): ReturnType<typeof inboundDoor> {
  const running = await inboundDoor(limits, over);
  closing.push(() => running.door.close(0));
  return running;
}

async function greeted(running: RunningDoor<unknown>, from?: string): Promise<Client> {
  const client = new Client(running.door, from);
  expect(await client.reply()).toMatch(/^220/);
  expect(await client.say("EHLO a.example")).toMatch(/^250/);
  return client;
}

async function atData(running: RunningDoor<unknown>): Promise<Client> {
  const client = await greeted(running);
  expect(await client.say("MAIL FROM:<a@b.example>")).toMatch(/^250/);
  expect(await client.say("RCPT TO:<agent@ours.test>")).toMatch(/^250/);
  expect(await client.say("DATA")).toMatch(/^354/);
  return client;
}

test("the inbox learns who sent the message and how it came", async () => {
  const running = await inbound();
  const client = new Client(running.door);
  await client.reply();
  await client.say("EHLO Client.Example");
  expect(await client.say("STARTTLS")).toMatch(/^220/);
  await client.startTls();
  await client.say("EHLO Client.Example");
  await client.say("MAIL FROM:<jörg@b.example> SMTPUTF8");
  await client.say("RCPT TO:<Agent@ours.test>");
  await client.say("DATA");
  expect(await client.say("x\r\n.")).toBe("250 2.0.0 taken as m1");
  client.close();
  expect(running.kept[0]).toMatchObject({
    from: "jörg@b.example",
    to: ["Agent@ours.test"],
    session: {
      remote_address: "127.0.0.1",
      helo: "client.example",
      tls: { version: "TLSv1.3" },
      smtputf8: true,
    },
  });
  expect(running.kept[0]?.session.at).toBeInstanceOf(Date);
});

test("250 is said only when the message is on disk", async () => {
  const disk = Promise.withResolvers<{ id: string }>();
  const called = Promise.withResolvers<void>();
  const running = await inbound(
    {},
    {
      accept: async () => {
        called.resolve();
        return await disk.promise;
      },
    },
  );
  const client = await atData(running);
  client.send("x\r\n.\r\n");
  await called.promise;
  let answered = false;
  const reply = client.reply().then((text) => {
    answered = true;
    return text;
  });
  const second = await greeted(running);
  expect(answered).toBe(false);
  disk.resolve({ id: "kept" });
  expect(await reply).toBe("250 2.0.0 taken as kept");
  client.close();
  second.close();
});

test("a message over the size is read to its end and refused, and the next one goes through", async () => {
  const running = await inbound({ message_size: 1000 });
  const client = await atData(running);
  client.send(`${"x".repeat(98)}\r\n`.repeat(11));
  expect(await client.say(".")).toMatch(/^552 5\.3\.4/);
  expect(running.kept).toHaveLength(0);
  await client.say("MAIL FROM:<a@b.example>");
  await client.say("RCPT TO:<agent@ours.test>");
  await client.say("DATA");
  expect(await client.say("x\r\n.")).toMatch(/^250/);
  client.close();
});

test("a line of a hundred megabytes is refused in bounded memory", async () => {
  const running = await inbound();
  const client = await atData(running);
  const piece = Buffer.alloc(1 << 20, "x");
  const held = (): number => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  let peak = 0;
  const refused = client.reply();
  for (let i = 0; i < 100; i++) {
    await client.sent(piece);
    if (i % 10 === 9) peak = Math.max(peak, held() - before);
  }
  expect(await refused).toMatch(/^550 5\.6\.0 message refused: a line is too long/);
  expect(await client.rest()).toEqual([]);
  // The client stands in this process too, with what the system has not taken from it yet.
  expect(peak).toBeLessThan(32 << 20);
  expect(running.kept).toHaveLength(0);
  client.close();
});

test("a sender that never ends is cut off long before the disk is full", async () => {
  const running = await inbound({ message_size: 100_000 });
  const client = await atData(running);
  const piece = Buffer.from(`${"x".repeat(998)}\r\n`.repeat(100));
  const refused = client.reply();
  for (let i = 0; i < 15; i++) await client.sent(piece);
  expect(await refused).toMatch(/^552 5\.3\.4/);
  expect(await client.rest()).toEqual([]);
  client.close();
});

test("more octets at once than allowed are put off, and the room comes back", async () => {
  const called = Promise.withResolvers<void>();
  const disk = Promise.withResolvers<{ id: string }>();
  const running = await inbound(
    { buffered_size: 100_000 },
    {
      accept: async () => {
        called.resolve();
        return await disk.promise;
      },
    },
  );
  const octets = `${"x".repeat(98)}\r\n`.repeat(600);
  const first = await atData(running);
  const second = await atData(running);
  first.send(`${octets}.\r\n`);
  await called.promise;
  expect(await second.say(`${octets}.`)).toMatch(/^452 4\.3\.1/);
  disk.resolve({ id: "m" });
  expect(await first.reply()).toMatch(/^250/);
  const third = await atData(running);
  expect(await third.say(`${octets}.`)).toMatch(/^250/);
  for (const client of [first, second, third]) client.close();
});

test("recipients, messages and connections are bounded", async () => {
  const running = await inbound({
    recipients: 2,
    messages_per_minute: 2,
    connections_per_source: 1,
  });
  const client = await greeted(running);
  const turned_away = new Client(running.door);
  expect(await turned_away.rest()).toEqual([
    "421 mx.test 4.7.0 too many connections from your address",
  ]);
  await client.say("MAIL FROM:<a@b.example>");
  expect(await client.say("RCPT TO:<a@ours.test>")).toMatch(/^250/);
  expect(await client.say("RCPT TO:<b@ours.test>")).toMatch(/^250/);
  expect(await client.say("RCPT TO:<c@ours.test>")).toMatch(/^452 4\.5\.3/);
  await client.say("RSET");
  expect(await client.say("MAIL FROM:<a@b.example>")).toMatch(/^250/);
  await client.say("RSET");
  expect(await client.say("MAIL FROM:<a@b.example>")).toMatch(/^450 4\.7\.1/);
  client.close();
});

test("who names a mailbox often and sends nothing takes nothing from it", async () => {
  const running = await inbound({ messages_per_recipient: 4 });
  const client = await greeted(running);
  for (let i = 0; i < 20; i++) {
    await client.say("MAIL FROM:<a@b.example>");
    expect(await client.say("RCPT TO:<a@ours.test>")).toMatch(/^250/);
    await client.say("RSET");
  }
  client.close();
});

test("one mailbox takes so much in a minute, half of it from one source, and others go on", async () => {
  const running = await inbound({ messages_per_recipient: 4 });
  const clients = await Promise.all(
    ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map((from) => greeted(running, from)),
  );
  const [first, second, third] = clients as [Client, Client, Client];
  const named = async (client: Client, to: string): Promise<string | null> => {
    await client.say("RSET");
    await client.say("MAIL FROM:<a@b.example>");
    return client.say(`RCPT TO:<${to}>`);
  };
  const sends = async (client: Client): Promise<void> => {
    expect(await named(client, "A+x@ours.test")).toMatch(/^250/);
    expect(await client.say("RCPT TO:<a@ours.test>")).toMatch(/^250/);
    await client.say("DATA");
    expect(await client.say("Subject: x\r\n\r\nx\r\n.")).toMatch(/^250/);
  };
  await sends(first);
  await sends(first);
  expect(await named(first, "a@ours.test")).toMatch(/^452 4\.2\.1/);
  await sends(second);
  await sends(second);
  expect(await named(third, "a@ours.test")).toMatch(/^452 4\.2\.1/);
  expect(await named(third, "c@ours.test")).toMatch(/^250/);
  for (const client of clients) client.close();
});

test("who guesses addresses is sent away, and not let in again", async () => {
  const running = await inbound({ strikes: 3 });
  const client = await greeted(running);
  await client.say("MAIL FROM:<a@b.example>");
  expect(await client.say("RCPT TO:<nobody1@ours.test>")).toMatch(/^550 5\.1\.1/);
  expect(await client.say("RCPT TO:<nobody2@ours.test>")).toMatch(/^550 5\.1\.1/);
  expect(await client.say("RCPT TO:<nobody3@ours.test>")).toMatch(/^421 4\.7\.0/);
  expect(await client.rest()).toEqual([]);
  expect(await new Client(running.door).reply()).toMatch(/^421 mx\.test 4\.7\.0/);
});

test("who guesses keys is sent away", async () => {
  const running = await submissionDoor({ strikes: 2 });
  closing.push(() => running.door.close(0));
  const client = await greeted(running);
  const wrong = `AUTH PLAIN ${Buffer.from("\0a\0wrong").toString("base64")}`;
  expect(await client.say(wrong)).toMatch(/^535 5\.7\.8/);
  expect(await client.say(wrong)).toMatch(/^421 4\.7\.0/);
  expect(await client.rest()).toEqual([]);
  expect(await new Client(running.door).reply()).toMatch(/^421/);
});

test("a silent client and an endless session are ended", async () => {
  const idle = await inbound({ idle_ms: 150 });
  expect(await (await greeted(idle)).reply()).toMatch(/^421 4\.4\.2/);
  const endless = await inbound({ session_ms: 400 });
  const client = await greeted(endless);
  let reply: string | null = "250";
  while (reply?.startsWith("250") === true) reply = await client.say("NOOP");
  expect(reply).toMatch(/^421 4\.4\.2 the session has lasted too long/);
});

test("stopping ends idle sessions at once, and lets a running message arrive", async () => {
  const running = await inboundDoor();
  const idle = await greeted(running);
  const busy = await atData(running);
  busy.send("Subject: x\r\n");
  const stopped = running.door.close(5000);
  expect(await idle.reply()).toBe("421 4.3.2 the server is stopping, try again later");
  busy.send("\r\ny\r\n.\r\n");
  expect(await busy.reply()).toBe("250 2.0.0 taken as m1");
  expect(await busy.reply()).toMatch(/^421 4\.3\.2/);
  idle.close();
  busy.close();
  await stopped;
  expect(running.kept).toHaveLength(1);
  expect(await new Client(running.door).rest()).toEqual([]);
});

test("stopping does not wait longer than the grace for a client that dawdles", async () => {
  const running = await inboundDoor();
  const client = await atData(running);
  client.send("Subject: never finished\r\n");
  await running.door.close(100);
  expect((await client.rest()).every((line) => line.startsWith("421 4.3.2"))).toBe(true);
  expect(running.kept).toHaveLength(0);
});

test("stopping lets the answer out to a message that is here whole", async () => {
  const called = Promise.withResolvers<void>();
  const disk = Promise.withResolvers<{ id: string }>();
  const running = await inboundDoor(
    {},
    {
      accept: async () => {
        called.resolve();
        return await disk.promise;
      },
    },
  );
  const client = await atData(running);
  client.send("x\r\n.\r\n");
  await called.promise;
  const stopped = running.door.close(300);
  setTimeout(() => disk.resolve({ id: "late" }), 400);
  expect(await client.reply()).toBe("250 2.0.0 taken as late");
  client.close();
  await stopped;
});

test("a client that vanishes in the middle of anything harms nobody and leaves nothing", async () => {
  const running = await inbound();
  const data = await atData(running);
  data.send("half a mess");
  data.close();
  new Client(running.door).close();
  const tls_client = await greeted(running);
  await tls_client.say("STARTTLS");
  tls_client.close();
  const junk_tls = await greeted(running);
  await junk_tls.say("STARTTLS");
  junk_tls.send("this is no ClientHello\r\n");
  await junk_tls.rest();
  const client = await atData(running);
  expect(await client.say("x\r\n.")).toBe("250 2.0.0 taken as m1");
  client.close();
});

test("without a key STARTTLS is neither offered nor taken", async () => {
  const running = await inboundDoor({}, {}, false);
  const client = new Client(running.door);
  await client.reply();
  expect(await client.say("EHLO a.example")).not.toContain("STARTTLS");
  expect(await client.say("STARTTLS")).toMatch(/^500 5\.5\.2/);
  client.close();
  await running.door.close(0);
});

test("the self-signed certificate is what it says, for ten years and for names and addresses", () => {
  for (const name of ["mx.example.com", "192.0.2.1"]) {
    const now = new Date("2026-03-02T10:00:00Z");
    const { cert, key } = selfSignedCertificate(name, now);
    const read = new X509Certificate(cert);
    expect(name === "192.0.2.1" ? read.checkIP(name) : read.checkHost(name)).toBe(name);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.validFromDate < now && read.validToDate > new Date("2036-02-01")).toBe(true);
    expect(key).toContain("BEGIN PRIVATE KEY");
  }
  expect(tls.cert).toContain("BEGIN CERTIFICATE");
});

const swaks = spawnSync("swaks", ["--version"]).status === 0;

test.skipIf(!swaks)("swaks sends a message to both doors", async () => {
  const running = await inbound();
  const submission = await submissionDoor();
  closing.push(() => submission.door.close(0));
  const send = async (port: number, ...more: string[]): Promise<number | null> => {
    const fixed = ["--server", `127.0.0.1:${port}`, "--from", "a@b.example"];
    const child = spawn("swaks", [...fixed, "--body", ".dots\n..\n.", ...more]);
    child.stdout.resume();
    const [code] = (await once(child, "close")) as [number | null];
    return code;
  };
  expect(await send(running.door.port, "--to", "agent@ours.test")).toBe(0);
  expect(running.kept[0]?.raw.toString()).toContain("\r\n.dots\r\n..\r\n.\r\n");
  expect(await send(running.door.port, "--to", "victim@elsewhere.example")).not.toBe(0);
  const auth = ["--auth", "LOGIN", "--auth-user", "any", "--auth-password"];
  const to = ["--to", "any@elsewhere.example"];
  expect(await send(submission.door.port, ...to, ...auth, KEY)).toBe(0);
  expect(await send(submission.door.port, ...to, ...auth, "wrong")).not.toBe(0);
  expect(submission.kept[0]?.session).toMatchObject({ user_name: "any" });
  expect(submission.kept).toHaveLength(1);
});

test("nodemailer submits under TLS with an API key, and is told the id", async () => {
  const submission = await submissionDoor();
  closing.push(() => submission.door.close(0));
  const client = (pass: string): ReturnType<typeof createTransport> =>
    createTransport({
      host: "127.0.0.1",
      port: submission.door.port,
      requireTLS: true,
      tls: { rejectUnauthorized: false },
      auth: { user: "agent@ours.test", pass },
    });
  const mail = {
    from: "agent@ours.test",
    to: ["a@elsewhere.example", "b@elsewhere.example"],
    subject: "hé",
    text: ".\n..\nbody\n",
  };
  const sent = (await client(KEY).sendMail(mail)) as { response: string };
  expect(sent.response).toBe("250 2.0.0 queued as m1 (pending_send_approval)");
  expect(submission.kept[0]).toMatchObject({
    from: "agent@ours.test",
    to: ["a@elsewhere.example", "b@elsewhere.example"],
    session: { user_name: "agent@ours.test", tls: { version: "TLSv1.3" } },
  });
  expect(submission.kept[0]?.raw.toString()).toContain("\r\n\r\n.\r\n..\r\nbody\r\n");
  await expect(client("wrong").sendMail(mail)).rejects.toThrow("535");
});
