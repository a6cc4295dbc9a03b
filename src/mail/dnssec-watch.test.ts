/** What the watch over the resolver believes after each kind of test, and who waits for it. */
import { expect, test } from "vitest";

import type { DnsAnswer, DnsResolver } from "./dns-record.ts";
import { type Validation, watchValidation } from "./dnssec-watch.ts";

const probe = { signed: "signed.test", bogus: "bogus.test" };
const times = { settled_ms: 3_600_000, unknown_ms: 60_000, first_ms: 20_000 };

type Said = Pick<DnsAnswer<"A">, "status" | "authenticated">;
const vouched: Said = { status: "ok", authenticated: true };
const plain: Said = { status: "ok", authenticated: false };
const fails: Said = { status: "servfail", authenticated: false };
const silent: Said = { status: "timeout", authenticated: false };

/** A watch whose clock and DNS the test moves. */
function watched(signed: Said, bogus: Said) {
  const says = new Map([
    [probe.signed, signed],
    [probe.bogus, bogus],
  ]);
  const held: (() => void)[] = [];
  let answers = true;
  const resolver: DnsResolver = {
    async resolve(name) {
      if (!answers) await new Promise<void>((go) => held.push(go));
      const said = says.get(name) ?? silent;
      const records = said.status === "ok" ? ["192.0.2.1"] : [];
      return { ...said, records, ttl: 5, canonical: name } as never;
    },
    close: () => undefined,
  };
  const planned: { in_ms: number; run: () => void }[] = [];
  const told: [Validation, boolean][] = [];
  let tested: () => void = () => undefined;
  return {
    told,
    planned,
    /** What is planned next at that distance happens. */
    pass(in_ms: number) {
      const at = planned.findIndex((one) => one.in_ms === in_ms);
      if (at < 0) throw new Error(`nothing is planned in ${in_ms} ms`);
      planned.splice(at, 1)[0]!.run();
    },
    say(signed_says: Said, bogus_says: Said) {
      says.set(probe.signed, signed_says).set(probe.bogus, bogus_says);
    },
    hold() {
      answers = false;
    },
    release() {
      answers = true;
      for (const go of held.splice(0)) go();
    },
    /** The end of the test that is under way. */
    ended: () =>
      new Promise<void>((resolve) => {
        tested = resolve;
      }),
    start: () =>
      watchValidation(
        resolver,
        probe,
        {
          ...times,
          after(in_ms, run) {
            const one = { in_ms, run };
            planned.push(one);
            return () => {
              const at = planned.indexOf(one);
              if (at >= 0) planned.splice(at, 1);
            };
          },
        },
        (shown, validates) => {
          told.push([shown, validates]);
          // What is planned after the test is planned before anybody goes on.
          queueMicrotask(tested);
        },
      ),
  };
}

test("after a pass silence changes nothing and is asked about again in a minute; proof switches off at once", async () => {
  const world = watched(vouched, fails);
  const watch = world.start();
  expect(await watch.validates()).toBe(true);
  let wait_ms = times.settled_ms;
  for (const [signed, bogus] of [
    [silent, fails],
    [fails, fails],
    [vouched, silent],
    [silent, silent],
  ] as const) {
    const ended = world.ended();
    world.say(signed, bogus);
    world.pass(wait_ms);
    await ended;
    wait_ms = times.unknown_ms;
    expect(world.told.at(-1)).toEqual(["unknown", true]);
    expect(await watch.validates()).toBe(true);
  }
  for (const [signed, bogus] of [
    [plain, fails],
    [vouched, plain],
    [silent, plain],
  ] as const) {
    let ended = world.ended();
    world.say(vouched, fails);
    world.pass(wait_ms);
    await ended;
    expect(await watch.validates()).toBe(true);
    ended = world.ended();
    world.say(signed, bogus);
    world.pass(times.settled_ms);
    await ended;
    wait_ms = times.settled_ms;
    expect(world.told.at(-1)).toEqual(["does_not", false]);
    expect(await watch.validates()).toBe(false);
  }
  watch.stop();
});

test("without a pass silence leaves it off, and the next minute may bring one", async () => {
  const world = watched(silent, silent);
  const watch = world.start();
  expect(await watch.validates()).toBe(false);
  const ended = world.ended();
  world.say(vouched, fails);
  world.pass(times.unknown_ms);
  await ended;
  expect(await watch.validates()).toBe(true);
  watch.stop();
});

test("who asks first waits for the first test, for its bound at most, and no longer than until the stop", async () => {
  const world = watched(vouched, fails);
  world.hold();
  const watch = world.start();
  const answers: boolean[] = [];
  const asking = watch.validates().then((answer) => answers.push(answer));
  await new Promise((resolve) => setImmediate(resolve));
  expect(answers).toEqual([]);
  world.release();
  await asking;
  expect(answers).toEqual([true]);
  watch.stop();

  const slow = watched(vouched, fails);
  slow.hold();
  const bounded = slow.start();
  const late = bounded.validates();
  slow.pass(times.first_ms);
  expect(await late).toBe(false);
  bounded.stop();

  const stopping = watched(vouched, fails);
  stopping.hold();
  const stopped = stopping.start();
  const last = stopped.validates();
  stopped.stop();
  expect(await last).toBe(false);
  stopping.release();
  await new Promise((resolve) => setImmediate(resolve));
  expect(stopping.told).toEqual([]);
  expect(stopping.planned).toEqual([]);
});
