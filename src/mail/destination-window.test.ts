/** The window and the breakers of a destination, without any network. */
import { expect, test } from "vitest";

import { Breakers } from "./destination-breaker.ts";
import { DestinationWindow } from "./destination-window.ts";
import type { Ticket } from "./destination-window.ts";

const limits = { initial: 4, max: 6, max_waiting: 2, max_wait_ms: 60_000 };

async function fill(window: DestinationWindow, count: number): Promise<Ticket[]> {
  const tickets = await Promise.all(Array.from({ length: count }, () => window.enter()));
  return tickets.map((ticket) => ticket!);
}

test("each success widens by a share of one, up to the bound", async () => {
  const window = new DestinationWindow(limits);
  for (let i = 0; i < 100; i++) window.leave((await window.enter())!, "good");
  expect(window.size).toBe(6);
});

test("failures of one round halve once, of the next round again, never below one", async () => {
  const window = new DestinationWindow(limits);
  for (const ticket of await fill(window, 4)) window.leave(ticket, "bad");
  expect(window.size).toBe(2);
  for (let i = 0; i < 5; i++) window.leave((await window.enter())!, "bad");
  expect(window.size).toBe(1);
  window.leave((await window.enter())!, "neutral");
  expect(window.size).toBe(1);
});

test("waiters are served in order, and one too many is turned away at once", async () => {
  const window = new DestinationWindow({ ...limits, initial: 1, max: 1 });
  const ticket = (await window.enter())!;
  const order: string[] = [];
  const first = window.enter().then((next) => (order.push("first"), next));
  const second = window.enter().then((next) => (order.push("second"), next));
  expect(await window.enter()).toBeNull();
  window.leave(ticket, "good");
  window.leave((await first)!, "good");
  window.leave((await second)!, "good");
  expect(order).toEqual(["first", "second"]);
  expect(window.idle).toBe(true);
});

test("a narrowed window admits nobody before enough have left", async () => {
  const window = new DestinationWindow(limits);
  const [a, b, c] = await fill(window, 4);
  let admitted = false;
  const waiting = window.enter().then((ticket) => ((admitted = true), ticket));
  window.leave(a!, "bad");
  window.leave(b!, "neutral");
  await Promise.resolve();
  expect(admitted).toBe(false);
  window.leave(c!, "neutral");
  expect(await waiting).not.toBeNull();
});

test("closing turns the waiting away", async () => {
  const window = new DestinationWindow({ ...limits, initial: 1 });
  await window.enter();
  const waiting = window.enter();
  window.close();
  expect(await waiting).toBeNull();
});

test("a breaker opens at the third failure in a row, longer each time, and closes with an answer", () => {
  let now = 0;
  const breakers = new Breakers(() => new Date(now));
  const openFor = (): number => {
    const start = now;
    while (!breakers.allows("a")) now += 1000;
    return now - start;
  };
  breakers.failed("a", "a.test");
  breakers.failed("a", "a.test");
  expect(breakers.allows("a")).toBe(true);
  breakers.failed("a", "a.test");
  expect(breakers.allows("b")).toBe(true);
  expect(openFor()).toBe(30_000);
  expect(breakers.allows("a")).toBe(false);
  breakers.failed("a", "a.test");
  expect(openFor()).toBe(60_000);
  for (let i = 0; i < 20; i++) breakers.failed("a", "a.test");
  expect(openFor()).toBe(600_000);
  breakers.answered("a");
  expect(breakers.allows("a")).toBe(true);
  breakers.failed("a", "a.test");
  expect(breakers.allows("a")).toBe(true);
});

test("breakers tell which addresses are avoided for whose mail, and take nobody's turn by that", () => {
  let now = 0;
  const breakers = new Breakers(() => new Date(now));
  for (let i = 0; i < 3; i++) breakers.failed("192.0.2.1", "a.test");
  breakers.failed("192.0.2.2", "b.test");
  expect(breakers.avoidedUntil("192.0.2.1")).toEqual(new Date(30_000));
  expect(breakers.avoidedUntil("192.0.2.2")).toBeNull();
  expect([...breakers.open()]).toEqual([
    ["a.test", [{ key: "192.0.2.1", until: new Date(30_000) }]],
  ]);
  now = 30_000;
  expect(breakers.avoidedUntil("192.0.2.1")).toBeNull();
  expect(breakers.allows("192.0.2.1")).toBe(true);
});
