/** Stopping under load and against a relay that hangs: in bounded time, with nothing lost and nothing sent twice. */
import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FirstRunFile } from "../../src/first-run.ts";
import { noNotices } from "./owner-statement.ts";
import { promise } from "../promises.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { type ChildServer, ready, spawnServer } from "./child-server.ts";
import { allSettled, callApi, copiesBy, freePort, startLoad, verifyLiveLog } from "./load.ts";
import type { Running } from "./running.ts";
import { secondNode } from "./second-node.ts";

let folder: string;
let port: number;
let sink: SmtpSink;
let server: ChildServer;
let known: FirstRunFile;

async function start(more: Record<string, string> = {}): Promise<void> {
  server = spawnServer({
    MULTIMAIL_DATA: folder,
    MULTIMAIL_PORT: String(port),
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    ...more,
  });
  known = await ready(server, folder);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-stop-"));
  port = await freePort();
  sink = await startSink();
  await start();
});

afterAll(async () => {
  server.process.kill("SIGTERM");
  if ((await server.ended) !== 0) throw new Error(`it did not stop well: ${server.output()}`);
  await sink.close();
  await rm(folder, { recursive: true, force: true });
});

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); await pause(20))
    if (Date.now() > end) throw new Error(`waited in vain until ${what}: ${server.output()}`);
}

/** A connection that asked once and stays, as browsers and agents keep them. */
async function keptAlive(): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  const answered = new Promise((resolve) => socket.once("data", resolve));
  socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await answered;
  return socket;
}

/** A message that its overseer approved; answers its id. */
async function approved(subject: string): Promise<string> {
  const { agent_key: key, oversight_key: overseer, mailbox_id: mailbox } = known;
  const message = { to: ["ada@example.com"], subject, markdown: "Some *text*." };
  const sent = await callApi(known, key, `/v1/mailboxes/${mailbox}/send`, message);
  const { id } = (await sent.json()) as { id: string };
  const decision = { email_id: id, decision: "approve" };
  expect((await callApi(known, overseer, "/v1/oversight/decide", decision)).status).toBe(200);
  return id;
}

async function read(id: string): Promise<{
  status: string;
  reason: string | null;
  recipients: { status: string; attempts: number; receipt: { outcome: string; reply: string } }[];
}> {
  const path = `/v1/mailboxes/${known.mailbox_id}/emails/${id}`;
  return (await callApi(known, known.agent_key, path)).json() as ReturnType<typeof read>;
}

/** How many attempts the log says ended in doubt. */
async function doubts(): Promise<number> {
  const path = "/v1/audit-log?type=message.outcome_unknown&limit=100";
  const answer = await callApi(known, known.oversight_key, path);
  return ((await answer.json()) as { entries: unknown[] }).entries.length;
}

/** Every line that came over the wire, of all connections. */
const heard = (): string =>
  sink.connections.flatMap(({ reads }) => reads.map((chunk) => chunk.toString("latin1"))).join("");

const count = (text: string, part: string): number => text.split(part).length - 1;

describe("a stop", () => {
  test(promise("stop.graceful"), async () => {
    const idle = await keptAlive();
    const silent = connect(port, "127.0.0.1");
    silent.on("error", () => undefined);
    const load = startLoad(known, { pause: 5 });
    await until("mail goes out", () => copiesBy(sink).size >= 60);

    const began = Date.now();
    server.process.kill("SIGTERM");
    // npm and the terminal each hand the signal on; within a second that is one and the same.
    await pause(100);
    server.process.kill("SIGINT");
    expect(await server.ended, server.output()).toBe(0);
    const took = Date.now() - began;
    await load.stop();
    idle.destroy();
    silent.destroy();
    expect(took).toBeLessThan(8000);
    expect(load.odd).toEqual([]);

    const left = copiesBy(sink).size;
    await start();
    await allSettled(known, load);
    const copies = copiesBy(sink);
    for (const id of load.approved) expect(copies.get(id), `approved ${id}`).toBe(1);
    for (const [id, number] of copies) {
      expect(load.asked.has(id), `${id} left unapproved`).toBe(true);
      expect(number, `${id} was sent twice`).toBe(1);
    }
    expect(await doubts()).toBe(0);
    const size = await verifyLiveLog(known, { accepted: load.accepted, left: copies.size });
    process.stdout.write(
      `stopped within ${took} ms: ${load.accepted.size} accepted, ${left} left before, ${copies.size - left} after the next start; log of ${size} entries verified\n`,
    );
  });

  test(promise("stop.relay-hangs"), async () => {
    // From here on the relay hangs for what the test sends, not for a notice.
    await noNotices(folder);
    server.process.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    await start({ MULTIMAIL_STOP_GRACE: "2", MULTIMAIL_SMTP_CONNECTIONS: "2" });
    sink.fault("rcpt", "hang", { times: 1 });
    const before = await approved("Hangs before its content");
    await until("the first hangs", () => count(heard(), "RCPT TO:<ada@") > 0);
    sink.fault("dot", "hang", { times: 1 });
    const behind = await approved("Hangs behind its content");
    await until("the second hangs", () => heard().includes("Hangs behind its content"));
    await pause(200);

    const began = Date.now();
    server.process.kill("SIGTERM");
    expect(await server.ended, server.output()).toBe(0);
    const took = Date.now() - began;
    expect(took).toBeLessThan(6000);

    sink.heal();
    await start();
    await until("the first is sent", async () => (await read(before)).status === "sent");
    // The remote may have the second: it is repeated by the schedule, and the receipt says why.
    const doubtful = await read(behind);
    expect(doubtful.status).toBe("queued");
    expect(doubtful.recipients[0]).toMatchObject({
      status: "deferred",
      receipt: { outcome: "unknown" },
    });
    const node = await secondNode({ folder, known } as Running);
    await node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver'");
    await node.close();
    await until("the second is sent", async () => (await read(behind)).status === "sent");
    expect(copiesBy(sink).get(before)).toBe(1);
    expect(copiesBy(sink).get(behind)).toBe(1);
    expect(count(heard(), `Message-ID: <${behind.toLowerCase()}@`)).toBe(2);
    process.stdout.write(`stopped against a relay that hangs within ${took} ms\n`);
  });

  test(promise("stop.second-signal"), async () => {
    sink.fault("dot", "hang", { times: 1 });
    const id = await approved("Hangs until nobody waits");
    await until("it hangs", () => heard().includes("Hangs until nobody waits"));
    server.process.kill("SIGTERM");
    await pause(1300);
    expect(server.process.exitCode).toBeNull();
    const began = Date.now();
    server.process.kill("SIGTERM");
    expect(await server.ended).toBe(130);
    expect(Date.now() - began).toBeLessThan(1000);

    sink.heal();
    await start();
    await until("it is sent", async () => (await read(id)).status === "sent");
    expect(copiesBy(sink).get(id)).toBe(1);
    expect(count(heard(), `Message-ID: <${id.toLowerCase()}@`)).toBe(2);
    expect(await doubts()).toBe(1);
  });
});
