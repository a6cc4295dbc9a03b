/** Standing policies in words: what a person reads before a rule of a key is let through. */
import { describe, expect, it } from "vitest";
import { policySentence } from "./policy-words.ts";

const sentence = (match: object, outcome = "hold", required: number | null = null): string =>
  policySentence({ match: match as Record<string, unknown>, outcome, required }, "box@x.example");

describe("a rule in words", () => {
  it.each([
    [{}, "hold", "Hold mail of box@x.example whatever it is for a decision"],
    [
      { recipients: ["a@b.example", "*@c.example"] },
      "hold",
      "Hold mail of box@x.example to anybody of a@b.example or *@c.example for a decision",
    ],
    [
      {
        time: { time_zone: "UTC", days: ["sat", "sun"], from: "09:00" },
        recipients: ["*@c.example"],
      },
      "block",
      "Block mail of box@x.example to anybody of *@c.example, on Saturday or Sunday from 09:00 to 24:00 (UTC)",
    ],
    [
      { recipients: ["*@c.example"], tags: ["a", "b=c"], has_link: false },
      "allow",
      "Let mail of box@x.example to nobody but *@c.example, without links, tagged a and b=c leave without anybody looking at it",
    ],
    [
      { direction: "inbound", recipient_known: false, has_attachment: true },
      "hold",
      "Hold mail received by box@x.example from people it never wrote to, with an attachment for a decision",
    ],
    [
      { size_over_bytes: 5 },
      "passkey",
      "Hold mail of box@x.example of more than 5 bytes for an approval by passkey",
    ],
  ])("%j to %s is: %s", (match, outcome, words) => {
    expect(sentence(match, outcome)).toBe(words);
  });

  it("says how many approvals, leaves out no condition, and no recipient", () => {
    expect(sentence({ screening: ["review"] }, "quorum", 3)).toBe(
      "Hold mail of box@x.example in which the scan says or finds review for 3 approvals",
    );
    expect(sentence({ colour: "blue" })).toContain("with colour");
    const many = Array.from({ length: 100 }, (_, i) => `r${i}@x.example`);
    const words = sentence({ recipients: many }, "allow");
    for (const one of many) expect(words).toContain(one);
  });
});
