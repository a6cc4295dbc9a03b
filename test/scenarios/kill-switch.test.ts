/** The kill switch: who pulls it, that nothing begins to leave on any node within a second, and that everything leaves afterwards. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Worker } from "../../src/workers/loop.ts";
import { startDelivery } from "../../src/workers/deliver.ts";
import { promise } from "../promises.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { sunkCode } from "./approvals.ts";
import { type GatedTransport, gatedTransport } from "./gated-transport.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let cookie: string;
let sink: SmtpSink;
/** Recipients as the sink was told of them, and when. */
const begun: { address: string; at: number }[] = [];

beforeAll(async () => {
  sink = await startSink({
    // So slow that neither node is done before the other has begun.
    answers_after: 20,
    answer_rcpt(address) {
      begun.push({ address, at: performance.now() });
      return undefined;
    },
  });
  running = await run({
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
  });
  node = await secondNode(running);
  keys = await ownerKeys(node);
  cookie = await signIn(running);
  await node.asOwner("UPDATE mailbox SET mode = 'autonomous', daily_quota = 1000000");
});

afterAll(async () => {
  await node.close();
  await running.stop();
  await sink.close();
});

const stop = (key: string, reason?: string): Promise<Answer> =>
  running.call(key, "/v1/oversight/stop", reason === undefined ? {} : { reason });
const resume = (key: string, more = {}): Promise<Answer> =>
  running.call(key, "/v1/oversight/resume", more);
const resumeOnPage = async (): Promise<number> =>
  (await postForm(running, cookie, "/pending", "/sending/resume", {})).status;

async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

let statements = 0;

async function count(where: string): Promise<number> {
  const rows = await node.as((tx) =>
    tx.named<{ n: string }>(`count_${statements++}`, `SELECT count(*) AS n FROM ${where}`, []),
  );
  return Number(rows[0]?.n);
}

describe("five hundred messages on two nodes", () => {
  const messages = 500;
  let second: Worker;
  let gate: GatedTransport;

  beforeAll(() => {
    gate = gatedTransport(sink.port);
  });
  afterAll(() => second.stop());

  test(promise("gate.kill-switch"), async () => {
    expect((await stop(running.known.admin_key)).body.status).toBe("stopped");
    for (let i = 0; i < messages; i += 50)
      await Promise.all(
        Array.from({ length: 50 }, async (_, j) => {
          const sent = await running.send({ to: [`r${i + j}@example.com`] });
          expect(sent.body.status).toBe("queued");
        }),
      );
    const driver = { transport: gate.transport, final_hop: false };
    const { engine, queue, context } = node;
    second = startDelivery({ engine, queue, driver, node: "second", now: context.now, log: quiet });
    expect(begun).toEqual([]);

    expect(await resumeOnPage()).toBe(303);
    second.wake();
    await until(() => gate.waiting() > 0 && begun.length > 20, "both nodes are at it");
    expect((await stop(running.known.oversight_key, "runaway")).status).toBe(200);
    const answered = performance.now();
    // The promise is about what happens from a second after the answer on: that second has to pass.
    await until(() => performance.now() >= answered + 1000, "a second has passed");
    const left = begun.length;
    gate.open();
    await until(
      async () =>
        (await count("message WHERE status = 'sending'")) === 0 &&
        (await count(
          "message m WHERE status = 'queued' AND NOT EXISTS (SELECT 1 FROM due d WHERE d.message_id = m.message_id AND d.kind = 'deliver' AND d.node = '(stopped)')",
        )) === 0,
      "everything is held",
    );
    expect(begun.filter(({ at }) => at > answered + 1000)).toEqual([]);
    expect(begun).toHaveLength(left);
    expect(left).toBeLessThan(messages);
    expect(new Set(gate.reasons)).toEqual(new Set(["recalled"]));

    const resumed = performance.now();
    expect(await resumeOnPage()).toBe(303);
    await until(() => begun.length >= messages, "everything left");
    // Not at the next look at what is held, but at once.
    expect(performance.now() - resumed).toBeLessThan(20_000);
    await until(
      async () => (await count("message WHERE status = 'sent'")) === messages,
      "all sent",
    );
    const addresses = begun.map(({ address }) => address);
    expect(new Set(addresses).size).toBe(messages);
    expect(addresses).toHaveLength(messages);
  });
});

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe("who stops and who resumes", () => {
  test("keys and people with oversight or admin stop; others, bound keys and test keys do not", async () => {
    const may = [["oversight"], ["admin"]] as const;
    for (const scopes of may) {
      const stopped = await stop((await keys.make(scopes)).secret, "why");
      expect(stopped.body).toMatchObject({ status: "stopped", reason: "why" });
      expect(await resumeOnPage()).toBe(303);
    }
    const agent = await stop(running.known.agent_key);
    expect(agent.body.code).toBe("scope_required");
    const bound = (await keys.make(["admin"], { mailbox_ids: [running.known.mailbox_id] })).secret;
    expect((await stop(bound)).body.code).toBe("scope_required");
    const tester = (await keys.make(["admin"], { test: true })).secret;
    expect((await stop(tester)).body.code).toBe("test_key");
    expect((await running.call(running.known.admin_key, "/v1/account")).body.stopped_at).toBeNull();
    const page = await postForm(running, cookie, "/pending", "/sending/stop", { reason: "here" });
    expect(page.status).toBe(303);
    const shown = await (
      await fetch(`${running.known.url}/pending`, { headers: { cookie } })
    ).text();
    expect(shown).toContain("All sending is stopped");
    expect(shown).toContain("here");
    expect(await resumeOnPage()).toBe(303);
  });

  test("who stops a stopped one changes nothing, and each stop has one entry and one event", async () => {
    const [entries, events] = await Promise.all([
      count("log_entry WHERE type = 'operator.stopped'"),
      count("event WHERE type = 'operator.stopped'"),
    ]);
    const first = await stop(running.known.oversight_key, "first");
    const again = await stop(running.known.admin_key, "second");
    expect(again.body).toEqual(first.body);
    expect(await count("log_entry WHERE type = 'operator.stopped'")).toBe(entries + 1);
    expect(await count("event WHERE type = 'operator.stopped'")).toBe(events + 1);
    expect(
      await count(
        "log_entry WHERE type = 'operator.stopped' AND convert_from(body, 'UTF8') LIKE '%first%'",
      ),
    ).toBe(0);
    const resumed = await count("event WHERE type = 'operator.resumed'");
    expect(await resumeOnPage()).toBe(303);
    expect(await count("event WHERE type = 'operator.resumed'")).toBe(resumed + 1);
  });

  test("a key resumes only with the code that a person was mailed, while everything else is held", async () => {
    const key = (await keys.make(["read", "admin"])).secret;
    await stop(key);
    const { body: message } = await running.send({ to: ["held@example.com"] });
    const asked = await resume(key);
    expect(asked.status).toBe(202);
    expect((await running.call(key, "/v1/account")).body.stopped_at).not.toBeNull();
    const approval_code = await sunkCode(sink, asked.body.change_id);
    expect((await resume(key, { approval_code })).body.status).toBe("running");
    await running.settled(message.id, "sent");
  });

  test("resuming needs a fresh sign-in", async () => {
    await stop(running.known.oversight_key);
    await node.asOwner(
      "UPDATE session SET created_at = now() - interval '1 hour', verified_at = now() - interval '1 hour'",
    );
    expect(await resumeOnPage()).toBe(403);
    await node.asOwner("UPDATE session SET created_at = now(), verified_at = now()");
    expect(await resumeOnPage()).toBe(303);
  });
});
