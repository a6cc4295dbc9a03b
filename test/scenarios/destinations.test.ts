/** The queue by destination: a paused one keeps its mail on every node and over restarts, and gives it back whole. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let sink: SmtpSink;
let running: Running;
let node: SecondNode;
let full = true;

const settings = (): Record<string, string> => ({
  MULTIMAIL_DELIVERY: "relay",
  MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
  MULTIMAIL_DNS: "127.0.0.1:1",
});

beforeAll(async () => {
  sink = await startSink({
    answer_rcpt: (address) =>
      full && address.endsWith("@full.example") ? "452 4.2.2 mailbox full" : undefined,
  });
  running = await run(settings());
  node = await secondNode(running);
  await setMode(running, await signIn(running), running.known.mailbox_id, "autonomous");
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
  await sink?.close();
});

const send = async (to: string | string[], more = {}): Promise<string> => {
  const { status, body } = await running.send({ to, ...more });
  expect(status, JSON.stringify(body)).toBe(202);
  return body.id;
};
const ask = async (path: string, body?: object): Promise<Answer["body"]> => {
  const answer = await running.call(running.known.admin_key, `/v1/destinations${path}`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
};
const listed = async (domain: string): Promise<Answer["body"]> =>
  (await ask(`?domain=${domain}`)).destinations[0];
const recipient = async (id: string, i = 0): Promise<Answer["body"]> => {
  const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`;
  return (await running.call(running.known.agent_key, path)).body.recipients[i];
};
const got = (address: string): number =>
  sink.messages.filter(({ to }) => to.includes(address)).length;
const held = async (): Promise<number> => {
  const [row] = await node.as((tx) =>
    tx.named<{ n: number }>(
      "held_rows",
      "SELECT count(*)::int AS n FROM due WHERE kind = 'deliver' AND node = '(destination)'",
      [],
    ),
  );
  return row?.n ?? -1;
};

describe("a paused destination", () => {
  test("keeps its mail while others get theirs, over a restart too, and gives it back at once", async () => {
    const paused = await ask("/Paused.Example/pause", { reason: "they are moving" });
    expect(paused).toMatchObject({
      domain: "paused.example",
      paused: true,
      paused_reason: "they are moving",
      waiting: 0,
    });
    const waits = await send("ada@PAUSED.example");
    const both = await send(["bob@paused.example", "bob@open.example"]);
    const open = await send("eve@open.example");
    await running.settled(open, "sent");
    await expect.poll(() => got("bob@open.example"), { timeout: 20_000 }).toBe(1);
    await expect.poll(held, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
    // What was left of the other one is held at its next turn.
    await node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver' AND node IS NULL");
    await expect.poll(held, { timeout: 20_000 }).toBe(2);
    expect(await listed("paused.example")).toMatchObject({ waiting: 2, paused: true });
    expect((await recipient(waits)).attempts).toBe(0);

    await node.close();
    await running.stop(true);
    running = await run(settings(), running.folder);
    node = await secondNode(running);
    // Its time comes, and it is held again.
    await node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver'");
    await expect.poll(held, { timeout: 20_000 }).toBe(2);
    expect(await ask("/paused.example/flush", {})).toMatchObject({ flushed: 0, paused: true });
    expect(sink.messages.filter(({ to }) => /@paused\.example$/i.test(to[0] ?? ""))).toEqual([]);

    const resumed = await ask("/paused.example/resume", {});
    expect(resumed).toMatchObject({ paused: false, paused_by: null });
    await running.settled(waits, "sent");
    await running.settled(both, "sent");
    expect([got("ada@paused.example"), got("bob@paused.example"), got("bob@open.example")]).toEqual(
      [1, 1, 1],
    );
    expect(await listed("paused.example")).toBeUndefined();
    const log = await running.call(
      running.known.admin_key,
      `/v1/audit-log?type=destination.paused&limit=10`,
    );
    expect(log.body.entries).toHaveLength(1);
    expect(JSON.stringify(log.body)).not.toContain("paused.example");
  });

  test("is paused once, and resumed once", async () => {
    const first = await ask("/twice.example/pause", {});
    expect(await ask("/twice.example/pause", { reason: "again" })).toEqual(first);
    for (let i = 0; i < 2; i++)
      expect(await ask("/twice.example/resume", {})).toMatchObject({ paused: false });
    for (const domain of ["a@b.example", "no_domain", "x..y", "1.2.3.4"])
      expect(
        (
          await running.call(
            running.known.admin_key,
            `/v1/destinations/${encodeURIComponent(domain)}/pause`,
            {},
          )
        ).body,
      ).toMatchObject({ code: "validation_failed", field: "domain" });
  });
});

test("the list says how much waits, since when and why; flushing tries it now", async () => {
  const ids = [await send("one@full.example"), await send(["two@full.example"])];
  for (const id of ids)
    await expect.poll(async () => (await recipient(id)).attempts, { timeout: 20_000 }).toBe(1);
  const row = await listed("full.example");
  expect(row).toMatchObject({
    domain: "full.example",
    waiting: 2,
    last_reply: "452 mailbox full",
    last_host: "127.0.0.1",
    paused: false,
    avoided: [],
  });
  expect(Date.parse(row.next_attempt_at)).toBeGreaterThan(Date.now() + 30_000);
  expect(Date.parse(row.oldest_at)).toBeLessThanOrEqual(Date.now());
  full = false;
  expect(await ask("/full.example/flush", {})).toMatchObject({ flushed: 2 });
  for (const id of ids) await running.settled(id, "sent");
  expect(await listed("full.example")).toBeUndefined();
});

test("a route is told without a message", async () => {
  await running.call(running.known.agent_key, "/v1/suppression", {
    address: "gone@example.net",
  });
  expect(await ask("/route?address=Somebody%20%3Cgone%40example.net%3E")).toMatchObject({
    address: "gone@example.net",
    domain: "example.net",
    suppressed: true,
    paused_at: null,
    delivery: "relay",
    outcome: "try",
    hosts: [],
    relay: `127.0.0.1:${sink.port}`,
  });
  const wrong = await running.call(running.known.admin_key, "/v1/destinations/route?address=x");
  expect(wrong.body).toMatchObject({ code: "validation_failed", field: "address" });
});
