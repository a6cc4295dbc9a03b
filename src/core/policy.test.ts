/** What must hold of standing policies whatever the rules and messages: properties, and the rules' plain cases. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { promise } from "../../test/promises.ts";
import {
  type Policy,
  type PolicyDecision,
  decide,
  inOrder,
  isNoLooser,
  loosens,
  policyOutcomes,
} from "./policy.ts";
import { type PolicyFacts, meets } from "./policy-match.ts";

const noon = new Date("2026-03-04T12:00:00Z");
const later = new Date("2026-03-05T12:00:00Z");
const runs = { numRuns: 1000 };

const facts = (more: Partial<PolicyFacts> = {}): PolicyFacts => ({
  direction: "outbound",
  recipients: [{ address: "ada@example.com", known: true }],
  has_attachment: false,
  has_link: false,
  size_bytes: 100,
  tags: {},
  screening: { verdict: "pass", families: [] },
  at: noon,
  ...more,
});

const rule = (more: Partial<Policy> = {}): Policy => ({
  policy_id: "p1",
  mailbox_id: "",
  position: 10,
  name: "A rule",
  match: {},
  outcome: "hold",
  required: null,
  expires_at: null,
  ...more,
});

const anyAddress = fc.constantFrom("ada@a.example", "bo@a.example", "cy@b.example");
const anyKnown = fc.constantFrom(true, false, null);
const anyFacts: fc.Arbitrary<PolicyFacts> = fc.record({
  direction: fc.constantFrom("outbound" as const, "outbound" as const, "inbound" as const),
  recipients: fc.array(fc.record({ address: anyAddress, known: anyKnown }), { maxLength: 3 }),
  has_attachment: fc.boolean(),
  has_link: anyKnown,
  size_bytes: fc.option(fc.nat(300)),
  tags: fc.dictionary(fc.constantFrom("team", "kind"), fc.constantFrom("a", "b")),
  screening: fc.record({
    verdict: fc.option(fc.constantFrom("pass" as const, "review" as const, "block" as const)),
    families: fc.option(fc.array(fc.constantFrom("cards", "secrets"), { maxLength: 2 })),
  }),
  at: fc.date({ min: new Date("2026-01-01"), max: new Date("2026-12-31"), noInvalidDate: true }),
});

const anyTime = fc.record(
  {
    days: fc.array(fc.constantFrom("mon", "tue", "sat", "noday"), { minLength: 1, maxLength: 3 }),
    from: fc.constantFrom("08:00", "22:00", "25:00"),
    to: fc.constantFrom("06:00", "18:00", "24:00"),
    time_zone: fc.constantFrom("UTC", "Europe/Berlin", "Nowhere/City"),
  },
  { requiredKeys: ["time_zone"] },
);
const anyMatch = fc.record(
  {
    recipients: fc.array(fc.constantFrom("*@a.example", "cy@b.example"), { maxLength: 2 }),
    direction: fc.constantFrom("outbound", "inbound", "sideways"),
    recipient_known: fc.constantFrom<unknown>(true, false, "maybe"),
    has_attachment: fc.boolean(),
    has_link: fc.boolean(),
    size_over_bytes: fc.constantFrom<unknown>(50, 150, "big"),
    tags: fc.array(fc.constantFrom("team", "kind=a"), { maxLength: 2 }),
    screening: fc.array(fc.constantFrom("pass", "review", "cards"), { maxLength: 2 }),
    time: anyTime,
    colour: fc.constant("blue"),
  },
  { requiredKeys: [] },
);
const anyRule = (outcomes: readonly string[]): fc.Arbitrary<Omit<Policy, "policy_id">> =>
  fc.record({
    mailbox_id: fc.constantFrom("", "box"),
    position: fc.nat(5),
    name: fc.constant("A rule"),
    match: fc.oneof({ weight: 3, arbitrary: anyMatch }, { weight: 1, arbitrary: fc.constant({}) }),
    outcome: fc.constantFrom(...outcomes),
    required: fc.option(fc.integer({ min: 1, max: 5 })),
    expires_at: fc.option(
      fc.date({ min: new Date("2026-01-01"), max: new Date("2027-06-01"), noInvalidDate: true }),
    ),
  });
const numbered = (rules: readonly Omit<Policy, "policy_id">[]): Policy[] =>
  inOrder(rules.map((one, i) => ({ ...one, policy_id: `p${i}` })));
const anyRules = fc.array(anyRule([...policyOutcomes, "praise"]), { maxLength: 5 }).map(numbered);

/** Another list: some rules gone, moved or shortened, some new ones between them. */
const anyChange = fc
  .tuple(
    anyRules,
    fc.array(anyRule(policyOutcomes), { maxLength: 2 }),
    fc.array(
      fc.record({
        keep: fc.integer({ min: 0, max: 9 }),
        position: fc.option(fc.nat(5)),
        expires_at: fc.option(
          fc.date({
            min: new Date("2026-01-01"),
            max: new Date("2027-06-01"),
            noInvalidDate: true,
          }),
        ),
      }),
      { minLength: 5, maxLength: 5 },
    ),
  )
  .map(([before, added, changes]) => {
    const kept = before.flatMap((one, i) => {
      const change = changes[i];
      if (change === undefined || change.keep === 0) return change === undefined ? [one] : [];
      return [
        {
          ...one,
          position: change.position ?? one.position,
          expires_at: change.keep === 1 ? change.expires_at : one.expires_at,
        },
      ];
    });
    const fresh = added.map((one, i) => ({ ...one, policy_id: `q${i}` }));
    return { before, after: inOrder([...kept, ...fresh]) };
  });

