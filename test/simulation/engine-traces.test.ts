/** The real engine and a real database against the oversight machine, step by step, over seeded random lives and by the clock. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import type { Outgoing } from "../../src/engine/signing.ts";
import { claim, draftOf, refusalOf, resultOf } from "./engine-calls.ts";
import { type Outcome, lease } from "./engine-model.ts";
import { Simulation } from "./engine-simulation.ts";
import { type Box, type Row, type World, openWorld } from "./engine-world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() =>
  world.sql("DELETE FROM due; DELETE FROM suppression; UPDATE operator SET stopped_at = NULL"),
);

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** What the lives must have come through for the comparison to mean something. */
const everything = [
  "approve already_decided",
  "approve not_pending",
  "approve pending_approval",
  "approve queued",
  "approve scheduled",
  "approve self_approval",
  "approve stale_digest",
  "cancel cancelled",
  "cancel not_cancellable",
  "expire expired",
  "hand-off after a lost attempt sending",
  "hand-off pending_approval",
  "hand-off sandboxed",
  "hand-off sending",
  "hand-off stopped",
  "reject rejected",
  "reject self_approval",
  "release pending_approval",
  "release queued",
  "result bounced",
  "result in part",
  "result delivered",
  "result overtaken",
  "result queued",
  "result sent",
  "revise draft",
  "submit mode_forbids_send",
  "submit pending_approval",
  "submit queued",
  "submit scheduled",
  "submit recipient_suppressed",
  "undo not_scheduled",
  "undo pending_approval",
];

/** Steps of the random lives; MULTIMAIL_TRACE_STEPS takes them as far as one likes. */
const steps = Number(process.env["MULTIMAIL_TRACE_STEPS"] ?? 5000);

describe("random lives", () => {
  it(
    "the engine answers and the database holds what the machine says, over thousands of steps",
    async () => {
      const simulation = new Simulation(world, 20_300_101);
      await simulation.run(steps);
      await simulation.compare([...simulation.messages.keys()]);
      const seen = [...simulation.seen.keys()];
      expect(seen).toEqual(expect.arrayContaining(everything));
      // Ids are of the moment, and with them the order of claims: at which attempt a lowered mode is met is chance.
      expect(seen.filter((one) => /^hand-off.* blocked$/.test(one))).not.toEqual([]);
    },
    120_000 + steps * 20,
  );
});

