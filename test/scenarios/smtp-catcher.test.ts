/** The local mail catcher as an SMTP server: what it keeps, what it refuses, and what it survives. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

import { idMaker } from "../../src/core/id.ts";
import { openTransport } from "../../src/mail/smtp-client.ts";
import type { Transport } from "../../src/mail/smtp-client.ts";
import { openCatcherStore } from "../../src/smtp/catcher-store.ts";
import type { CatcherStore } from "../../src/smtp/catcher-store.ts";
import { startCatcher } from "../../src/smtp/catcher.ts";
import type { Catcher, CatcherOptions } from "../../src/smtp/catcher.ts";
import { selfSigned } from "../sink/self-signed.ts";

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface Setup {
  readonly catcher: Catcher;
  readonly store: CatcherStore;
  readonly folder: string;
  readonly logged: string[];
}

async function setUp(options: Partial<CatcherOptions> = {}): Promise<Setup> {
  const folder = await mkdtemp(join(tmpdir(), "catcher-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const new_id = idMaker(Date.now, (length) => crypto.getRandomValues(new Uint8Array(length)));
  const store = await openCatcherStore({ folder, new_id, now: () => new Date() });
  const logged: string[] = [];
  const keep = (_: object, message: string): void => void logged.push(message);
  const log = { info: keep, warn: keep, error: keep };
  const catcher = await startCatcher({ host: "127.0.0.1", port: 0, store, log, ...options });
  undo.push(() => catcher.close());
  return { catcher, store, folder, logged };
}

function transportTo(catcher: Catcher, tls: "none" | "required" = "none"): Transport {
  const transport = openTransport({
    host: catcher.host,
    port: catcher.port,
    tls,
    verify_certificate: false,
    ehlo_name: "mta.sender.example",
    now: () => new Date(),
  });
  undo.push(() => transport.close());
  return transport;
}

const FROM = "agent@sender.example";
const DATA = Buffer.from("Subject: hello\r\n\r\n.dot\r\n..\r\ngr\u00fc\u00dfe\r\n");

/** A socket to the catcher that says lines and waits for words. */
async function dial(
  catcher: Catcher,
): Promise<{ socket: Socket; say(bytes: string): void; hear(word: RegExp): Promise<string> }> {
  const socket = connect({ host: catcher.host, port: catcher.port });
  let heard = "";
  let check = (): void => undefined;
  socket.on("error", () => undefined);
  socket.on("close", () => check());
  socket.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
    check();
  });
  undo.push(async () => void socket.destroy());
  const hear = (word: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      check = () => {
        if (word.test(heard)) resolve(heard.slice(0, (heard = "").length || undefined));
        else if (socket.destroyed) reject(new Error(`closed after ${JSON.stringify(heard)}`));
      };
      check();
    });
  return { socket, say: (bytes) => void socket.write(bytes, "latin1"), hear };
}

const ENVELOPE = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n";

test("a message to anybody is kept byte for byte with its whole envelope, and is on disk when 250 is said", async () => {
  const { catcher, store, folder } = await setUp();
  const recipients = [
    "any.one@world.example",
    "bcc@xn--bcher-kva.example",
    ".odd..dots.@x.example",
    "a@[192.0.2.1]",
  ];
  const { recipients: results } = await transportTo(catcher).send({
    from: FROM,
    recipients,
    data: DATA,
  });
  expect(results.map((one) => one.outcome)).toEqual(Array(4).fill("accepted"));
  const id = /^caught as (\S{26})$/.exec(results[0]!.reply.text)![1]!;
  expect((await readdir(folder)).sort()).toEqual([`${id}.eml`, `${id}.json`]);
  const found = await store.get(id);
  expect(found!.content).toEqual(DATA);
  expect(found!.mail).toMatchObject({
    id,
    from: FROM,
    to: recipients,
    size: DATA.length,
    peer: "127.0.0.1",
  });
});

test("many messages at once over several connections are each kept once", async () => {
  const { catcher, store } = await setUp();
  const transport = transportTo(catcher);
  const all = Array.from({ length: 300 }, (_, i) => `r${i}@b.example`);
  const sent = await Promise.all(
    all.map((address) => transport.send({ from: "", recipients: [address], data: DATA })),
  );
  expect(sent.every((one) => one.recipients[0]!.outcome === "accepted")).toBe(true);
  expect((await store.list({ limit: 1000 })).flatMap((one) => one.to).sort()).toEqual(
    [...all].sort(),
  );
});

test("pipelined commands behind a message are answered, and two messages in one write are two messages", async () => {
  const { catcher, store } = await setUp();
  const { say, hear } = await dial(catcher);
  await hear(/^220 /);
  say("EHLO x.example\r\n");
  expect(await hear(/^250 /m)).toMatch(/^250-PIPELINING\r$/m);
  const message = `${ENVELOPE}Subject: x\r\n\r\n.\r\n`;
  say(`${message}${message}QUIT\r\n`);
  expect((await hear(/^221 /m)).match(/^\d{3}/gm)!.join(" ")).toBe(
    "250 250 354 250 250 250 354 250 221",
  );
  expect(await store.list()).toHaveLength(2);
});

