/** The SMTP client and the catcher against Debian Postfix's own test tools, smtp-sink and smtp-source; skipped by name where absent. */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";

import { idMaker } from "../../src/core/id.ts";
import { openTransport } from "../../src/mail/smtp-client.ts";
import type { RecipientResult } from "../../src/mail/smtp-result.ts";
import { openCatcherStore } from "../../src/smtp/catcher-store.ts";
import { startCatcher } from "../../src/smtp/catcher.ts";
import { DATA, FROM, TO } from "../sink/sending.ts";

const SINK = "/usr/sbin/smtp-sink";
const SOURCE = "/usr/sbin/smtp-source";
const no_sink = !existsSync(SINK);
const no_source = !existsSync(SOURCE);

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Connects until somebody answers; the child says nothing when it is ready. */
async function untilListening(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket
        .once("connect", () => socket.end(() => resolve(true)))
        .once("error", () => resolve(false));
    });
    if (there) return;
  }
  throw new Error(`smtp-sink ended with ${child.exitCode}`);
}

async function smtpSink(...flags: string[]): Promise<number> {
  const port = await freePort();
  const as_user = userInfo().uid === 0 ? ["-u", "nobody"] : [];
  const child = spawn(SINK, [...as_user, ...flags, `127.0.0.1:${port}`, "100"], {
    stdio: "ignore",
  });
  undo.push(async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await ended;
  });
  await untilListening(port, child);
  return port;
}

async function sendMany(port: number, count: number): Promise<RecipientResult[]> {
  const transport = openTransport({
    host: "127.0.0.1",
    port,
    tls: "opportunistic",
    verify_certificate: false,
    ehlo_name: "mta.sender.example",
    now: () => new Date(),
  });
  const sent = await Promise.all(
    Array.from({ length: count }, () =>
      transport.send({ from: FROM, recipients: [TO, `x${TO}`], data: DATA }),
    ),
  );
  await transport.close();
  return sent.flatMap((one) => one.recipients);
}

test.skipIf(no_sink)(
  "Postfix's smtp-sink takes every message, with and without pipelining, ESMTP and 8BITMIME",
  async () => {
    for (const flags of [[], ["-p"], ["-e"], ["-8"], ["-E"]]) {
      const results = await sendMany(await smtpSink(...flags), 200);
      expect(results.filter((one) => one.outcome !== "accepted")).toEqual([]);
      expect(results).toHaveLength(400);
    }
  },
);

test.skipIf(no_sink)(
  "Postfix's smtp-sink refusing at each verb gives that verb's stage",
  async () => {
    for (const [verb, stage] of [
      ["CONNECT", "greeting"],
      ["MAIL", "mail"],
      ["RCPT", "rcpt"],
      ["DATA", "data"],
      [".", "message"],
    ] as const) {
      for (const [flag, outcome] of [
        ["-r", "temporary"],
        ["-f", stage === "greeting" ? "temporary" : "permanent"],
      ] as const) {
        const results = await sendMany(await smtpSink(flag, verb), 1);
        expect(results).toHaveLength(2);
        expect(results.map((one) => [one.outcome, one.stage])).toEqual(
          results.map(() => [outcome, stage]),
        );
      }
      const [cut] = await sendMany(await smtpSink("-q", verb), 1);
      expect(cut).toMatchObject({
        outcome: verb === "." ? "unknown" : "temporary",
        reason: "closed",
        stage,
      });
    }
  },
);

test.skipIf(no_source)(
  "the catcher keeps what Postfix's smtp-source sends over many sessions",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "catcher-"));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const store = await openCatcherStore({
      folder,
      new_id: idMaker(Date.now, (length) => crypto.getRandomValues(new Uint8Array(length))),
      now: () => new Date(),
    });
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const catcher = await startCatcher({ host: "127.0.0.1", port: 0, store, log });
    undo.push(() => catcher.close());
    await promisify(execFile)(SOURCE, [
      "-s",
      "5",
      "-m",
      "50",
      "-l",
      "2000",
      "-f",
      FROM,
      "-t",
      TO,
      `127.0.0.1:${catcher.port}`,
    ]);
    const kept = await store.list({ limit: 1000 });
    expect(kept).toHaveLength(50);
    for (const { from, to } of kept) expect([from, ...to]).toEqual([FROM, TO]);
    expect(await readdir(folder)).toHaveLength(100);
  },
);
