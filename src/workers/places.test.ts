/** Shares of places: one operator alone gets half, and whoever comes later finds some. */
import { expect, test } from "vitest";
import { Places } from "./places.ts";

const room = 100_000_000;

/** Takes what the operator may, again and again, until it gets no more; answers how many it holds. */
function fill(places: Places, operatorId: string, bytes = 1): number {
  let taken = 0;
  for (;;) {
    const { held, others } = places.shares();
    const share = Math.min(held.get(operatorId) ?? others, places.free);
    if (share === 0) return taken;
    for (let i = 0; i < share; i++) places.take(operatorId, bytes);
    taken += share;
  }
}

test("one operator gets half of the places, a second one a half of what is left, and later ones still some", () => {
  const places = new Places({ messages: 300, bytes: room });
  const taken = ["a", "b", "c", "d"].map((operatorId) => fill(places, operatorId));
  expect(taken[0]).toBe(150);
  expect(taken[1]).toBe(75);
  expect(taken[2]).toBeGreaterThan(30);
  expect(taken[3]).toBeGreaterThan(10);
  expect(places.shares().held.get("a")).toBe(0);
  expect(places.shares().others).toBeGreaterThan(0);
});

test("what has landed may be taken again, and with nothing under way everybody begins anew", () => {
  const places = new Places({ messages: 10, bytes: room });
  expect(fill(places, "a")).toBe(5);
  places.leave("a", 1);
  expect(places.shares().held.get("a")).toBe(1);
  for (let i = 0; i < 4; i++) places.leave("a", 1);
  expect(places.shares()).toEqual({ held: new Map(), others: 5 });
  expect(fill(new Places({ messages: 1, bytes: room }), "a")).toBe(1);
});

test("bytes are shared as places are; one message may always go, and a newcomer's may fill what is left", () => {
  const places = new Places({ messages: 300, bytes: 100 });
  expect(places.roomOf("a")).toEqual({ bytes: 50, first: Number.POSITIVE_INFINITY });
  places.take("a", 40);
  expect(places.roomOf("a")).toEqual({ bytes: 10, first: 10 });
  expect(places.roomOf("b")).toEqual({ bytes: 30, first: 60 });
  places.take("b", 90);
  expect(places.roomOf("c")).toEqual({ bytes: 0, first: 0 });
});

test("whose message did not fit claims nothing until there is room for it", () => {
  const places = new Places({ messages: 300, bytes: 100 });
  places.take("a", 40);
  places.turnedAway("a", 20);
  expect(places.shares().held.get("a")).toBe(0);
  places.turnedAway("b", 70);
  expect(places.shares().held.get("b")).toBe(0);
  places.leave("a", 40);
  expect(places.shares().held.get("a")).toBeUndefined();
  expect(places.shares().held.get("b")).toBeUndefined();
  places.take("a", 40);
  places.turnedAway("a", null);
  expect(places.shares().held.get("a")).toBeGreaterThan(0);
});
