/** What is broken of one operator stays theirs: their log is signed no further, and everybody else's work goes on. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createMetrics } from "../../src/engine/metrics.ts";
import { makeEntry, makeEvent, worker } from "../../src/engine/record.ts";
import { appendRecords } from "../../src/store/records.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
/** In whatever order the operators are come to, one of the two stands before the other. */
let operators: [string, string];
const said: Record<string, unknown>[] = [];

beforeAll(async () => {
  // No workers: the test makes each round itself.
  running = await run({ MULTIMAIL_ROLES: "api" });
  node = await secondNode(running);
  const quiet = (): void => undefined;
  node.context.log = {
    info: quiet,
    warn: quiet,
    error: (fields) => said.push(fields as Record<string, unknown>),
  };
  operators = [node.operator_id, (await node.found("neighbour")).operator_id];
});
beforeEach(() => {
  said.length = 0;
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

/** Each of the two broken, while the other is whole. */
const turns = (): { broken: string; whole: string }[] => [
  { broken: operators[0], whole: operators[1] },
  { broken: operators[1], whole: operators[0] },
];

/** Something happens at an operator. */
const happens = (operatorId: string): Promise<void> =>
  node.as(
    (tx) =>
      appendRecords(tx, {
        entries: [makeEntry(node.context, "test.happened", worker, { resource: null }, {}).row],
        openings: [],
        events: [
          makeEvent(node.context, "message.sent", {
            mailbox_id: null,
            message_id: null,
            thread_id: null,
          }),
        ],
      }),
    operatorId,
  );

async function count(text: string, operatorId: string): Promise<number> {
  const [row] = await node.as(
    (tx) =>
      tx.named<{ n: number }>(`count ${text}`, `SELECT count(*)::int AS n FROM ${text}`, [
        operatorId,
      ]),
    operatorId,
  );
  return row?.n ?? -1;
}

const pending = (operatorId: string) => count("log_pending WHERE operator_id = $1", operatorId);
const signed = (operatorId: string) => count("log_checkpoint WHERE operator_id = $1", operatorId);
const unpublished = (operatorId: string) =>
  count("event WHERE operator_id = $1 AND position IS NULL", operatorId);

/** Logs that monitoring is told are broken. */
async function brokenLogs(): Promise<number | undefined> {
  const metrics = await createMetrics(node.context)();
  return metrics.find(({ name }) => name === "multimail_log_broken")?.values[0]?.value;
}

/** Runs rounds until an operator has nothing left: who failed rests for a moment. */
async function recovers(round: () => Promise<unknown>, left: () => Promise<number>): Promise<void> {
  await expect
    .poll(
      async () => {
        await round();
        return left();
      },
      { timeout: 20_000 },
    )
    .toBe(0);
}

/** As bit rot, a half-done restore or somebody with the disk in hand leave a log; each undoes itself the second time. */
const damages: [string, (operatorId: string) => string][] = [
  [
    "a wrong hash in a tile",
    (id) =>
      `ALTER TABLE log_tile DISABLE TRIGGER USER;
       UPDATE log_tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE operator_id = '${id}' AND level = 0;
       ALTER TABLE log_tile ENABLE TRIGGER USER;`,
  ],
  [
    "a checkpoint that nobody signed",
    (id) =>
      `ALTER TABLE log_checkpoint DISABLE TRIGGER USER;
       UPDATE log_checkpoint SET note = reverse(note) WHERE operator_id = '${id}';
       ALTER TABLE log_checkpoint ENABLE TRIGGER USER;`,
  ],
  [
    "a head without its checkpoint",
    (id) =>
      `ALTER TABLE log_checkpoint DISABLE TRIGGER USER;
       UPDATE log_checkpoint SET size = -size WHERE operator_id = '${id}';
       ALTER TABLE log_checkpoint ENABLE TRIGGER USER;`,
  ],
];

test.each(damages)(
  "%s: nothing more is signed for its operator, and it is told of; the others' logs grow",
  async (_name, damage) => {
    for (const { broken, whole } of turns()) {
      for (const one of operators) {
        await happens(one);
        await recovers(node.engine.sequence, () => pending(one));
      }
      expect(await brokenLogs()).toBe(0);
      await node.asOwner(damage(broken));
      const before = { broken: await signed(broken), whole: await signed(whole) };
      await happens(broken);
      await happens(whole);
      said.length = 0;
      await node.engine.sequence();
      expect(await pending(whole)).toBe(0);
      expect(await signed(whole)).toBe(before.whole + 1);
      expect(await pending(broken)).toBe(1);
      expect(await signed(broken)).toBe(before.broken);
      const fatal = said.filter((fields) => fields["fatal"] === true);
      expect(fatal).toEqual([expect.objectContaining({ operator_id: broken })]);
      expect(await brokenLogs()).toBe(1);
      await node.asOwner(damage(broken));
      await recovers(node.engine.sequence, () => pending(broken));
      expect(await brokenLogs()).toBe(0);
    }
  },
);

test("an operator whose log is broken sends nothing until it is whole again", async () => {
  const sending = await run();
  const other = await secondNode(sending);
  try {
    await other.asOwner("UPDATE mailbox SET mode = 'autonomous'");
    const { id } = (await sending.send()).body;
    await sending.settled(id, "delivered");
    const waits = async (text: string): Promise<unknown> =>
      (await other.as((tx) => tx.named<{ yes: boolean }>(`waits ${text.length}`, text, [])))[0]
        ?.yes;
    const isBroken = (): Promise<unknown> =>
      waits("SELECT bool_or(broken_at IS NOT NULL) AS yes FROM log_head");
    const contact = (name: string): Promise<unknown> =>
      sending.call(sending.known.agent_key, "/v1/contacts", { email: `${name}@example.com` });
    const damage = damages[0]?.[1](other.operator_id) ?? "";
    await other.asOwner(damage);
    await contact("first");
    await expect.poll(isBroken, { timeout: 20_000 }).toBe(true);
    const kept = (await sending.send()).body;
    await expect
      .poll(
        () => waits("SELECT bool_or(node = '(stopped)') AS yes FROM due WHERE kind = 'deliver'"),
        {
          timeout: 20_000,
        },
      )
      .toBe(true);
    await sending.settled(kept.id, "queued");
    await other.asOwner(damage);
    await expect.poll(isBroken, { timeout: 60_000 }).toBe(false);
    await other.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver'");
    await sending.settled(kept.id, "delivered");
  } finally {
    await other.close();
    await sending.stop();
  }
});

test("events of one operator that cannot be published keep nobody else's back", async () => {
  for (const { broken, whole } of turns()) {
    for (const one of operators) {
      await happens(one);
      await recovers(node.engine.publishEvents, () => unpublished(one));
    }
    await node.asOwner(
      `CREATE FUNCTION break_for_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken by the test'; END $$;
       CREATE TRIGGER break_for_test BEFORE UPDATE ON event_head FOR EACH ROW
         WHEN (NEW.operator_id = '${broken}') EXECUTE FUNCTION break_for_test();`,
    );
    await happens(broken);
    await happens(whole);
    await node.engine.publishEvents();
    expect(await unpublished(whole)).toBe(0);
    expect(await unpublished(broken)).toBe(1);
    expect(said.at(-1)).toMatchObject({ work: "publish_events", operator_id: broken });
    await node.asOwner("DROP FUNCTION break_for_test CASCADE");
    await recovers(node.engine.publishEvents, () => unpublished(broken));
  }
});

test("rules of retention that cannot be read are each operator's own trouble", async () => {
  for (const id of operators)
    await node.asOwner(
      `INSERT INTO retention (operator_id, version, rules, created_by, created_at) VALUES ('${id}', 1, '{"inbound": {"keep_days": 0, "delete_after_days": 1}}', 'test', now())`,
    );
  await node.engine.applyRetention(new Map());
  const failed = said.filter(({ work }) => work === "retention");
  expect(new Set(failed.map((fields) => fields["operator_id"]))).toEqual(new Set(operators));
});
