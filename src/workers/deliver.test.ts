/** The delivery worker's claims: held while their messages fly, shared among operators, and one bad message holds up no other. */
import { afterEach, expect, test, vi } from "vitest";
import type { Engine } from "../engine/engine.ts";
import type { Claim, Queue } from "../engine/queue.ts";
import type { Outgoing } from "../engine/signing.ts";
import type { SendResult } from "../mail/smtp-result.ts";
import { startDelivery } from "./deliver.ts";
import type { Worker } from "./loop.ts";

const minute = 60_000;

/** Milliseconds that a busy machine gets. */
const patience = 20_000;

const lease = 40 * minute;

type Renewal = { tokens: string[]; lease_until: number };

/** A worker on a queue and a remote that the test plays. */
class Played {
  now = Date.UTC(2030, 0, 1);
  /** What the next claims find, one list a claim. */
  readonly due: Claim[][] = [];
  readonly shares: { held: ReadonlyMap<string, number>; others: number; limit: number }[] = [];
  readonly renewals: Renewal[] = [];
  readonly later: string[][] = [];
  readonly reclaims: string[][] = [];
  /** Batches that were handed off, by message. */
  readonly batches: string[][] = [];
  readonly rooms: { bytes: number; first: number }[] = [];
  readonly landed: string[] = [];
  /** What the queue was asked for, in order. */
  readonly calls: string[] = [];
  /** How many times claims cannot be held for longer. */
  renew_fails = 0;
  /** Answers of the remote, by token. */
  readonly answers = new Map<string, () => void>();
  /** Called before a batch is handed off. */
  refuse: (messages: string[]) => void = () => undefined;
  /** Messages that are put back for lack of room. */
  left: string[] = [];
  readonly worker: Worker;

  constructor(limits: { max_in_flight?: number; max_bytes_in_flight?: number } = {}) {
    this.worker = startDelivery({
      engine: this.#engine(),
      queue: this.#queue(),
      driver: { final_hop: true, transport: { send: this.#send, close: async () => undefined } },
      node: "here",
      now: () => new Date(this.now),
      log: { warn: () => undefined, error: () => undefined },
      stop_grace: 0,
      ...limits,
    });
  }

  #queue(): Queue {
    const queue: Partial<Queue> = {
      claimDeliveries: async ({ shares, limit }) => {
        this.calls.push("claim");
        this.shares.push({ ...shares, limit });
        return this.due.shift() ?? [];
      },
      renew: async (_kind, claims, { lease_until }) => {
        this.calls.push("renew");
        if (this.renew_fails-- > 0) throw away;
        const tokens = claims.map(({ token }) => token);
        this.renewals.push({ tokens, lease_until: lease_until.getTime() });
      },
      later: async (_kind, _operator, claims) => {
        this.later.push(claims.map(({ message_id }) => message_id));
      },
      reclaim: async (_node, _now, what) => this.reclaims.push(what?.except ?? []),
      isAway: (error) => error === away,
    };
    return queue as Queue;
  }

  #engine(): Engine {
    const engine: Partial<Engine> = {
      holdPaused: async (_operator, claims) => [...claims],
      handOff: async (_operator, claims, room) => {
        if (room) this.rooms.push(room);
        const messages = claims.map(({ message_id }) => message_id);
        this.refuse(messages);
        this.batches.push(messages);
        const goes = claims.filter(({ message_id }) => !this.left.includes(message_id));
        const left_bytes = goes.length < claims.length ? size : null;
        return { outgoing: goes.map(outgoingOf), left_bytes };
      },
      isPaused: async () => false,
      assertSignable: async () => undefined,
      returnPath: (outgoing) => outgoing.token,
      sign: async () => Buffer.alloc(0),
      mayBegin: async () => true,
      recordResult: async (result) => {
        this.landed.push(result.token);
        return true;
      },
    };
    return engine as Engine;
  }

  readonly #send = ({ from }: { from: string }): Promise<SendResult> =>
    new Promise((resolve) => this.answers.set(from, () => resolve(accepted)));

  /** Lets a message land. */
  async land(token: string): Promise<void> {
    await vi.waitUntil(() => this.answers.has(token), patience);
    this.answers.get(token)?.();
    await vi.waitUntil(() => this.landed.includes(token), patience);
  }

  /** Resolves once the worker has gone through a round that began after this call. */
  async round(): Promise<void> {
    const rounds = this.shares.length;
    const done = (): boolean => {
      this.worker.wake();
      return this.shares.length > rounds + 1;
    };
    await vi.waitUntil(done, patience);
  }
}

const away = new Error("away");
const size = 1000;

