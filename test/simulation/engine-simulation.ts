/** A simulation of the engine: seeded random actions, each predicted by the model and compared with answer and database. */
import { expect } from "vitest";
import { type Actor, principal } from "../../src/core/actor.ts";
import { gateTimings, modes } from "../../src/core/oversight/types.ts";
import { Refusal } from "../../src/core/refusal.ts";
import type { Outgoing } from "../../src/engine/signing.ts";
import { claim, draftOf, refusalOf, resultOf } from "./engine-calls.ts";
import {
  type Around,
  type Modelled,
  type Outcome,
  cancelled,
  decided,
  expectedRow,
  handedOff,
  lease,
  answered,
  recorded,
  submitted,
  timedOut,
  undone,
} from "./engine-model.ts";
import type { World } from "./engine-world.ts";

const minute = 60_000;

/** Engine and model said the same. */
function same(actual: unknown, expected: unknown, what: string): void {
  expect(actual, what).toBe(expected);
}

/** The database holds, among the rest, exactly these fields. */
function holds(actual: object, expected: object, what: string): void {
  expect(actual, what).toMatchObject(expected);
}

/** Seeded chance: the same lives at every run. */
function chance(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) / 2 ** 32;
  };
  return {
    yes: (probability: number): boolean => next() < probability,
    of<T>(list: readonly T[]): T {
      const item = list[Math.floor(next() * list.length)];
      if (item === undefined) throw new RangeError("nothing to draw from");
      return item;
    },
  };
}

/** Random lives of many messages, each step compared with the model. */
export class Simulation {
  readonly world: World;
  readonly messages = new Map<string, Modelled>();
  readonly flying: Outgoing[] = [];
  readonly seen = new Map<string, number>();
  readonly suppressed = new Set<string>();
  readonly allowlist = new Map<string, string[]>();
  stopped = false;
  steps = 0;
  readonly draw: ReturnType<typeof chance>;

  constructor(world: World, seed: number) {
    this.world = world;
    this.draw = chance(seed);
    for (const box of world.boxes) this.allowlist.set(box.mailbox_id, ["*@friends.example"]);
  }

  get around(): Around {
    return {
      stopped: this.stopped,
      suppressed: this.suppressed,
      allowlist: this.allowlist,
      overseer: this.world.overseer,
    };
  }

