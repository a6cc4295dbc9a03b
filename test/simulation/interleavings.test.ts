/** Two who act on the same message at the same moment, a thousand times each: what they are answered and what is stored agree. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Claim } from "../../src/engine/queue.ts";
import type { Actor } from "../../src/core/actor.ts";
import { promise } from "../promises.ts";
import { draftOf, refusalOf } from "./engine-calls.ts";
import { type Box, type Row, type World, openWorld } from "./engine-world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.sql("DELETE FROM due; UPDATE operator SET stopped_at = NULL"));

/** Interleavings of each race, and how many are under way at once. */
const rounds = 1000;
const atOnce = 40;

const minute = 60_000;
let seed = 20_261_121;
/** A number in [0, 1), the same at every run. */
function draw(): number {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
}

/** Turns of the event loop before one begins: who is first changes from message to message. */
async function stagger(): Promise<void> {
  for (let turns = Math.floor(draw() * 12); turns > 0; turns--)
    await new Promise((resolve) => setImmediate(resolve));
  if (draw() < 0.3) await new Promise((resolve) => setTimeout(resolve, draw() * 6));
}

const box = (name: string): Box => {
  const found = world.boxes.find(({ mailbox_id }) => mailbox_id.includes(name));
  if (!found) throw new Error(`no mailbox ${name}`);
  return found;
};
const person = (n: number): Actor => {
  const actor = world.deciders[n];
  if (!actor) throw new Error(`no decider ${n}`);
  return actor;
};
const decide = (
  actor: Actor,
  email_id: string,
  decision: "approve" | "reject" = "approve",
  digest?: string,
): Promise<unknown> => world.engine.decide(actor, [{ email_id, decision, digest }]);

/** Claims what comes due of these messages, and hands it off; answers what may go to the wire. */
async function handOff(ids: ReadonlySet<string>): Promise<string[]> {
  const claims = await world.queue.claim("deliver", {
    now: new Date(world.clock.now),
    lease_until: new Date(world.clock.now + 60 * minute),
    node: "here",
    limit: 500,
  });
  const mine = claims.filter(({ message_id }) => ids.has(message_id));
  try {
    return await handedOff(mine);
  } catch (error) {
    // What changed after the engine's look is refused by the database: the worker looks again, and so do we.
    if (!world.queue.isRefusal(error)) throw error;
    return handedOff(mine);
  }
}

async function handedOff(claims: readonly Claim[]): Promise<string[]> {
  const { outgoing } = await world.engine.handOff(world.operator_id, claims);
  return outgoing.map(({ message_id }) => message_id);
}

async function timeOut(kind: "release" | "expire"): Promise<void> {
  const claims = await world.queue.claim(kind, {
    now: new Date(world.clock.now),
    lease_until: new Date(world.clock.now + minute),
    node: "here",
    limit: 5000,
  });
  await world.engine.timeOut(kind, world.operator_id, claims);
}

type Sent = { id: string; digest: string };

/** Submits many messages of one mailbox; they share commits. */
async function submitted(where: Box, many: number, more: object = {}): Promise<Sent[]> {
  const ids = await Promise.all(
    Array.from({ length: many }, async (_, i) => {
      const draft = { ...draftOf(where, [`to${i}@example.com`]), ...more };
      return (await world.engine.submit(world.agent, draft)).id;
    }),
  );
  const rows = await world.rows(ids);
  return ids.map((id) => ({ id, digest: String(rows.get(id)?.digest) }));
}

/** What the contenders were answered: null, or the refusal. */
type Answers = (string | null)[];