describe("a change of rules", () => {
  it("that is not said to loosen lets no message fare better, whatever the rules and the message", () => {
    let tight = 0;
    fc.assert(
      fc.property(anyChange, anyFacts, ({ before, after }, message) => {
        if (loosens(before, after)) return;
        tight++;
        expect(isNoLooser(decide(before, message), decide(after, message))).toBe(true);
      }),
      { numRuns: 1500 },
    );
    expect(tight, "many changes only tighten").toBeGreaterThan(100);
  });

  it("that puts a tightening rule on top never loosens, unless it shields from a stricter one, and then it says so", () => {
    fc.assert(
      fc.property(
        anyRules,
        anyRule(["hold", "block", "quorum", "passkey"]),
        anyFacts,
        (before, added, message) => {
          const after = [{ ...added, policy_id: "top", position: -1 }, ...before];
          const looser = !isNoLooser(decide(before, message), decide(after, message));
          if (added.outcome === "block") expect(looser).toBe(false);
          if (looser) expect(loosens(before, after)).toBe(true);
        },
      ),
      runs,
    );
  });

  it("that adds an allow, takes a tightening rule away, or puts a hold before a block loosens", () => {
    const block = rule({ policy_id: "b", outcome: "block" });
    const hold = rule({ policy_id: "h" });
    const allow = rule({ policy_id: "a", outcome: "allow", expires_at: noon });
    expect(loosens([], [allow])).toBe(true);
    expect(loosens([block], [])).toBe(true);
    expect(loosens([block], [hold, block])).toBe(true);
    expect(loosens([hold, block], [block, hold])).toBe(false);
    expect(loosens([allow, block], [block])).toBe(false);
    expect(loosens([block, allow], [allow, block])).toBe(true);
    expect(loosens([block], [{ ...block, expires_at: noon }])).toBe(true);
    expect(loosens([hold], [rule({ policy_id: "q", outcome: "quorum", required: 2 }), hold])).toBe(
      false,
    );
    const inbound = rule({ policy_id: "i", match: { direction: "inbound" } });
    expect(loosens([block], [inbound, block])).toBe(false);
    expect(loosens([inbound, block], [block])).toBe(true);
    const other = rule({ policy_id: "o", mailbox_id: "one", outcome: "block" });
    expect(loosens([other], [rule({ policy_id: "h", mailbox_id: "two" }), other])).toBe(false);
  });
});