test.each([
  ["a bare LF", "a\nb\r\n"],
  ["a bare CR", "a\rb\r\n"],
  [
    "LF . CRLF, the smuggling end",
    "a\n.\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<evil@x.example>\r\nDATA\r\nb\r\n",
  ],
  ["LF . LF, the smuggling end", "a\n.\nMAIL FROM:<evil@x.example>\n"],
  ["CRLF . LF, the smuggling end", "a\r\n.\nMAIL FROM:<evil@x.example>\r\n"],
])("content with %s is refused with 554 and nothing is kept", async (_, content) => {
  const { catcher, store } = await setUp();
  const { say, hear } = await dial(catcher);
  await hear(/^220 /);
  say("EHLO x.example\r\n");
  await hear(/^250 /m);
  say(`${ENVELOPE}${content}\r\n.\r\n`);
  expect(await hear(/^554 /m)).not.toMatch(/^250 2\.6/m);
  say("NOOP\r\n");
  expect(await hear(/^250 /m)).toMatch(/^250 /);
  expect(await store.list()).toEqual([]);
});

test("a client that leaves in the middle of a message harms nobody", async () => {
  const { catcher, store } = await setUp();
  for (const leave of ["destroy", "resetAndDestroy"] as const) {
    const { socket, say, hear } = await dial(catcher);
    await hear(/^220 /);
    say("EHLO x.example\r\n");
    await hear(/^250 /m);
    say(`${ENVELOPE}half a mess`);
    await hear(/^354 /m);
    socket[leave]();
  }
  const { recipients } = await transportTo(catcher).send({
    from: FROM,
    recipients: ["a@b.example"],
    data: DATA,
  });
  expect(recipients[0]!.outcome).toBe("accepted");
  expect(await store.list()).toHaveLength(1);
});

test("a message over the size limit, more recipients than allowed, and more octets at once than allowed are refused", async () => {
  const { catcher, store } = await setUp({ limits: { message_size: 1000, recipients: 2 } });
  const { say, hear } = await dial(catcher);
  await hear(/^220 /);
  say("EHLO x.example\r\n");
  expect(await hear(/^250 /m)).toMatch(/^250[- ]SIZE 1000\r$/m);
  // Without SIZE=, so that only what really comes counts.
  say(`${ENVELOPE}${"x".repeat(1200)}\r\n.\r\n`);
  await hear(/^552 5\.3\.4 /m);
  const three = await transportTo(catcher).send({
    from: FROM,
    recipients: ["a@b.example", "b@b.example", "c@b.example"],
    data: DATA,
  });
  expect(three.recipients.map((one) => [one.outcome, one.reply.code])).toEqual([
    ["accepted", 250],
    ["accepted", 250],
    ["temporary", 452],
  ]);
  expect(await store.list()).toHaveLength(1);

  const tight = await setUp({ limits: { buffered_size: 100 } });
  const big = Buffer.from(`${"x".repeat(200)}\r\n`);
  const put_off = await transportTo(tight.catcher).send({
    from: FROM,
    recipients: ["a@b.example"],
    data: big,
  });
  expect(put_off.recipients[0]).toMatchObject({ outcome: "temporary", reply: { code: 452 } });
  const transport = transportTo(tight.catcher);
  for (let i = 0; i < 5; i++) {
    const small = await transport.send({ from: FROM, recipients: ["a@b.example"], data: DATA });
    expect(small.recipients[0]!.outcome).toBe("accepted");
  }
});

test("more connections than allowed are turned away with 421", async () => {
  const { catcher } = await setUp({ limits: { connections: 2 } });
  const first = await dial(catcher);
  const second = await dial(catcher);
  await Promise.all([first.hear(/^220 /), second.hear(/^220 /)]);
  expect(await (await dial(catcher)).hear(/^421 /)).toMatch(/^421 /);
});

test("when the disk refuses, the client is told to come back and the log knows why", async () => {
  const { store } = await setUp();
  const broken: CatcherStore = { ...store, add: () => Promise.reject(new Error("ENOSPC")) };
  const { catcher, logged } = await setUp({ store: broken });
  const { recipients } = await transportTo(catcher).send({
    from: FROM,
    recipients: ["a@b.example"],
    data: DATA,
  });
  expect(recipients[0]).toMatchObject({ outcome: "temporary", reply: { code: 451 } });
  expect(recipients[0]!.reply.text).not.toContain("ENOSPC");
  expect(logged).toEqual(["catcher: message not kept"]);
});

test("STARTTLS is offered with a certificate only, and works", async () => {
  const with_tls = await setUp({ tls: selfSigned(["localhost"]) });
  const { recipients, connection } = await transportTo(with_tls.catcher, "required").send({
    from: FROM,
    recipients: ["a@b.example"],
    data: DATA,
  });
  expect([recipients[0]!.outcome, connection.tls?.version]).toEqual(["accepted", "TLSv1.3"]);

  const without = await setUp();
  const { say, hear } = await dial(without.catcher);
  await hear(/^220 /);
  say("EHLO x.example\r\n");
  expect(await hear(/^250 /m)).not.toMatch(/STARTTLS|AUTH|SMTPUTF8/);
  for (const verb of [
    "STARTTLS",
    "AUTH PLAIN AGEAYg==",
    "VRFY a@b.example",
    "XCLIENT ADDR=192.0.2.1",
    "WIZ x",
  ]) {
    say(`${verb}\r\n`);
    await hear(/^500 /m);
  }
});

test("a port that is taken is an error on starting", async () => {
  const { catcher, store } = await setUp();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  await expect(
    startCatcher({ host: catcher.host, port: catcher.port, store, log }),
  ).rejects.toThrow("EADDRINUSE");
});

test("closing frees the port although a client is still connected", async () => {
  const { catcher, store } = await setUp();
  const { hear } = await dial(catcher);
  await hear(/^220 /);
  await catcher.close();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const again = await startCatcher({ host: catcher.host, port: catcher.port, store, log });
  expect(again.port).toBe(catcher.port);
  await again.close();
});
