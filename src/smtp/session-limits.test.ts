/** What the book of sources promises: counts by source, forgiveness in time, and bounded memory. */
import { expect, test } from "vitest";

import { DEFAULT_SESSION_LIMITS, SourceBook, sourceOf } from "./session-limits.ts";

const limits = {
  ...DEFAULT_SESSION_LIMITS,
  connections: 3,
  connections_per_source: 2,
  strikes: 2,
  strike_ms: 1000,
  messages_per_minute: 2,
};

function book(): { book: SourceBook; wait: (ms: number) => void } {
  let at = 1_000_000;
  return { book: new SourceBook(limits, () => new Date(at)), wait: (ms) => void (at += ms) };
}

test("an IPv6 client is its /64, an IPv4 one itself in either form", () => {
  expect(sourceOf("2001:db8:1:2::1")).toBe(sourceOf("2001:db8:1:2:ffff::9"));
  expect(sourceOf("2001:db8:1:2::1")).not.toBe(sourceOf("2001:db8:1:3::1"));
  expect(sourceOf("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(sourceOf("192.0.2.1")).not.toBe(sourceOf("192.0.2.2"));
});

test("connections are bounded by source and in all, and given back", () => {
  const { book: sources } = book();
  expect(sources.enter("192.0.2.1")).toBe("ok");
  expect(sources.enter("192.0.2.1")).toBe("ok");
  expect(sources.enter("192.0.2.1")).toBe("source_full");
  expect(sources.enter("192.0.2.2")).toBe("ok");
  expect(sources.enter("192.0.2.3")).toBe("full");
  sources.leave("192.0.2.1");
  expect(sources.enter("192.0.2.1")).toBe("ok");
});

test("strikes shut a source out for a while and nobody else", () => {
  const { book: sources, wait } = book();
  expect(sources.strike("192.0.2.1")).toBe(limits.tarpit_ms);
  expect(sources.struckOut("192.0.2.1")).toBe(false);
  expect(sources.strike("192.0.2.1")).toBe(2 * limits.tarpit_ms);
  expect(sources.struckOut("192.0.2.1")).toBe(true);
  expect(sources.enter("192.0.2.1")).toBe("struck_out");
  expect(sources.enter("192.0.2.2")).toBe("ok");
  wait(1000);
  expect(sources.struckOut("192.0.2.1")).toBe(false);
  expect(sources.strike("192.0.2.1")).toBe(limits.tarpit_ms);
});

test("messages are bounded by the minute", () => {
  const { book: sources, wait } = book();
  expect([1, 2, 3].map(() => sources.begin("192.0.2.1"))).toEqual([true, true, false]);
  expect(sources.begin("192.0.2.2")).toBe(true);
  wait(60_000);
  expect(sources.begin("192.0.2.1")).toBe(true);
});

test("very many sources leave those with connections known", () => {
  const { book: sources } = book();
  sources.enter("192.0.2.1");
  sources.enter("192.0.2.1");
  for (let i = 0; i < 50_000; i++) sources.begin(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  expect(sources.enter("192.0.2.1")).toBe("source_full");
});