describe("decide", () => {
  it(promise("policy.expired-never-lets-through"), () => {
    fc.assert(
      fc.property(anyRules, anyFacts, (rules, message) => {
        const said = decide(rules, message);
        if (!said.allowlisted) return;
        expect(said.policy?.outcome).toBe("allow");
        expect(said.policy?.expires_at?.getTime()).toBeGreaterThan(message.at.getTime());
      }),
      runs,
    );
    const allow = rule({ outcome: "allow", expires_at: noon });
    expect(decide([allow], facts({ at: new Date(noon.getTime() - 1) })).allowlisted).toBe(true);
    expect(decide([allow], facts())).toMatchObject({ allowlisted: false, policy: null });
    const endless = { ...allow, expires_at: null };
    expect(decide([endless], facts())).toMatchObject({ allowlisted: false, policy: null });
  });

  it("takes the first rule that meets the message, and the mode's default where none does", () => {
    const hold = rule({ policy_id: "h", match: { recipients: ["*@legal.example"] } });
    const allow = rule({
      policy_id: "a",
      outcome: "allow",
      match: { recipients: ["*@example.com"] },
      expires_at: later,
    });
    const of = (said: PolicyDecision): unknown => [said.policy?.policy_id, said.verdict];
    expect(of(decide([allow, rule()], facts()))).toEqual(["a", "pass"]);
    expect(of(decide([rule(), allow], facts()))).toEqual(["p1", "review"]);
    expect(of(decide([hold, allow], facts()))).toEqual(["a", "pass"]);
    expect(decide([hold], facts())).toEqual({
      policy: null,
      verdict: "pass",
      allowlisted: false,
      required: 1,
      passkey: false,
    });
  });

  it("asks for what the outcome says, and holds for an outcome that nobody knows", () => {
    const of = (more: Partial<Policy>): unknown => {
      const { verdict, required, passkey } = decide([rule(more)], facts());
      return [verdict, required, passkey];
    };
    expect(of({ outcome: "hold" })).toEqual(["review", 1, false]);
    expect(of({ outcome: "block" })).toEqual(["block", 1, false]);
    expect(of({ outcome: "quorum", required: 3 })).toEqual(["review", 3, false]);
    expect(of({ outcome: "quorum", required: null })).toEqual(["review", 5, false]);
    expect(of({ outcome: "passkey" })).toEqual(["review", 1, true]);
    expect(of({ outcome: "waive" })).toEqual(["review", 1, false]);
  });

  it("counts what it cannot read against the message: for a hold, not for an allow, and beside what comes after", () => {
    for (const match of [
      { colour: "blue" },
      { recipients: "everybody" },
      { recipients: [] },
      { recipients: [3] },
      { has_link: "yes" },
      { time: { time_zone: "Nowhere/City" } },
      { time: { time_zone: "UTC", from: "9" } },
      { direction: "sideways" },
    ] as Policy["match"][]) {
      const odd = JSON.stringify(match);
      expect(decide([rule({ match })], facts()).verdict, odd).toBe("review");
      const odder = rule({ match, outcome: "allow", expires_at: later });
      expect(decide([odder], facts()).allowlisted, odd).toBe(false);
      const block = rule({ policy_id: "b", outcome: "block" });
      expect(decide([rule({ match }), block], facts()).verdict, odd).toBe("block");
      const allow = rule({ policy_id: "a", outcome: "allow", expires_at: later });
      expect(decide([rule({ match }), allow], facts()), odd).toMatchObject({
        verdict: "review",
        allowlisted: false,
      });
    }
    expect(meets([] as never, facts(), "any")).toBeNull();
    // What is surely not met needs no other condition to be read.
    expect(meets({ colour: "blue", has_attachment: true }, facts(), "any")).toBe(false);
  });
});

