/** When recipients are tried, by a clock that only the test moves: what was not tried costs nothing, and each has a time of their own. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { AttemptResult } from "../../src/engine/result-outcome.ts";
import type { Outgoing } from "../../src/engine/signing.ts";
import { claim, draftOf, resultOf } from "./engine-calls.ts";
import type { Outcome } from "./engine-model.ts";
import { type World, openWorld } from "./engine-world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.sql("DELETE FROM due"));

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Submits to so many strangers from the autonomous mailbox. */
async function submit(people: number, domain = "strangers.example"): Promise<string> {
  const box = world.boxes.find(({ mode }) => mode === "autonomous");
  if (!box) throw new Error("no autonomous mailbox");
  const to = Array.from({ length: people }, (_, i) => `p${i}@${domain}`);
  return (await world.engine.submit(world.agent, draftOf(box, to))).id;
}

async function handOff(): Promise<Outgoing[]> {
  const claims = await claim(world, "deliver");
  return (await world.engine.handOff(world.operator_id, claims)).outgoing;
}

async function one(): Promise<Outgoing> {
  const [only, ...more] = await handOff();
  if (!only || more.length > 0) throw new Error(`${more.length + (only ? 1 : 0)} handed off`);
  return only;
}

/** What came of it, by position: an outcome, or milliseconds until those are due again who were not tried. */
function record(
  sent: Outgoing,
  came: Record<number, Outcome | number>,
  more: Partial<AttemptResult> = {},
): Promise<boolean> {
  const outcomes = Object.entries(came).map(([position, what]): [number, Outcome] => [
    Number(position),
    typeof what === "number" ? "temporary" : what,
  ]);
  const result = resultOf(world, sent, new Map(outcomes), false);
  const recipients = result.recipients
    .filter(({ position }) => came[position] !== undefined)
    .map((recipient) => {
      const what = came[recipient.position];
      return { ...recipient, ...(typeof what === "number" && { again_after: what }) };
    });
  return world.engine.recordResult({ ...result, recipients, ...more });
}

async function due(id: string): Promise<number | undefined> {
  const row = (await world.rows([id])).get(id);
  return row?.due.find(({ kind }) => kind === "deliver")?.at;
}

it("forty laps before a full queue take nothing of the schedule and are told to nobody", async () => {
  const id = await submit(1);
  for (let lap = 0; lap < 40; lap++) {
    await record(await one(), { 0: 30 * second });
    expect(await due(id)).toBe(world.clock.now + 30 * second);
    world.clock.now += 30 * second;
  }
  expect((await world.rows([id])).get(id)).toMatchObject({
    status: "queued",
    recipients: ["pending"],
  });
  expect(await world.events(id)).not.toContain("message.deferred");
  // The first real attempt is the first one.
  await record(await one(), { 0: "temporary" });
  expect(await due(id)).toBe(world.clock.now + minute);
  expect(await world.events(id)).toContain("message.deferred");
});

it("who waits long enough for a full queue is late all the same, and that is told once", async () => {
  const id = await submit(1);
  for (let lap = 0; lap < 10; lap++) {
    await record(await one(), { 0: hour });
    world.clock.now += hour;
  }
  const told = (await world.events(id)).filter((type) => type === "message.deferred");
  expect(told).toHaveLength(1);
});

it("what is never tried is given up after five days", async () => {
  const id = await submit(1);
  for (let day = 0; day < 5; day++) {
    await record(await one(), { 0: 24 * hour });
    world.clock.now += 24 * hour;
  }
  await record(await one(), { 0: 24 * hour });
  expect((await world.rows([id])).get(id)).toMatchObject({ status: "send_failed", due: [] });
});

it("each recipient is tried at their own time: a full queue brings nobody to a server that said later", async () => {
  const id = await submit(3);
  const first = await one();
  const began = world.clock.now;
  await record(first, { 0: "accepted", 1: "temporary", 2: 30 * second });
  expect(await due(id)).toBe(began + 30 * second);
  world.clock.now = began + 30 * second;
  const second_ = await one();
  expect(second_.recipients.map(({ position }) => position)).toEqual([2]);
  await record(second_, { 2: 5 * minute });
  // The one that was put off for a minute is next.
  expect(await due(id)).toBe(began + minute);
  world.clock.now = began + minute;
  const third = await one();
  expect(third.recipients.map(({ position }) => position)).toEqual([1]);
  await record(third, { 1: "temporary" });
  // 5 minutes from now and 5.5 minutes from the beginning: once for both, at the later one.
  expect(await due(id)).toBe(began + 6 * minute);
  world.clock.now = began + 6 * minute;
  expect((await one()).recipients.map(({ position }) => position)).toEqual([1, 2]);
});

it("who a person brings forward is tried now, the next one first", async () => {
  const id = await submit(2);
  await record(await one(), { 0: "temporary", 1: 10 * hour });
  await world.sql("UPDATE due SET due_at = $2 WHERE message_id = $1", [
    id,
    new Date(world.clock.now),
  ]);
  expect((await one()).recipients.map(({ position }) => position)).toEqual([0]);
});

it("after a crash only those are tried who have not answered", async () => {
  const id = await submit(3);
  const sent = await one();
  expect(await record(sent, { 0: "accepted", 1: "temporary" }, { more_follow: true })).toBe(true);
  expect((await world.rows([id])).get(id)).toMatchObject({
    status: "sending",
    recipients: ["sent", "deferred", "pending"],
  });
  await world.queue.reclaim("here", new Date(world.clock.now));
  const again = await one();
  expect(again.recipients.map(({ position }) => position)).toEqual([2]);
  // The rest of the first attempt is too late by now.
  expect(await record(sent, { 2: "accepted" }, { told_before: [0, 1] })).toBe(false);
  await record(again, { 2: "accepted" });
  world.clock.now += minute;
  const last = await one();
  expect(last.recipients.map(({ position }) => position)).toEqual([1]);
  await record(last, { 1: "accepted" });
  expect((await world.rows([id])).get(id)?.status).toBe("sent");
});

it("what is claimed for a queue that was just full is put back without a hand-off, and nothing else is", async () => {
  const [waits, goes, both] = [await submit(1), await submit(1, "open.example"), await submit(2)];
  await world.sql(
    "UPDATE recipient SET next_attempt_at = $2, status = 'deferred' WHERE message_id = $1 AND position = 0",
    [both, new Date(world.clock.now + hour)],
  );
  const free = async (): Promise<string[]> => {
    const claims = await claim(world, "deliver");
    const rest = await world.engine.holdPaused(world.operator_id, claims);
    return rest.map(({ message_id }) => message_id);
  };
  const began = world.clock.now;
  world.engine.noteFull("somebody@Strangers.example");
  expect(await free()).toEqual([goes]);
  for (const id of [waits, both]) {
    expect(await due(id)).toBeGreaterThanOrEqual(began + 30 * second);
    expect(await due(id)).toBeLessThan(began + minute);
    expect(await world.entries(id)).not.toContain("message.handed_off");
  }
  world.clock.now = began + minute;
  expect((await free()).toSorted()).toEqual([waits, both].toSorted());
});
