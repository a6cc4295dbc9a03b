/** What the pace of a mailbox promises: only messages count, none of one source shuts it, and the next minute begins anew. */
import { expect, test } from "vitest";
import { MailboxPace } from "./mailbox-pace.ts";

const [victim, one, two, three] = ["a@ours.test", "192.0.2.1", "192.0.2.2", "192.0.2.3"];

function pace(most: number): { book: MailboxPace; pass(ms: number): void } {
  let now = 1_800_000_000_000;
  return { book: new MailboxPace(most, () => new Date(now)), pass: (ms) => void (now += ms) };
}

test("asking counts nothing", () => {
  const { book } = pace(2);
  for (let i = 0; i < 100; i++) expect(book.hasRoom(victim, one)).toBe(true);
});

test("one source has half of what a mailbox takes, and all sources together have all of it", () => {
  const { book } = pace(4);
  for (const source of [one, two]) {
    for (let i = 0; i < 2; i++) {
      expect(book.hasRoom(victim, source)).toBe(true);
      book.count([victim], source);
    }
    expect(book.hasRoom(victim, source)).toBe(false);
  }
  expect(book.hasRoom(victim, three)).toBe(false);
  expect(book.hasRoom("b@ours.test", one)).toBe(true);
});

test("a message to several addresses of one mailbox is one, and all its addresses share one allowance", () => {
  const { book } = pace(4);
  book.count(["A@ours.test", "a+x@ours.test", "a+y@ours.test"], one);
  expect(book.hasRoom(victim, one)).toBe(true);
  book.count(["a+z@ours.test"], one);
  expect(book.hasRoom("a+other@ours.test", one)).toBe(false);
});

test("after a minute it begins anew", () => {
  const { book, pass } = pace(2);
  book.count([victim], one);
  pass(59_999);
  expect(book.hasRoom(victim, one)).toBe(false);
  pass(1);
  expect(book.hasRoom(victim, one)).toBe(true);
});

test("mailboxes without end are not remembered without end", () => {
  const { book } = pace(2);
  book.count([victim], one);
  for (let i = 0; i < 20_000; i++) book.count([`x${i}@ours.test`], one);
  expect(book.hasRoom(victim, one)).toBe(true);
  expect(book.hasRoom("x19999@ours.test", one)).toBe(false);
});