/** Lets the contenders meet on each of a thousand messages; `check` sees the answers and the row of each. */
async function race(
  messages: readonly Sent[],
  contenders: readonly ((message: Sent) => Promise<unknown>)[],
  check: (answers: Answers, row: Row, message: Sent) => void,
): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  for (let from = 0; from < messages.length; from += atOnce) {
    const wave = messages.slice(from, from + atOnce);
    const answers = await Promise.all(
      wave.map((message) =>
        Promise.all(
          contenders.map(async (contend) => {
            await stagger();
            return refusalOf(contend(message));
          }),
        ),
      ),
    );
    const rows = await world.rows(wave.map(({ id }) => id));
    for (const [i, message] of wave.entries()) {
      const row = rows.get(message.id);
      const answer = answers[i];
      if (!row || !answer) throw new Error("a message is gone");
      const outcome = `${answer.map((one) => one ?? "ok").join(" | ")} → ${row.status}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      check(answer, row, message);
    }
  }
  return outcomes;
}

/** True of every message at every moment: nothing stands approved or gone that was not approved as it is. */
function sound(row: Row, { digest }: Sent): void {
  const standing = row.approvals.filter((one) => one.digest === row.digest);
  expect(standing.length).toBe(row.approvals.length);
  expect(new Set(standing.map(({ by }) => by)).size).toBe(standing.length);
  for (const { by } of standing) expect(row.authors).not.toContain(by);
  if (row.gated && ["queued", "scheduled", "sending", "sent"].includes(row.status))
    expect(standing.length).toBeGreaterThanOrEqual(row.required);
  if (row.authors.length === 1) expect(row.digest).toBe(digest);
}

/** No contender may always win: then nothing was raced. */
function both(outcomes: Map<string, number>, ...wanted: RegExp[]): void {
  const seen = [...outcomes.keys()].join("\n");
  for (const one of wanted) expect(seen).toMatch(one);
}

describe("a thousand interleavings each", () => {
  it("two approvers, and one of them twice: a quorum of two needs both", async () => {
    const messages = await submitted(box("quorum"), rounds);
    const outcomes = await race(
      messages,
      [
        ({ id }) => decide(person(0), id),
        ({ id }) => decide(person(1), id),
        ({ id }) => decide(person(3), id),
      ],
      (answers, row, message) => {
        sound(row, message);
        expect(row.status).toBe("queued");
        expect(row.approvals.map(({ by }) => by).toSorted()).toEqual(["person:p1", "person:p2"]);
        // The person and the key that acts for them are one; who comes after the quorum finds nothing to decide.
        expect(answers[1]).toBeNull();
        const refused = [answers[0], answers[2]].filter((one) => one !== null);
        expect(refused).toHaveLength(1);
        expect(["already_decided", "not_pending"]).toContain(refused[0]);
      },
    );
    both(outcomes, /ok \| ok \| already_decided/, /already_decided \| ok \| ok/);
  }, 120_000);

  it(
    promise("race.approve-edit"),
    async () => {
      const messages = await submitted(box("all"), rounds);
      const outcomes = await race(
        messages,
        [
          ({ id, digest }) => decide(person(0), id, "approve", digest),
          ({ id, digest }) =>
            world.engine.edit(
              world.stranger,
              { mailbox_id: null, email_id: id, only: "pending_approval" },
              { subject: "Other words", digest },
            ),
        ],
        (answers, row, message) => {
          sound(row, message);
          const [approved, edited] = answers;
          expect((approved === null) !== (edited === null)).toBe(true);
          if (edited === null)
            expect([row.status, row.approvals]).toEqual(["pending_approval", []]);
          else expect([row.status, row.digest]).toEqual(["scheduled", message.digest]);
        },
      );
      both(outcomes, /ok \| not_pending/, /stale_digest \| ok/);
    },
    120_000,
  );

  it("approval and cancellation: what was cancelled never waits to leave", async () => {
    const messages = await submitted(box("send"), rounds);
    const outcomes = await race(
      messages,
      [
        ({ id }) => decide(world.stranger, id),
        ({ id }) => world.engine.cancel(world.agent, null, id),
      ],
      ([approved, cancelled], row, message) => {
        sound(row, message);
        // Until it is handed off, it can be cancelled, approved or not.
        expect(cancelled).toBeNull();
        expect(row.status).toBe("cancelled");
        expect([null, "not_pending"]).toContain(approved);
        expect(row.due).toEqual([]);
      },
    );
    both(outcomes, /^ok \| ok/m, /^not_pending \| ok/m);
  }, 120_000);

  it("approval and rejection: one of them is taken", async () => {
    const messages = await submitted(box("send"), rounds);
    const outcomes = await race(
      messages,
      [
        ({ id }) => decide(person(0), id, "reject"),
        ({ id }) => decide(world.stranger, id, "approve"),
      ],
      ([rejected, approved], row, message) => {
        sound(row, message);
        expect((rejected === null) !== (approved === null)).toBe(true);
        expect(row.status).toBe(rejected === null ? "rejected" : "queued");
      },
    );
    both(outcomes, /ok \| not_pending/, /not_pending \| ok/);
  }, 120_000);

  it("approval and expiry: what expired is not approved, what is approved does not expire", async () => {
    const where = box("send");
    const outcomes = new Map<string, number>();
    for (let wave = 0; wave < rounds / atOnce; wave++) {
      const messages = await submitted(where, atOnce);
      // Their time is over once some have their answer, be it none: of the others nobody knows who is first.
      let answered = 0;
      let over = (): void => undefined;
      const most = new Promise<void>((resolve) => (over = resolve));
      const before = Math.floor(draw() * 3) * Math.floor(atOnce / 4);
      if (before === 0) over();
      const expiry = most.then(() => {
        world.clock.now += where.expiry_seconds * 1000 + 1;
        return timeOut("expire");
      });
      const part = await race(
        messages,
        [
          ({ id }) =>
            decide(world.stranger, id).finally(() => {
              if (++answered >= before) over();
            }),
        ],
        (_answers, row, message) => sound(row, message),
      );
      await expiry;
      const rows = await world.rows(messages.map(({ id }) => id));
      for (const { status } of rows.values()) {
        expect(["queued", "expired"]).toContain(status);
        outcomes.set(`→ ${status}`, (outcomes.get(`→ ${status}`) ?? 0) + 1);
      }
      // Its time may be over before the timer has found it.
      for (const [outcome] of part)
        expect([
          "ok → queued",
          "not_pending → expired",
          "not_pending → pending_approval",
        ]).toContain(outcome);
    }
    both(outcomes, /queued/, /expired/);
  }, 120_000);

  it("pulling back and hand-off: what was pulled back does not go", async () => {
    const where = box("all");
    let pulled = 0;
    let gone = 0;
    for (let wave = 0; wave < rounds / atOnce; wave++) {
      const messages = await submitted(where, atOnce);
      const ids = new Set(messages.map(({ id }) => id));
      await Promise.all(messages.map(({ id }) => decide(person(0), id)));
      world.clock.now += where.undo_seconds * 1000 + 1;
      let letGo = (): void => undefined;
      const released = new Promise<void>((resolve) => (letGo = resolve));
      const leaving = (async () => {
        await stagger();
        await timeOut("release");
        letGo();
        return handOff(ids);
      })();
      const answers = new Map<string, string | null>();
      await Promise.all(
        messages.map(async ({ id }) => {
          await stagger();
          // A few come when it has begun to leave, whoever is the quicker here.
          if (draw() < 0.2) await released;
          answers.set(id, await refusalOf(world.engine.undo(person(1), id)));
        }),
      );
      const out = new Set([...(await leaving), ...(await handOff(ids))]);
      const rows = await world.rows([...ids]);
      for (const message of messages) {
        const row = rows.get(message.id);
        if (!row) throw new Error("a message is gone");
        sound(row, message);
        const back = answers.get(message.id) === null;
        expect(out.has(message.id)).toBe(!back);
        expect(row.status).toBe(back ? "pending_approval" : "sending");
        if (back) pulled++;
        else gone++;
      }
    }
    expect([pulled > 50, gone > 50], `${pulled} pulled back, ${gone} gone`).toEqual([true, true]);
  }, 120_000);

  it("a mode that is lowered and mail that was scheduled freely: after the answer nothing goes ungated", async () => {
    const where = box("free");
    let held = 0;
    let gone = 0;
    for (let wave = 0; wave < rounds / atOnce; wave++) {
      await world.sql("UPDATE mailbox SET mode = 'autonomous' WHERE mailbox_id = $1", [
        where.mailbox_id,
      ]);
      const send_at = new Date(world.clock.now + minute).toISOString();
      const messages = await submitted(where, atOnce, { send_at });
      const ids = new Set(messages.map(({ id }) => id));
      world.clock.now += minute + 1;
      await timeOut("release");
      const out = new Set<string>();
      let lowered = false;
      const leaving = (async () => {
        for (;;) {
          await stagger();
          const before = lowered;
          const some = await handOff(ids);
          // A hand-off that began after the answer finds the lower mode.
          if (before) expect(some).toEqual([]);
          for (const id of some) out.add(id);
          const open = await world.rows([...ids]);
          if ([...open.values()].every(({ status }) => status !== "queued")) return;
        }
      })();
      for (let n = 0; n < draw() * 8; n++) await stagger();
      const { mailbox_id } = where;
      await world.engine.changeMailbox(world.agent, mailbox_id, { oversight_mode: "gated_all" });
      lowered = true;
      await leaving;
      const rows = await world.rows([...ids]);
      for (const message of messages) {
        const row = rows.get(message.id);
        if (!row) throw new Error("a message is gone");
        expect(row.status).toBe(out.has(message.id) ? "sending" : "pending_approval");
        if (out.has(message.id)) gone++;
        else held++;
      }
    }
    expect(held + gone).toBe(rounds);
    expect(held, `${held} held, ${gone} gone`).toBeGreaterThan(50);
  }, 120_000);

  it("the kill switch and five hundred queued: after the answer not one is handed off, after resuming all are", async () => {
    const messages = await submitted(box("watched"), 500);
    const ids = new Set(messages.map(({ id }) => id));
    const out = new Set<string>();
    const owner = { ...person(0), role: "owner" as const, scopes: ["admin", "oversight"] as const };
    let stopped = false;
    const leaving = (async () => {
      for (let n = 0; n < 40; n++) {
        const before = stopped;
        const claims = await world.queue.claim("deliver", {
          now: new Date(world.clock.now),
          lease_until: new Date(world.clock.now + 600 * minute),
          node: "here",
          limit: 20,
        });
        const { outgoing: some } = await world.engine.handOff(
          world.operator_id,
          claims.filter(({ message_id }) => ids.has(message_id)),
        );
        if (before) expect(some).toEqual([]);
        for (const { message_id } of some) out.add(message_id);
      }
    })();
    for (let n = 0; n < 10; n++) await stagger();
    await world.engine.stopOperator(owner, "too fast");
    stopped = true;
    await leaving;
    const during = out.size;
    const signed_in_at = new Date(world.clock.now).toISOString();
    await world.engine.resumeOperator({ ...owner, signed_in_at });
    for (let n = 0; n < 60 && out.size < ids.size; n++) {
      world.clock.now += minute;
      for (const id of await handOff(ids)) {
        expect(out.has(id)).toBe(false);
        out.add(id);
      }
    }
    expect(during).toBeLessThan(500);
    expect(out.size).toBe(500);
  }, 120_000);
});
