/** Tests of the rules for new keys: what excludes each other, and what "narrower" means, as a table and as properties. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { promise } from "../../test/promises.ts";
import { type Actor, type Scope, scopes } from "./actor.ts";
import { type KeyRequest, assertNarrower, assertScopesCompatible } from "./credential.ts";
import { Refusal } from "./refusal.ts";

const maker: Actor = {
  kind: "api_key",
  operator_id: "o",
  credential_id: "k",
  person_id: null,
  role: null,
  scopes: ["read", "send", "admin"],
  mailbox_ids: null,
  test: false,
  signed_in_at: null,
};
const person: Actor = { ...maker, kind: "person", person_id: "p", role: "owner" };
const wanted: KeyRequest = { scopes: ["read"], mailbox_ids: null, test: false, expires_at: null };

/** `code field` of the refusal, or null. */
function refused(by: Actor, ask: KeyRequest, makerExpiresAt: string | null = null): string | null {
  try {
    assertNarrower(by, makerExpiresAt, ask);
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.code} ${error.detail.field}`;
  }
}

const jan = "2030-01-01T00:00:00.000Z";
const feb = "2030-02-01T00:00:00.000Z";
const same: Scope[] = ["read", "send", "admin"];

describe("a key by a key", () => {
  it.each<[string, Partial<Actor>, string | null, Partial<KeyRequest>, string | null]>([
    ["fewer scopes", {}, null, { scopes: ["read", "send"] }, null],
    ["no scope at all", {}, null, { scopes: [] }, null],
    ["the same scopes for one mailbox", {}, null, { scopes: same, mailbox_ids: ["m"] }, null],
    ["the same scopes as a test key", {}, null, { scopes: same, test: true }, null],
    ["the same in everything", {}, null, { scopes: same }, "key_not_narrower scopes"],
    ["a scope it lacks", {}, null, { scopes: ["audit"] }, "key_not_narrower scopes"],
    [
      "another scope in exchange",
      {},
      null,
      { scopes: ["read", "audit"] },
      "key_not_narrower scopes",
    ],
    [
      "oversight for itself",
      {},
      null,
      { scopes: ["read", "oversight"] },
      "key_not_narrower scopes",
    ],
    [
      "send with oversight",
      {},
      null,
      { scopes: ["send", "oversight"] },
      "scopes_exclude_each_other scopes",
    ],
    [
      "all mailboxes of a bound one",
      { mailbox_ids: ["m"] },
      null,
      {},
      "key_not_narrower mailbox_ids",
    ],
    [
      "a mailbox that is not its own",
      { mailbox_ids: ["m"] },
      null,
      { mailbox_ids: ["m", "n"] },
      "key_not_narrower mailbox_ids",
    ],
    [
      "one of its mailboxes",
      { mailbox_ids: ["m", "n"] },
      null,
      { scopes: same, mailbox_ids: ["m"] },
      null,
    ],
    [
      "all of its mailboxes",
      { mailbox_ids: ["m", "n"] },
      null,
      { scopes: same, mailbox_ids: ["n", "m"] },
      "key_not_narrower scopes",
    ],
    [
      "a live key of a test key",
      { test: true },
      null,
      { scopes: ["read"] },
      "key_not_narrower test",
    ],
    ["a test key of a test key", { test: true }, null, { scopes: ["read"], test: true }, null],
    [
      "as wide as a test key",
      { test: true },
      null,
      { scopes: same, test: true },
      "key_not_narrower scopes",
    ],
    ["no end where it has one", {}, jan, {}, "key_not_narrower expires_at"],
    ["a later end", {}, jan, { expires_at: feb }, "key_not_narrower expires_at"],
    ["the same end", {}, jan, { expires_at: jan }, null],
    [
      "an earlier end and nothing else less",
      {},
      feb,
      { scopes: same, expires_at: jan },
      "key_not_narrower scopes",
    ],
    ["an end of its own", {}, null, { expires_at: jan }, null],
  ])("%s", (_name, by, expires, ask, expected) => {
    expect(refused({ ...maker, ...by }, { ...wanted, ...ask }, expires)).toBe(expected);
  });
});

it("a person may make any single key, but not one with send and oversight", () => {
  for (const scope of scopes) expect(refused(person, { ...wanted, scopes: [scope] })).toBeNull();
  expect(refused(person, { ...wanted, scopes: ["oversight", "send"] })).toBe(
    "scopes_exclude_each_other scopes",
  );
});

it("only send with oversight exclude each other", () => {
  fc.assert(
    fc.property(fc.subarray([...scopes]), (list) => {
      const both = list.includes("send") && list.includes("oversight");
      const check = (): void => assertScopesCompatible(list);
      if (both) expect(check).toThrow(Refusal);
      else expect(check).not.toThrow();
    }),
  );
});

const request = fc.record({
  scopes: fc.subarray([...scopes]),
  mailbox_ids: fc.option(fc.subarray(["m", "n", "o"])),
  test: fc.boolean(),
  expires_at: fc.option(fc.constantFrom(jan, feb)),
});

it(promise("keys.only-narrower"), () => {
  let made = 0;
  fc.assert(
    fc.property(request, request, (held, ask) => {
      const by = { ...maker, scopes: held.scopes, mailbox_ids: held.mailbox_ids, test: held.test };
      if (refused(by, ask, held.expires_at) !== null) return;
      made++;
      expect(held.scopes).toEqual(expect.arrayContaining([...ask.scopes]));
      if (held.mailbox_ids !== null) {
        expect(ask.mailbox_ids).not.toBeNull();
        expect(held.mailbox_ids).toEqual(expect.arrayContaining(ask.mailbox_ids ?? []));
      }
      expect(ask.test || !held.test).toBe(true);
      if (held.expires_at !== null)
        expect(ask.expires_at ?? "9").toSatisfy((at: string) => at <= (held.expires_at ?? ""));
      // Strictly: its maker could not be made by it.
      const back: Actor = {
        ...by,
        scopes: ask.scopes,
        mailbox_ids: ask.mailbox_ids,
        test: ask.test,
      };
      expect(refused(back, held, ask.expires_at)).not.toBeNull();
    }),
    { numRuns: 5000 },
  );
  expect(made).toBeGreaterThan(100);
});