describe("by the clock", () => {
  /** Mailboxes of these tests, as they began. */
  const box = (name: string): Box => {
    const found = world.boxes.find(({ mailbox_id }) => mailbox_id.includes(name));
    if (!found) throw new Error(`no mailbox ${name}`);
    return found;
  };
  const person = (): Actor => world.deciders[0] ?? world.stranger;

  /** Submits from a mailbox whose mode is set anew, since random lives have changed it. */
  async function submit(name: string, mode: string): Promise<string> {
    await world.sql("UPDATE mailbox SET mode = $2 WHERE mailbox_id = $1", [
      box(name).mailbox_id,
      mode,
    ]);
    const to = ["eve@strangers.example"];
    return (await world.engine.submit(world.agent, draftOf(box(name), to))).id;
  }

  async function row(id: string): Promise<Row> {
    const found = (await world.rows([id])).get(id);
    if (!found) throw new Error(`message ${id} is missing`);
    return found;
  }

  /** Claims and hands off what is due now. */
  async function handOff(): Promise<Outgoing[]> {
    const claims = await claim(world, "deliver");
    return (await world.engine.handOff(world.operator_id, claims)).outgoing;
  }

  async function one(): Promise<Outgoing> {
    const sent = await handOff();
    expect(sent).toHaveLength(1);
    const [only] = sent;
    if (!only) throw new Error("nothing was handed off");
    return only;
  }

  const record = (sent: Outgoing, outcome: Outcome): Promise<boolean> =>
    world.engine.recordResult(resultOf(world, sent, new Map([[0, outcome]]), false));

  it("a delivery that always fails for now is tried at 1, 5, 15, 30 min, 1, 2, 4, 8 h, then every 8 h to 5 days, and fails", async () => {
    const waits = [
      minute,
      5 * minute,
      15 * minute,
      30 * minute,
      hour,
      2 * hour,
      4 * hour,
      8 * hour,
    ];
    while (waits.length < 21) waits.push(8 * hour);
    const id = await submit("free", "autonomous");
    const began = world.clock.now;
    for (const [i, wait] of waits.entries()) {
      const sent = await one();
      expect(sent.attempt).toBe(i + 1);
      expect(await record(sent, "temporary")).toBe(true);
      expect(await row(id)).toMatchObject({
        status: "queued",
        handed: true,
        recipients: ["deferred"],
      });
      world.clock.now += wait - 1;
      expect(await handOff(), `a millisecond before ${wait}`).toEqual([]);
      world.clock.now += 1;
    }
    const last = await one();
    expect(last.attempt).toBe(22);
    expect(world.clock.now - began).toBe(119 * hour + 51 * minute);
    expect(await record(last, "temporary")).toBe(true);
    expect(await row(id)).toMatchObject({ status: "send_failed", recipients: ["failed"], due: [] });
    world.clock.now += 1000 * hour;
    expect(await handOff()).toEqual([]);
  });

  it("a deferred message can no longer be cancelled", async () => {
    const id = await submit("free", "autonomous");
    await record(await one(), "temporary");
    expect(await refusalOf(world.engine.cancel(world.agent, null, id))).toBe("not_cancellable");
  });

  it("pending mail expires when its time has come, and is decided on no more", async () => {
    const id = await submit("all", "gated_all");
    const { expiry_seconds } = box("all");
    const expire = async (): Promise<void> =>
      world.engine.timeOut("expire", world.operator_id, await claim(world, "expire", minute));
    world.clock.now += expiry_seconds * second - 1;
    await expire();
    expect((await row(id)).status).toBe("pending_approval");
    world.clock.now += 1;
    // Also while no timer has run: the nodes that run them may be down.
    for (const decision of ["approve", "reject", "revise"] as const) {
      const decide = world.engine.decide(person(), [{ email_id: id, decision }]);
      expect(await refusalOf(decide)).toBe("not_pending");
    }
    expect((await row(id)).status).toBe("pending_approval");
    await expire();
    expect(await row(id)).toMatchObject({ status: "expired", due: [] });
    const decide = world.engine.decide(person(), [{ email_id: id, decision: "approve" }]);
    expect(await refusalOf(decide)).toBe("not_pending");
    expect(await handOff()).toEqual([]);
  });

  it("mail approved by a person waits for the undo window, in which it can be cancelled", async () => {
    const ids = [await submit("all", "gated_all"), await submit("all", "gated_all")];
    const [kept = "", pulled = ""] = ids;
    const undo = box("all").undo_seconds * second;
    for (const email_id of ids)
      await world.engine.decide(person(), [{ email_id, decision: "approve" }]);
    const release = async (): Promise<void> =>
      world.engine.timeOut("release", world.operator_id, await claim(world, "release", minute));
    world.clock.now += undo - 1;
    await release();
    expect(await handOff()).toEqual([]);
    expect((await row(kept)).status).toBe("scheduled");
    expect(await refusalOf(world.engine.cancel(world.agent, null, pulled))).toBeNull();
    world.clock.now += 1;
    await release();
    expect((await one()).message_id).toBe(kept);
    expect((await row(pulled)).status).toBe("cancelled");
  });

  it("an attempt whose lease passed is made again with the same bytes, and its late answer counts no more", async () => {
    const id = await submit("free", "autonomous");
    const first = await one();
    world.clock.now += lease - 1;
    expect(await handOff()).toEqual([]);
    expect((await row(id)).status).toBe("sending");
    world.clock.now += 1;
    const second_ = await one();
    expect(second_).toMatchObject({ attempt: 2, digest: first.digest });
    expect(second_.mime.equals(first.mime)).toBe(true);
    expect(await record(first, "accepted")).toBe(false);
    expect(await row(id)).toMatchObject({ status: "sending", attempts: 2 });
    expect(await record(second_, "accepted")).toBe(true);
    expect(await record(second_, "accepted"), "the same answer twice").toBe(false);
    expect(await row(id)).toMatchObject({ status: "sent", due: [] });
  });

  it("mail that was deferred is held when its mailbox gates meanwhile, and goes on with approvals", async () => {
    const id = await submit("send", "autonomous");
    await record(await one(), "temporary");
    await world.sql("UPDATE mailbox SET mode = 'gated_all' WHERE mailbox_id = $1", [
      box("send").mailbox_id,
    ]);
    world.clock.now += minute;
    expect(await handOff()).toEqual([]);
    expect(await row(id)).toMatchObject({ status: "pending_approval", gated: true, handed: true });
    await world.engine.decide(world.stranger, [{ email_id: id, decision: "approve" }]);
    expect((await one()).attempt).toBe(2);
  });

  it("every entry that all this wrote gets its place in the log", async () => {
    expect(await world.engine.sequence()).toBeGreaterThan(100);
    expect(await world.engine.sequence()).toBe(0);
  });
});