  /** Counts a compared step under what it was and what came of it. */
  count(what: string, answer: string): void {
    this.steps++;
    const name = `${what} ${answer}`;
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1);
  }

  /** The database must hold exactly what the model holds. */
  async compare(ids: readonly string[]): Promise<void> {
    const rows = await this.world.rows(ids);
    for (const id of ids) {
      const message = this.messages.get(id);
      const row = rows.get(id);
      if (!message || !row) throw new Error(`message ${id} is missing`);
      const at = row.first_attempt_at?.getTime() ?? null;
      holds({ ...row, first_attempt_at: at }, expectedRow(message), id);
    }
  }

  async submit(): Promise<void> {
    const { draw } = this;
    const pool = [
      "ada@friends.example",
      "bo@friends.example",
      "eve@strangers.example",
      "dan@strangers.example",
    ];
    await Promise.all(
      Array.from({ length: draw.of([1, 2, 4]) }, async () => {
        const box = draw.of(this.world.boxes);
        const author = draw.yes(0.1) ? this.world.test_agent : this.world.agent;
        const to = [...new Set([draw.of(pool), draw.of(pool)])];
        const { now } = this.world.clock;
        const send_at = draw.yes(0.2) ? now + draw.of([1000, 5000, minute]) : null;
        const gate_timing = draw.of(gateTimings);
        const when = { waits: send_at !== null, timing: gate_timing };
        const expected = submitted(box, author.test, author, to, this.around, when);
        const later = send_at === null ? {} : { send_at: new Date(send_at).toISOString() };
        const answer = await this.world.engine
          .submit(author, { ...draftOf(box, to), gate_timing, ...later })
          .catch((error: unknown) => {
            if (error instanceof Refusal) return error;
            throw error;
          });
        if (answer instanceof Refusal) {
          holds(expected, { refusal: answer.code }, "submit");
          this.count("submit", answer.code);
          return;
        }
        if ("refusal" in expected) throw new Error(`submitted although ${expected.refusal}`);
        const row = (await this.world.rows([answer.id])).get(answer.id);
        const { status } = expected.state;
        this.messages.set(answer.id, {
          id: answer.id,
          box,
          state: { ...expected.state, digest: row?.digest ?? "" },
          recipients: expected.recipients,
          attempts: 0,
          first_attempt_at: null,
          send_at,
          due:
            status === "pending_approval"
              ? { kind: "expire", at: now + box.expiry_seconds * 1000 }
              : status === "scheduled"
                ? { kind: "release", at: send_at ?? now }
                : { kind: "deliver", at: now },
        });
        same(answer.status, expected.state.status, "submit");
        this.count("submit", answer.status);
        await this.compare([answer.id]);
      }),
    );
  }

  /** A message, mostly one in the given status. */
  pick(status: string): Modelled | undefined {
    const all = [...this.messages.values()];
    const fitting = all.filter(({ state }) => state.status === status);
    const from = fitting.length > 0 && this.draw.yes(0.9) ? fitting : all;
    return from.length > 0 ? this.draw.of(from) : undefined;
  }

  /** Decisions at the same moment, which the engine takes in one transaction in the order in which they came. */
  async decide(): Promise<void> {
    const { draw } = this;
    const touched = new Set<string>();
    const asked = Array.from({ length: draw.of([1, 3, 6]) }, () => {
      const message = this.pick("pending_approval");
      if (!message) return null;
      const drawn = draw.of(this.world.deciders);
      const own = message.state.authors.includes(principal(this.world.agent));
      // The agent decides on its own mail only: on that of others its key would not get this far.
      const actor: Actor = drawn.credential_id === "agent" && !own ? this.world.stranger : drawn;
      const decision = draw.of([
        "approve",
        "approve",
        "approve",
        "approve",
        "approve",
        "reject",
        "revise",
      ] as const);
      const digest = draw.yes(0.05) ? "0".repeat(64) : draw.yes(0.5) ? message.state.digest : null;
      const { now } = this.world.clock;
      // Of class C are people's decisions by link.
      const proof =
        actor.kind === "person" && draw.yes(0.3)
          ? ({ class: "C", via: "link" } as const)
          : ({ class: "B" } as const);
      const expected = decided(message, actor, decision, digest, now, proof.class);
      touched.add(message.id);
      const request = {
        email_id: message.id,
        decision,
        proof,
        ...(digest === null ? {} : { digest }),
      };
      return {
        decision,
        expected,
        status: message.state.status,
        answer: refusalOf(this.world.engine.decide(actor, [request])),
      };
    });
    for (const one of asked) {
      if (!one) continue;
      same(await one.answer, one.expected, one.decision);
      this.count(one.decision, one.expected ?? one.status);
    }
    await this.compare([...touched]);
  }

  async cancel(): Promise<void> {
    const message = this.pick(this.draw.of(["pending_approval", "queued", "scheduled", "sending"]));
    if (!message || this.draw.yes(0.5)) return;
    const expected = cancelled(message);
    same(
      await refusalOf(this.world.engine.cancel(this.world.agent, null, message.id)),
      expected,
      "cancel",
    );
    this.count("cancel", expected ?? message.state.status);
    await this.compare([message.id]);
  }

  /** Somebody pulls back what was approved. */
  async undo(): Promise<void> {
    const message = this.pick("scheduled");
    if (!message || this.draw.yes(0.5)) return;
    const expected = undone(message, this.world.clock.now);
    const answer = refusalOf(this.world.engine.undo(this.world.stranger, message.id));
    same(await answer, expected, "undo");
    this.count("undo", expected ?? message.state.status);
    await this.compare([message.id]);
  }

  async timers(): Promise<void> {
    for (const kind of ["release", "expire"] as const) {
      const claims = await claim(this.world, kind, minute);
      const due = [...this.messages.values()].filter(
        (one) => one.due?.kind === kind && one.due.at <= this.world.clock.now,
      );
      same(claims.length, Math.min(50, due.length), "claims");
      await this.world.engine.timeOut(kind, this.world.operator_id, claims);
      for (const { message_id } of claims) {
        const message = this.messages.get(message_id);
        if (!message || !due.includes(message)) throw new Error(`${kind} came before its time`);
        timedOut(message, kind, this.world.clock.now);
        this.count(kind, message.state.status);
      }
      await this.compare(claims.map((one) => one.message_id));
    }
  }

  async deliver(): Promise<void> {
    const claims = await claim(this.world, "deliver");
    const due = [...this.messages.values()].filter(
      (one) => one.due?.kind === "deliver" && one.due.at <= this.world.clock.now,
    );
    same(claims.length, Math.min(50, due.length), "claims");
    const handed = await this.world.engine.handOff(this.world.operator_id, claims);
    const sent = handed.outgoing;
    for (const { message_id } of claims) {
      const message = this.messages.get(message_id);
      if (!message || !due.includes(message)) throw new Error("delivery came before its time");
      const again = message.state.status === "sending";
      const goes = handedOff(message, this.around, this.world.clock.now);
      same(
        sent.some((one) => one.message_id === message_id),
        goes,
        "hand-off",
      );
      this.count(
        again ? "hand-off after a lost attempt" : "hand-off",
        this.stopped ? "stopped" : message.state.status,
      );
    }
    await this.compare(claims.map((one) => one.message_id));
    this.flying.push(...sent);
  }

  /** Results of some attempts, at once; some come too late, some never. */
  async record(): Promise<void> {
    const { draw } = this;
    const results = this.flying.splice(0, draw.of([1, 5, 20]));
    await Promise.all(
      results.map(async (sent) => {
        if (draw.yes(0.07)) return;
        const message = this.messages.get(sent.message_id);
        if (!message) throw new Error("a result of nothing");
        const outcomes = new Map(
          sent.recipients.map(({ position }): [number, Outcome] => [
            position,
            draw.of(["accepted", "accepted", "temporary", "temporary", "permanent", "unknown"]),
          ]),
        );
        const finalHop = draw.yes(0.5);
        const current = message.state.status === "sending" && message.attempts === sent.attempt;
        const { now } = this.world.clock;
        const result = resultOf(this.world, sent, outcomes, finalHop);
        const { recordResult } = this.world.engine;
        // Some answer sooner than others; and of some of those the node does not live to hear the rest.
        const early = outcomes.size > 1 && draw.yes(0.5) ? 1 : 0;
        const late = early === 0 || draw.yes(0.8);
        const [soon, rest] = [[...outcomes].slice(0, early), [...outcomes].slice(early)];
        const before = new Map(soon);
        if (current) {
          answered(message, before, finalHop, now);
          if (late) same(recorded(message, new Map(rest), finalHop, now, before), null, "result");
        }
        if (late) this.count("result", current ? message.state.status : "overtaken");
        else this.count("result", "in part");
        if (early > 0) {
          const part = { ...result, more_follow: true, recipients: result.recipients.slice(0, 1) };
          same(await recordResult(part), current, "part of a result");
        }
        if (!late) return;
        const last = {
          ...result,
          told_before: [...before.keys()],
          recipients: result.recipients.slice(early),
        };
        same(await recordResult(last), current, "result");
      }),
    );
    await this.compare([...new Set(results.map((one) => one.message_id))]);
  }

  /** What others do meanwhile: modes, the kill switch, suppression, allowlists. */
  async around_us(): Promise<void> {
    const { draw } = this;
    const op = this.world.operator_id;
    const changes = ["mode", "mode", "mode", "stop", "suppress", "lift", "allow", "disallow"];
    const what = this.stopped && draw.yes(0.8) ? "resume" : draw.of(changes);
    const address = draw.of(["ada@friends.example", "eve@strangers.example", this.world.overseer]);
    const box = draw.of(this.world.boxes);
    if (what === "mode") {
      box.mode = draw.of(modes);
      await this.world.sql("UPDATE mailbox SET mode = $2 WHERE mailbox_id = $1", [
        box.mailbox_id,
        box.mode,
      ]);
    } else if (what === "stop" || what === "resume") {
      this.stopped = what === "stop";
      await this.world.sql(`UPDATE operator SET stopped_at = ${this.stopped ? "now()" : "NULL"}`);
    } else if (what === "suppress") {
      this.suppressed.add(address);
      await this.world.sql(
        "INSERT INTO suppression VALUES ($1, $2, '', 'test', NULL, now()) ON CONFLICT DO NOTHING",
        [op, address],
      );
    } else if (what === "lift") {
      this.suppressed.clear();
      await this.world.sql("DELETE FROM suppression");
    } else {
      const pattern = what === "allow" ? "*@friends.example" : "nobody@friends.example";
      this.allowlist.set(box.mailbox_id, [pattern]);
      await this.world.sql("UPDATE allowlist_entry SET pattern = $2 WHERE mailbox_id = $1", [
        box.mailbox_id,
        pattern,
      ]);
    }
  }

  /** A little later, or when the next thing comes due, or after every lease has passed. */
  tick(): void {
    const { now } = this.world.clock;
    const next = [...this.messages.values()].flatMap(({ due }) =>
      due && due.at > now ? [due.at] : [],
    );
    const soon =
      next.length > 0 && this.draw.yes(0.2)
        ? Math.min(...next)
        : now + this.draw.of([1, 500, 5000]);
    this.world.clock.now = this.draw.yes(0.02) ? now + lease : soon;
  }

  async run(steps: number): Promise<void> {
    while (this.steps < steps) {
      const { draw } = this;
      this.tick();
      await draw.of([
        ...Array.from({ length: 4 }, () => () => this.submit()),
        ...Array.from({ length: 5 }, () => () => this.decide()),
        () => this.cancel(),
        () => this.undo(),
        () => this.timers(),
        ...Array.from({ length: 3 }, () => () => this.deliver()),
        ...Array.from({ length: 6 }, () => () => this.record()),
        () => this.around_us(),
      ])();
    }
  }
}