describe("conditions", () => {
  const two = facts({
    recipients: [
      { address: "ada@example.com", known: true },
      { address: "bo@other.example", known: false },
    ],
  });

  it("of recipients: one is enough to tighten, all have to fit to loosen, and both conditions are of the same recipient", () => {
    const match = { recipients: ["*@Example.com"] };
    expect([meets(match, two, "any"), meets(match, two, "every")]).toEqual([true, false]);
    expect(meets({ recipient_known: false }, two, "any")).toBe(true);
    expect(meets({ recipient_known: true }, two, "every")).toBe(false);
    expect(meets({ ...match, recipient_known: false }, two, "any")).toBe(false);
    const nobody = facts({ recipients: [] });
    expect([meets(match, nobody, "any"), meets(match, nobody, "every")]).toEqual([null, false]);
    const unsure = facts({ recipients: [{ address: "ada@example.com", known: null }] });
    expect(meets({ recipient_known: false }, unsure, "any")).toBeNull();
  });

  it("of content, size, tags and the scan", () => {
    const message = facts({
      has_attachment: true,
      has_link: true,
      tags: { team: "legal", kind: "x" },
      screening: { verdict: "review", families: ["cards", "secrets"] },
    });
    const met = (match: object, quantity: "any" | "every" = "any"): unknown =>
      meets(match as Policy["match"], message, quantity);
    expect([met({ has_attachment: true }), met({ has_attachment: false })]).toEqual([true, false]);
    expect([met({ has_link: true }), met({ has_link: false })]).toEqual([true, false]);
    expect([met({ size_over_bytes: 99 }), met({ size_over_bytes: 100 })]).toEqual([true, false]);
    expect([met({ tags: ["team=legal"] }), met({ tags: ["team=sales"] })]).toEqual([true, false]);
    expect(met({ tags: ["team", "none"] })).toBe(true);
    expect(met({ tags: ["team", "none"] }, "every")).toBe(false);
    expect(met({ tags: ["toString"] })).toBe(false);
    expect([met({ screening: ["review"] }), met({ screening: ["pass"] })]).toEqual([true, false]);
    expect(met({ screening: ["cards"] })).toBe(true);
    expect(met({ screening: ["cards"] }, "every")).toBe(false);
    expect(met({ screening: ["cards", "secrets"] }, "every")).toBe(true);
    expect(meets({ has_link: false }, facts({ has_link: null }), "any")).toBeNull();
    expect(meets({ size_over_bytes: 1 }, facts({ size_bytes: null }), "any")).toBeNull();
  });

  it.each([
    ["2026-03-04T12:00:00Z", { days: ["wed"], time_zone: "UTC" }, true],
    ["2026-03-04T12:00:00Z", { days: ["tue"], time_zone: "UTC" }, false],
    ["2026-03-04T23:30:00Z", { days: ["thu"], time_zone: "Europe/Berlin" }, true],
    ["2026-03-04T08:00:00Z", { from: "09:00", to: "17:00", time_zone: "Europe/Berlin" }, true],
    ["2026-07-04T07:00:00Z", { from: "09:00", to: "17:00", time_zone: "Europe/Berlin" }, true],
    ["2026-03-04T16:00:00Z", { from: "09:00", to: "17:00", time_zone: "Europe/Berlin" }, false],
    ["2026-03-04T23:00:00Z", { from: "22:00", to: "06:00", time_zone: "UTC" }, true],
    ["2026-03-05T05:59:00Z", { from: "22:00", to: "06:00", days: ["wed"], time_zone: "UTC" }, true],
    [
      "2026-03-05T23:00:00Z",
      { from: "22:00", to: "06:00", days: ["wed"], time_zone: "UTC" },
      false,
    ],
    ["2026-03-05T06:00:00Z", { from: "22:00", to: "06:00", time_zone: "UTC" }, false],
    ["2026-03-04T00:00:00Z", { to: "24:00", time_zone: "UTC" }, true],
    ["2026-03-04T00:00:00Z", { from: "09:00", to: "09:00", time_zone: "UTC" }, null],
    ["2026-03-04T00:00:00Z", { days: ["someday"], time_zone: "UTC" }, null],
  ])("of time: at %s, %j is met: %s", (at, time, expected) => {
    expect(meets({ time }, facts({ at: new Date(at) }), "any")).toBe(expected);
  });
});
