/** The cache of keys: fresh for a while, shared while loading, and never worse off than before. */
import { expect, test } from "vitest";
import { createCache } from "./key-cache.ts";

/** A cache whose loading the test ends by hand. */
function cacheOf() {
  const clock = { now: 0 };
  const asked: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const cache = createCache<string>(
    () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    () => clock.now,
    { fresh: 10, stale: 60 },
  );
  return { clock, asked, cache };
}

test("what is fresh is not loaded again, and those who ask at once share one loading", async () => {
  const { clock, asked, cache } = cacheOf();
  const both = Promise.all([cache.get("a"), cache.get("a")]);
  asked[0]?.resolve("one");
  expect(await both).toEqual(["one", "one"]);
  clock.now = 9;
  expect(await cache.get("a")).toBe("one");
  expect(asked).toHaveLength(1);
});

test("what is no longer fresh serves while it is loaded again, what is stale does not", async () => {
  const { clock, asked, cache } = cacheOf();
  const first = cache.get("a");
  asked[0]?.resolve("one");
  await first;
  clock.now = 20;
  expect(await cache.get("a")).toBe("one");
  asked[1]?.resolve("two");
  await Promise.resolve();
  expect(await cache.get("a")).toBe("two");
  clock.now = 200;
  const waits = cache.get("a");
  asked[2]?.resolve("three");
  expect(await waits).toBe("three");
});

test("a failure leaves what was known, and the next who asks tries again", async () => {
  const { clock, asked, cache } = cacheOf();
  const none = cache.get("a");
  asked[0]?.reject(new Error("away"));
  await expect(none).rejects.toThrow("away");
  const first = cache.get("a");
  asked[1]?.resolve("one");
  await first;
  clock.now = 200;
  const waits = cache.get("a");
  asked[2]?.reject(new Error("away"));
  expect(await waits).toBe("one");
  void cache.get("a");
  expect(asked).toHaveLength(4);
});

test("after a change nobody gets what was loaded before it, not even by a loading that was under way", async () => {
  const { clock, asked, cache } = cacheOf();
  const first = cache.get("a");
  asked[0]?.resolve("one");
  await first;
  clock.now = 20;
  void cache.get("a");
  cache.forget("a");
  const waits = cache.get("a");
  asked[1]?.resolve("old");
  asked[2]?.resolve("new");
  expect(await waits).toBe("new");
  expect(await cache.get("a")).toBe("new");
});