const accepted: SendResult = {
  recipients: [
    {
      address: "a@example.com",
      outcome: "accepted",
      reply: { code: 250, enhanced: null, text: "ok" },
      stage: "message",
      reason: null,
    },
  ],
  connection: { host: "h", address: null, port: 25, tls: null, at: "2030-01-01T00:00:00.000Z" },
};

function outgoingOf({ operator_id, message_id, token }: Claim): Outgoing {
  const recipients = [{ position: 0, address: "a@example.com" }];
  const some: Partial<Outgoing> = { operator_id, message_id, token, attempt: 1, recipients };
  return { ...some, expires_at: null, mime: Buffer.alloc(size) } as Outgoing;
}

const claim = (message_id: string, token: string, operator_id = "a"): Claim => ({
  operator_id,
  message_id,
  token,
});

let played: Played;
const play = (limits?: { max_in_flight?: number; max_bytes_in_flight?: number }): Played =>
  (played = new Played(limits));

afterEach(async () => {
  const stopped = played.worker.stop();
  for (const answer of played.answers.values()) answer();
  await stopped;
});

test("claims are held for longer while their messages fly, before anything else is claimed", async () => {
  const { due, renewals, shares } = play();
  due.push([claim("m1", "1"), claim("m2", "2")]);
  await played.land("1");
  await played.round();
  expect(renewals).toEqual([]);
  played.now += 10 * minute;
  const claimed = shares.length;
  await played.round();
  expect(renewals).toEqual([{ tokens: ["2"], lease_until: played.now + lease }]);
  expect(shares.length).toBeGreaterThan(claimed);
});

test("where claims cannot be held for longer nothing is claimed, and it is tried again", async () => {
  const { due, calls } = play();
  due.push([claim("m1", "1")]);
  await vi.waitUntil(() => played.answers.size === 1, patience);
  await played.round();
  played.renew_fails = 1;
  const before = calls.length;
  played.now += 10 * minute;
  await vi.waitUntil(() => calls.slice(before).includes("renew"), patience);
  await played.round();
  const renewed = calls.slice(calls.indexOf("renew"));
  expect(renewed.slice(0, 3)).toEqual(["renew", "renew", "claim"]);
});

test("the landing of an attempt that was overtaken leaves the later one in the air", async () => {
  const { due, renewals } = play();
  due.push([claim("m1", "1")], [claim("m1", "2")]);
  await vi.waitUntil(() => played.answers.size === 2, patience);
  await played.land("1");
  await played.round();
  played.now += 10 * minute;
  await played.round();
  expect(renewals.map(({ tokens }) => tokens)).toEqual([["2"]]);
});

test("a batch that fails, for whatever reason, goes one by one; only what fails alone comes due later", async () => {
  play();
  played.refuse = (messages) => {
    if (messages.includes("bad")) throw new TypeError("not refused, but broken");
  };
  played.due.push([claim("m1", "1"), claim("bad", "2"), claim("m3", "3")]);
  await played.land("1");
  await played.land("3");
  expect(played.batches).toEqual([["m1"], ["m3"]]);
  expect(played.later).toEqual([["bad"]]);
});

test("while the database is away a batch is not split, and what was claimed comes due again", async () => {
  play();
  let first = true;
  played.refuse = () => {
    if (first) {
      first = false;
      throw away;
    }
  };
  played.due.push([claim("m1", "1"), claim("m2", "2")]);
  await vi.waitFor(() => expect(played.reclaims).toEqual([[]]), patience);
  expect(played.batches).toEqual([]);
  expect(played.later).toEqual([]);
});

test("an operator with messages under way is claimed less of than one without, and nothing at half of the places", async () => {
  const { due, shares } = play({ max_in_flight: 4 });
  due.push([claim("m1", "1"), claim("m2", "2")]);
  await vi.waitUntil(() => played.answers.size === 2, patience);
  await played.round();
  expect(shares[0]).toEqual({ held: new Map(), others: 2, limit: 4 });
  expect(shares.at(-1)).toEqual({ held: new Map([["a", 0]]), others: 1, limit: 2 });
  await played.land("1");
  await played.round();
  expect(shares.at(-1)?.held).toEqual(new Map([["a", 1]]));
});

test("mail for which there is no room is not claimed again before there is", async () => {
  const { due, shares, rooms } = play({ max_bytes_in_flight: 2 * size });
  played.left = ["m2"];
  due.push([claim("m1", "1"), claim("m2", "2")]);
  await vi.waitUntil(() => played.answers.size === 1, patience);
  expect(rooms[0]).toEqual({ bytes: size, first: Number.POSITIVE_INFINITY });
  await played.round();
  expect(shares.at(-1)?.held).toEqual(new Map([["a", 0]]));
  await played.land("1");
  await played.round();
  expect(shares.at(-1)?.held).toEqual(new Map());
});
