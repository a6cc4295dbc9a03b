/** Promises about mail held in memory between taking it in and opening it up. */
import { expect, test } from "vitest";
import { createFreshMail } from "./fresh-mail.ts";

test("what was put is taken once, and only by its own operator", () => {
  const fresh = createFreshMail(100, () => 0);
  fresh.put("a", "1", Buffer.from("one"));
  expect(fresh.size("a", "1")).toBe(3);
  expect(fresh.size("b", "1")).toBeNull();
  expect(fresh.take("b", "1")).toBeNull();
  expect(fresh.take("a", "1")?.toString()).toBe("one");
  expect(fresh.take("a", "1")).toBeNull();
  expect(fresh.size("a", "1")).toBeNull();
});

test("never more bytes are held than the bound, and what is taken makes room", () => {
  const fresh = createFreshMail(10, () => 0);
  fresh.put("a", "1", Buffer.alloc(6));
  fresh.put("a", "2", Buffer.alloc(6));
  expect(fresh.size("a", "2")).toBeNull();
  fresh.take("a", "1");
  fresh.put("a", "2", Buffer.alloc(6));
  expect(fresh.size("a", "2")).toBe(6);
  fresh.put("a", "2", Buffer.alloc(10));
  expect(fresh.size("a", "2")).toBe(10);
});

test("what nobody opened in half a minute is let go", () => {
  let time = 0;
  const fresh = createFreshMail(10, () => time);
  fresh.put("a", "1", Buffer.alloc(10));
  time = 30_001;
  fresh.put("a", "2", Buffer.alloc(10));
  expect(fresh.size("a", "1")).toBeNull();
  expect(fresh.size("a", "2")).toBe(10);
});
