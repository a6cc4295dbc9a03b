/** Tests of micro-batching: what travels together, what fails together. */
import { expect, it } from "vitest";
import { batcher } from "./batcher.ts";

it("what arrives together travels together, in order, and each gets its own result", async () => {
  const batches: number[][] = [];
  const double = batcher<number, number>({
    max_items: 10,
    max_in_flight: 1,
    serve(items) {
      batches.push(items);
      return Promise.resolve(items.map((item) => (item === 3 ? new Error("three") : item * 2)));
    },
  });
  const results = await Promise.allSettled([1, 2, 3, 4].map(double));
  expect(batches).toEqual([[1, 2, 3, 4]]);
  expect(
    results.map((result) => (result.status === "fulfilled" ? result.value : "failed")),
  ).toEqual([2, 4, "failed", 8]);
});

it("items of different groups never share a batch, and keep their order within a group", async () => {
  const batches: string[][] = [];
  const serve = batcher<string, string>({
    max_items: 3,
    max_in_flight: 1,
    group: (item) => item[0] ?? "",
    serve(items) {
      batches.push(items);
      return Promise.resolve(items);
    },
  });
  await Promise.all(["a1", "b1", "a2", "a3", "b2", "a4"].map(serve));
  expect(batches).toEqual([["a1", "a2", "a3"], ["b1", "b2"], ["a4"]]);
});

it("one bad item fails alone where a batch is all or nothing, and its neighbours are served", async () => {
  const calls: number[][] = [];
  const serve = batcher<number, number>({
    max_items: 10,
    max_in_flight: 1,
    retry_alone: (error) => error instanceof RangeError,
    serve(items) {
      calls.push(items);
      if (items.includes(2)) return Promise.reject(new RangeError("two"));
      return Promise.resolve(items);
    },
  });
  const results = await Promise.allSettled([1, 2, 3].map(serve));
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(calls).toEqual([[1, 2, 3], [1], [2], [3]]);
});

it("an error that is nobody's own fault fails the whole batch once", async () => {
  let calls = 0;
  const serve = batcher<number, number>({
    max_items: 10,
    max_in_flight: 1,
    retry_alone: () => false,
    serve: () => Promise.reject(new Error(`call ${++calls}`)),
  });
  const results = await Promise.allSettled([1, 2, 3].map(serve));
  expect(results.every((result) => result.status === "rejected")).toBe(true);
  expect(calls).toBe(1);
});

it("batches stay within their weight, except that one heavy item goes alone", async () => {
  const batches: number[][] = [];
  const serve = batcher<number, number>({
    max_items: 10,
    max_in_flight: 1,
    weight: { of: (item) => item, max: 5 },
    serve(items) {
      batches.push(items);
      return Promise.resolve(items);
    },
  });
  await Promise.all([2, 2, 3, 9, 1].map(serve));
  expect(batches).toEqual([[2, 2], [3], [9], [1]]);
});
